"""The stem transformer: a token for each frame of each track, with attention along time and across tracks."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as F

from msgld.diffusion.denoise import StemNetwork
from msgld.diffusion.noise_map import Conditioning
from msgld.registry import register
from msgld.schema import Between, Depth, Grid, Size, Style, Tracks, same


@dataclass(frozen=True)
class TransformerConfig:
    """Size of the network.

    Attributes:
        tracks: the stems and the mixture, the mixture last.
        channels: C, numbers in a latent frame.
        bands: M, mel bands of the masks.
        frame_columns: N / T, mask columns in a latent frame.
        width: of the tokens.
        depth: number of blocks.
        heads: attention heads in a block.
        expansion: hidden width of the perceptrons relative to the width.
        attention_window: frames on either side that a token attends to along time; None for all frames. With a
            window the answer for a frame depends on its neighbourhood and not on the length of the input, so that
            long songs can be joined from pieces. The receptive field is the window times the depth.
        frame_features: features of a frame in the :class:`Conditioning`; 0 for a network without conditions.
        programs: programs of a stem in the :class:`Conditioning`; 0 for a network without conditions.
        conditioning_width: hidden width of the condition embedding.
        styles: names of the styles that it was trained on.
    """

    tracks: Tracks = 6
    channels: Size = 128
    bands: Size = 128
    frame_columns: Size = 4
    width: Size = 320
    depth: Depth = 4
    heads: Size = 5
    expansion: Annotated[int, Between(1, 64)] = 4
    attention_window: Annotated[int, Between(1, 1_000_000)] | None = None
    frame_features: Annotated[int, Between(0, 8192)] = 0
    programs: Annotated[int, Between(0, 8192)] = 0
    conditioning_width: Size = 448
    styles: Style = ()

    def check(self) -> None:
        """Raise ValueError where the width is no multiple of the heads."""
        check_heads(self.width, self.heads)

    def check_fit(self, codec: Grid, stems: int) -> None:
        """Raise ValueError unless this network goes with a codec and so many stems."""
        same(
            tracks=(self.tracks, stems + 1),
            channels=(self.channels, codec.channels),
            bands=(self.bands, codec.mel.bands),
            frame_columns=(self.frame_columns, codec.frame_columns),
        )


def check_heads(width: int, heads: int) -> None:
    """Raise ValueError where a width cannot be divided among heads."""
    if width % heads:
        raise ValueError(f"a width of {width} cannot be divided among {heads} heads")


LEVEL_FEATURES = 32
"""Numbers that describe a level to the network."""


def level_features(levels: Tensor, size: int) -> Tensor:
    """Fourier features of levels (...) -> (..., size): sines and cosines of 1/4 to 16 periods over [0, 1]."""
    periods = torch.logspace(-2, 4, size // 2, base=2.0, device=levels.device)
    angles = 2 * math.pi * periods * levels.unsqueeze(-1)
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


def rotation(frames: int, size: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Cosines, sines (T, size / 2) of rotary positions (Su et al. 2021, eq. 34), 6 to 1000 frames a turn."""
    rates = torch.logspace(0, -2.2, size // 2, device=device)
    angles = torch.arange(frames, device=device).unsqueeze(1) * rates
    return angles.cos(), angles.sin()


def nearby(frames: int, attention_window: int | None, device: torch.device) -> Tensor | None:
    """Which frames are seen by which: bool (T, T), or None where all are."""
    if attention_window is None or frames <= attention_window + 1:
        return None
    place = torch.arange(frames, device=device)
    return (place[:, None] - place).abs() <= attention_window


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate the first dimensions of heads (..., T, D) by their position and leave the others as they are."""
    half = cos.shape[-1]
    a, b, rest = x.split([half, half, x.shape[-1] - 2 * half], dim=-1)
    cos, sin = cos.to(x.dtype), sin.to(x.dtype)
    return torch.cat([a * cos - b * sin, a * sin + b * cos, rest], dim=-1)


FEW = 16
"""So few tokens attend to each other faster by two products of matrices than by a fused kernel with its large tiles."""


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """Attention (Vaswani et al. 2017, eq. 1) of heads (N, H, S, D); ``mask`` bool, True = is seen.

    On a CPU the fused kernel saves memory but is slow backwards, where plain products take half its time.
    """
    if q.shape[-2] > FEW and (q.device.type != "cpu" or not q.requires_grad):
        return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)
    scores = (q / math.sqrt(q.shape[-1])) @ k.transpose(-1, -2)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return scores.softmax(-1).to(v.dtype) @ v


class Attention(nn.Module):
    """Multi-head attention over the last but one axis of (..., S, width)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        nn.init.zeros_(self.out.weight)

    def forward(
        self, x: Tensor, positions: tuple[Tensor, Tensor] | None = None, mask: Tensor | None = None
    ) -> Tensor:
        """x (N, S, width); ``positions`` for rotary attention; ``mask`` bool, as (N, 1, S, S): what is seen."""
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

    def forward(self, x: Tensor, shift: Tensor | int = 0) -> Tensor:
        """x (..., width); ``shift`` is added to the normalised tokens."""
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
        x: Tensor,
        positions: tuple[Tensor, Tensor],
        near: Tensor | None,
        mask: Tensor | None,
        shift: Tensor | int = 0,
    ) -> Tensor:
        """x (B, K, T, width); ``near`` from :func:`nearby`, ``mask`` for the tracks, ``shift`` for the perceptron."""
        batch, tracks, _, _ = x.shape
        x = x + self.along_time(x.flatten(0, 1), positions, near).unflatten(0, (batch, tracks))
        columns = rearrange(x, "b k t d -> (b t) k d")
        x = x + rearrange(self.across_tracks(columns, mask=mask), "(b t) k d -> b k t d", b=batch)
        return x + self.perceptron(x, shift)


