"""Layers of the stem transformer: attention along time, attention across tracks, perceptrons."""

from __future__ import annotations

import math

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from msgld.diffusion.denoise import TrackTokens
from msgld.nets.convnext import zeroed

Rotation = tuple[Float[Tensor, "T half"], Float[Tensor, "T half"]]
"""Cosines and sines of rotary positions."""

Tokens = Float[Tensor, "items tokens width"]
Heads = Float[Tensor, "items heads tokens size"]
Shift = Float[Tensor, "B #K T width"] | int
"""What is added to the normalised tokens of a perceptron; 0 is nothing."""


def rotation(frames: int, size: int, device: torch.device) -> Rotation:
    """Cosines, sines (T, size / 2) of rotary positions (Su et al. 2021, eq. 34), 6 to 1000 frames a turn."""
    rates = torch.logspace(0, -2.2, size // 2, device=device)
    angles = torch.arange(frames, device=device).unsqueeze(1) * rates
    return angles.cos(), angles.sin()


def nearby(frames: int, attention_window: int | None, device: torch.device) -> Bool[Tensor, "T T"] | None:
    """The frames that each frame sees: bool (T, T), or None where it sees all."""
    if attention_window is None or frames <= attention_window + 1:
        return None
    place = torch.arange(frames, device=device)
    return (place[:, None] - place).abs() <= attention_window


def rotate(
    x: Float[Tensor, "*B T D"], cos: Float[Tensor, "T half"], sin: Float[Tensor, "T half"]
) -> Float[Tensor, "*B T D"]:
    """Rotate the first dimensions of heads by their position and leave the others as they are."""
    half = cos.shape[-1]
    a, b, rest = x.split([half, half, x.shape[-1] - 2 * half], dim=-1)
    cos, sin = cos.to(x.dtype), sin.to(x.dtype)
    return torch.cat([a * cos - b * sin, a * sin + b * cos, rest], dim=-1)


FEW = 16
"""So few tokens attend to each other faster by two products of matrices than by a fused kernel with its large tiles."""


def attend(q: Heads, k: Heads, v: Heads, mask: Bool[Tensor, "..."] | None = None) -> Heads:
    """Attention (Vaswani et al. 2017, eq. 1) of heads; ``mask`` is True for tokens that are seen.

    On a CPU the fused kernel saves memory but is slow backwards, where plain products take half its time.
    """
    if q.shape[-2] > FEW and (q.device.type != "cpu" or not q.requires_grad):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    scores = (q / math.sqrt(q.shape[-1])) @ k.transpose(-1, -2)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return scores.softmax(-1).to(v.dtype) @ v


class Attention(nn.Module):
    """Multi-head attention over the last but one axis."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = zeroed(nn.Linear(width, width, bias=False))

    def forward(
        self, x: Tokens, positions: Rotation | None = None, mask: Bool[Tensor, "..."] | None = None
    ) -> Tokens:
        """Attend.

        Args:
            x: tokens.
            positions: for rotary attention.
            mask: True for tokens that are seen, broadcast to (items, heads, tokens, tokens).
        """
        q, k, v = rearrange(self.qkv(self.norm(x)), "n s (three h d) -> three n h s d", three=3, h=self.heads)
        if positions is not None:
            q, k = rotate(q, *positions), rotate(k, *positions)
        return self.out(rearrange(attend(q, k, v, mask), "n h s d -> n s (h d)"))


class Perceptron(nn.Module):
    """Two layers on each token; its output begins at 0."""

    def __init__(self, width: int, expansion: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.up = nn.Linear(width, expansion * width)
        self.down = nn.Linear(expansion * width, width)
        nn.init.zeros_(self.down.weight)

    def forward(
        self, x: Float[Tensor, "*items width"], shift: Float[Tensor, "*others width"] | int = 0
    ) -> Float[Tensor, "*items width"]:
        """``shift`` is added to the normalised tokens."""
        return self.down(F.gelu(self.up(self.norm(x) + shift), approximate="tanh"))


class TrackBlock(nn.Module):
    """Attention along time, attention across tracks, and a perceptron, each added to its input."""

    def __init__(self, width: int, heads: int, expansion: int) -> None:
        super().__init__()
        self.along_time = Attention(width, heads)
        self.across_tracks = Attention(width, heads)
        self.perceptron = Perceptron(width, expansion)

    def forward(
        self,
        x: TrackTokens,
        positions: Rotation,
        near: Bool[Tensor, "T T"] | None,
        mask: Bool[Tensor, "BT 1 1 K"] | None,
        shift: Shift = 0,
    ) -> TrackTokens:
        """Mix the tokens of all tracks.

        Args:
            x: a token for each frame of each track.
            positions: from :func:`rotation`.
            near: from :func:`nearby`.
            mask: True for the tracks that are seen at each frame.
            shift: for the perceptron.
        """
        batch, tracks, _, _ = x.shape
        x = x + self.along_time(x.flatten(0, 1), positions, near).unflatten(0, (batch, tracks))
        columns = rearrange(x, "b k t d -> (b t) k d")
        x = x + rearrange(self.across_tracks(columns, mask=mask), "(b t) k d -> b k t d", b=batch)
        return x + self.perceptron(x, shift)
