"""The stem transformer: a token for each (track, frame), attention along time and across tracks."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as F


@dataclass(frozen=True)
class TransformerConfig:
    """Size of the network. ``tracks`` are the stems and the mixture, the mixture last."""

    tracks: int = 6
    channels: int = 128
    bands: int = 128
    frame_columns: int = 4
    width: int = 384
    depth: int = 6
    heads: int = 6
    expansion: int = 4


def level_features(levels: Tensor, size: int) -> Tensor:
    """Fourier features of levels (...) -> (..., size): half sines, half cosines, 1/4 to 16 periods over [0, 1]."""
    periods = torch.logspace(-2, 4, size // 2, base=2.0, device=levels.device)
    angles = 2 * math.pi * periods * levels.unsqueeze(-1)
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


def rotation(frames: int, size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosines and sines (T, size / 2) of rotary positions (Su et al. 2021, eq. 34), wavelengths 6 to 1000 frames."""
    rates = torch.logspace(0, -2.2, size // 2, device=device)
    angles = torch.arange(frames, device=device).unsqueeze(1) * rates
    return angles.cos(), angles.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate the first dimensions of heads (..., T, D) by their position and leave the others as they are."""
    half = cos.shape[-1]
    a, b, rest = x.split([half, half, x.shape[-1] - 2 * half], dim=-1)
    cos, sin = cos.to(x.dtype), sin.to(x.dtype)
    return torch.cat([a * cos - b * sin, a * sin + b * cos, rest], dim=-1)


class Attention(nn.Module):
    """Multi-head attention over the last but one axis of (..., S, width)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        nn.init.zeros_(self.out.weight)

    def forward(self, x: Tensor, positions: tuple[Tensor, Tensor] | None = None, mask: Tensor | None = None) -> Tensor:
        """x (N, S, width); ``positions`` for rotary attention; ``mask`` bool (N, 1, 1, S), True = may be seen."""
        q, k, v = rearrange(self.qkv(self.norm(x)), "n s (three h d) -> three n h s d", three=3, h=self.heads)
        if positions is not None:
            q, k = rotate(q, *positions), rotate(k, *positions)
        heads = F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
        return self.out(rearrange(heads, "n h s d -> n s (h d)"))


class Block(nn.Module):
    """Attention along time, attention across tracks, and a two-layer perceptron, each added to its input."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        hidden = config.expansion * config.width
        self.along_time = Attention(config.width, config.heads)
        self.across_tracks = Attention(config.width, config.heads)
        self.norm = nn.LayerNorm(config.width)
        self.up = nn.Linear(config.width, hidden)
        self.down = nn.Linear(hidden, config.width)
        nn.init.zeros_(self.down.weight)

    def forward(self, x: Tensor, positions: tuple[Tensor, Tensor], mask: Tensor | None) -> Tensor:
        """x (B, K, T, width)."""
        batch, tracks, frames, _ = x.shape
        x = x + self.along_time(x.flatten(0, 1), positions).unflatten(0, (batch, tracks))
        columns = rearrange(x, "b k t d -> (b t) k d")
        x = x + rearrange(self.across_tracks(columns, mask=mask), "(b t) k d -> b k t d", b=batch)
        return x + self.down(F.gelu(self.up(self.norm(x)), approximate="tanh"))


class StemTransformer(nn.Module):
    """Predicts -v of every track and, of every stem, its share of the mixture.

    Conditioning is by addition to the token: which stem it is, and the level of the frame.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.inward = nn.Linear(config.channels, width)
        self.track = nn.Embedding(config.tracks, width)
        self.level = nn.Sequential(nn.Linear(64, width), nn.SiLU(), nn.Linear(width, width))
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(width)
        self.outward = nn.Linear(width, config.channels)
        self.shares = nn.Linear(width, config.bands * config.frame_columns)
        nn.init.normal_(self.track.weight, std=0.5)
        nn.init.zeros_(self.outward.weight)
        nn.init.zeros_(self.shares.weight)

    def forward(self, z: Tensor, levels: Tensor, presence: Tensor) -> tuple[Tensor, Tensor]:
        """Correct linear estimates.

        Args:
            z: (B, K, C, T). levels: (B, K, T). presence: bool (B, K).

        Returns:
            -v (B, K, C, T) and shares of the mixture (B, K - 1, M, N), which sum to 1 over the present stems.
        """
        x = self.inward(z.transpose(2, 3)) + self.level(level_features(levels, 64))
        x = x + self.track.weight[:, None]
        mask = None if presence.all() else presence[:, None].expand(-1, x.shape[2], -1).flatten(0, 1)[:, None, None]
        positions = rotation(x.shape[2], self.config.width // self.config.heads // 2, x.device)
        for block in self.blocks:
            x = block(x, positions, mask)
        x = self.norm(x)
        return self.outward(x).transpose(2, 3).float(), self._shares(x[:, :-1], presence[:, :-1])

    def _shares(self, stems: Tensor, presence: Tensor) -> Tensor:
        scores = rearrange(self.shares(stems).float(), "b k t (m n) -> b k m (t n)", n=self.config.frame_columns)
        return scores.masked_fill(~presence[:, :, None, None], -1e4).softmax(1)

    def settings(self) -> dict:
        """What a checkpoint's JSON says of this network."""
        return {"kind": "stem-transformer", **asdict(self.config)}