class ConditionEmbedding(nn.Module):
    """Embeds the conditions, for the first tokens and for the perceptrons of all blocks; zero before training.

    The tokens' norm grows from block to block, so an embedding that is added only at the start is soon drowned.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.frames = nn.Linear(config.frame_features, config.conditioning_width, bias=False)
        self.hidden = nn.Linear(config.conditioning_width, config.width, bias=False)
        self.ensemble = nn.Linear(config.programs, config.width, bias=False)
        self.programs = nn.Linear(config.programs, config.width, bias=False)
        self.deep = nn.Linear(config.width, config.width, bias=False)
        for layer in (self.hidden, self.ensemble, self.programs, self.deep):
            nn.init.zeros_(layer.weight)

    def forward(self, conditioning: Conditioning) -> tuple[Tensor, Tensor]:
        """Embeddings for the first tokens (B, 1, T, width) and for the perceptrons (B, K, T, width).

        A program is one stem's alone (bass programs are the bass's), so no table for each stem is needed.
        """
        piece = self.hidden(F.gelu(self.frames(conditioning.frames), approximate="tanh"))
        piece = (piece + self.ensemble(conditioning.programs.sum(1)).unsqueeze(1)).unsqueeze(1)
        own = F.pad(self.programs(conditioning.programs), (0, 0, 0, 1)).unsqueeze(2)
        return piece, own + self.deep(piece)


@register("denoiser", "stem-transformer", TransformerConfig)
class StemTransformer(StemNetwork):
    """Predicts -v of every track and, of every stem, its mask on the mixture.

    Each frame of each track enters with its level; which track it is, is in an embedding added to its token.
    """

    answers: ClassVar[tuple[str, ...]] = ("outward.weight", "gates.", "scores.weight")

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.inward = nn.Linear(config.channels + LEVEL_FEATURES, width)
        self.track = nn.Embedding(config.tracks, width)
        self.blocks = nn.ModuleList(
            TrackBlock(width, config.heads, config.expansion) for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(width)
        self.outward = nn.Linear(width, config.channels)
        self.gates = nn.Linear(width, 2 * config.channels)
        self.scores = nn.Linear(width, config.bands * config.frame_columns)
        self.readout = nn.Linear(config.channels, config.bands * config.frame_columns)
        self.conditioning = ConditionEmbedding(config) if config.frame_features else None
        nn.init.normal_(self.track.weight, std=0.5)
        for layer in (self.outward, self.gates, self.scores, self.readout):
            nn.init.zeros_(layer.weight)
        nn.init.zeros_(self.gates.bias)

    def forward(
        self, z: Tensor, levels: Tensor, presence: Tensor, conditioning: Conditioning | None = None
    ) -> tuple[Tensor, Tensor]:
        """Correct linear estimates.

        Args:
            z: (B, K, C, T). levels: (B, K, T). presence: bool (B, K).
            conditioning: for a network with conditions; None leaves all of them open.

        Returns:
            -v (B, K, C, T), and features of the tokens (B, K, T, width) for :meth:`masks`.
        """
        entering = torch.cat([z.transpose(2, 3), level_features(levels, LEVEL_FEATURES)], -1)
        x = self.inward(entering) + self.track.weight[:, None]
        shift: Tensor | int = 0
        if self.conditioning is not None and conditioning is not None:
            first, shift = self.conditioning(conditioning)
            x = x + first
        mask = None
        if not presence.all():
            mask = presence[:, None].expand(-1, x.shape[2], -1).flatten(0, 1)[:, None, None]
        positions = rotation(x.shape[2], self.config.width // self.config.heads // 2, x.device)
        near = nearby(x.shape[2], self.config.attention_window, x.device)
        for block in self.blocks:
            x = block(x, positions, near, mask, shift)
        x = self.norm(x)
        return self._correction(x, z, presence), x

    def _correction(self, x: Tensor, z: Tensor, presence: Tensor) -> Tensor:
        """-v (B, K, C, T) from the last tokens x (B, K, T, width).

        Gates weigh the track's own noisy latents and the mixture's, component by component: what is to be
        taken from them as it is need not pass through tokens, which are too narrow for all components.
        """
        own, mixture = self.gates(x).transpose(2, 3).float().chunk(2, 2)
        seen = z[:, -1:] * presence[:, -1, None, None, None]
        return self.outward(x).transpose(2, 3).float() + own * z + mixture * seen

    def masks(self, features: Tensor, z: Tensor, presence: Tensor) -> Tensor:
        """How the mixture divides among the stems.

        A softmax over log amplitudes is the ratio of amplitudes, so the scores begin as what the estimated
        latents decode to (``begin_with``) and the features correct them.

        Args:
            features: of all tokens (B, K, T, width). z: their estimated latents (B, K, C, T).

        Returns:
            (B, K - 1, M, N), sum 1 over the present stems.
        """
        scores = self.scores(features[:, :-1]) + self.readout(z[:, :-1].transpose(2, 3))
        scores = rearrange(scores.float(), "b k t (m n) -> b k m (t n)", n=self.config.frame_columns)
        return scores.masked_fill(~presence[:, :-1, None, None], -1e4).softmax(1)

    @property
    def tracks(self) -> int:
        """K: its stems and the mixture."""
        return self.config.tracks

    def fuse(self) -> None:
        """Compile the blocks, one program for all of them and each shape."""
        for block in self.blocks:
            block.compile(dynamic=False)

    @torch.no_grad()
    def begin_with(self, basis: Tensor, scale: Tensor) -> None:
        """Start the masks as ratios of decoded amplitudes."""
        self.readout.weight.copy_((basis * scale[:, None]).T)

    def settings(self) -> dict[str, Any]:
        """What a checkpoint's JSON says of this network."""
        return {"kind": "stem-transformer", **asdict(self.config)}
