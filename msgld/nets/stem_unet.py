"""The stem U-Net: the log-mels of all tracks are the channels of one image, beside a trunk with a token a frame.

A layer over whole frames has to learn every pitch of every instrument anew. In the image a note is one pattern wherever
it lies, so convolutions learn it once. What is loud and smooth, and what lies seconds apart, the trunk knows.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Annotated, Any, ClassVar

import torch
from einops import rearrange
from torch import Tensor, nn
from torch.nn import functional as F

from msgld.diffusion.denoise import Asked, StemNetwork
from msgld.nets.image import Block, lie_close, silence
from msgld.nets.transformer import (
    LEVEL_FEATURES,
    Attention,
    Perceptron,
    check_heads,
    level_features,
    nearby,
    rotation,
)
from msgld.schema import Between, Depth, Grid, Length, Size, Style, Tracks, same


@dataclass(frozen=True)
class StemUNetConfig:
    """Size of the network.

    Attributes:
        tracks: the stems and the mixture, the mixture last.
        channels: of a latent frame, C. bands, frame_columns: of its patch of the log-mel, M and N / T, the latter 4.
        widths: channels of the image's levels, the finest first. The finest has half the bands and two columns a frame,
            the second a quarter and one; the others each half the bands of the one before, and a column for two frames.
        depth: blocks at the coarsest level, whose views in time double from one to the next.
        squeeze: see :class:`Block`. told: numbers in which levels and briefs come down to for each frame.
        trunk_width, trunk_depth, trunk_heads: of the trunk. expansion, reach: as of the stem transformer.
        frame_features, programs, styles: of what is asked, as there; 0 for networks that take no briefs.
    """

    tracks: Tracks = 6
    channels: Size = 128
    bands: Size = 128
    frame_columns: Size = 4
    widths: Annotated[tuple[Size, ...], Length(3, 8)] = (32, 64, 96, 128)
    depth: Annotated[int, Between(1, 10)] = 3
    squeeze: Size = 4
    told: Size = 128
    trunk_width: Size = 384
    trunk_depth: Depth = 4
    trunk_heads: Size = 6
    expansion: Annotated[int, Between(1, 64)] = 4
    reach: Annotated[int, Between(1, 1_000_000)] | None = None
    frame_features: Annotated[int, Between(0, 8192)] = 0
    programs: Annotated[int, Between(0, 8192)] = 0
    styles: Style = ()

    def check(self) -> None:
        """Raise ValueError where sizes cannot be divided as the network does."""
        check_heads(self.trunk_width, self.trunk_heads)
        levels = len(self.widths)
        if self.bands % (1 << levels) or self.frame_columns != 4 or levels < 3:
            raise ValueError(
                f"{self.bands} bands cannot be halved {levels} times, three at least, of 4 columns a frame"
            )

    def check_fit(self, codec: Grid, stems: int) -> None:
        """Raise ValueError unless this network goes with a codec and so many stems."""
        same(
            tracks=(self.tracks, stems + 1),
            channels=(self.channels, codec.channels),
            bands=(self.bands, codec.mel.bands),
            frame_columns=(self.frame_columns, codec.frame_columns),
        )


class Telling(nn.Module):
    """Levels, presence and briefs -> numbers for each frame."""

    def __init__(self, config: StemUNetConfig) -> None:
        super().__init__()
        self.levels = nn.Linear(config.tracks * (LEVEL_FEATURES + 1), config.told)
        self.hidden = nn.Linear(config.told, config.told)
        self.frames, self.programs = (
            nn.Linear(size, config.told, bias=False) if size else None
            for size in (config.frame_features, config.programs)
        )

    def forward(self, heard: Tensor, presence: Tensor, asked: Asked | None) -> Tensor:
        """Features of the levels (B, K, T, features), presence (B, K) -> (B, T, told)."""
        there = presence[:, None].expand(-1, heard.shape[2], -1).to(heard.dtype)
        told = self.hidden(F.gelu(self.levels(torch.cat([heard.transpose(1, 2).flatten(2), there], -1))))
        if asked is not None and self.frames is not None and self.programs is not None:
            told = told + self.frames(asked.frames) + self.programs(asked.programs.sum(1)).unsqueeze(1)
        return F.gelu(told)


class TrunkBlock(nn.Module):
    """Attention along time and a perceptron, each added to its input."""

    def __init__(self, width: int, heads: int, expansion: int) -> None:
        super().__init__()
        self.along_time = Attention(width, heads)
        self.perceptron = Perceptron(width, expansion)

    def forward(self, x: Tensor, positions: tuple[Tensor, Tensor], near: Tensor | None) -> Tensor:
        """x (B, T, width); ``near`` as :func:`nearby` says."""
        x = x + self.along_time(x, positions, near)
        return x + self.perceptron(x)


class Trunk(nn.Module):
    """A transformer with one token for all tracks of a frame."""

    def __init__(self, config: StemUNetConfig) -> None:
        super().__init__()
        self.config, width = config, config.trunk_width
        self.inward = nn.Linear(config.tracks * (config.channels + LEVEL_FEATURES), width)
        self.told = nn.Linear(config.told, width)
        self.blocks = nn.ModuleList(
            TrunkBlock(width, config.trunk_heads, config.expansion) for _ in range(config.trunk_depth)
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, entering: Tensor, told: Tensor) -> Tensor:
        """All tracks (B, K, T, inputs), told (B, T, ...) -> (B, T, width)."""
        x = self.inward(rearrange(entering, "b k t i -> b t (k i)")) + self.told(told)
        positions = rotation(x.shape[1], self.config.trunk_width // self.config.trunk_heads // 2, x.device)
        near = nearby(x.shape[1], self.config.reach, x.device)
        for block in self.blocks:
            x = block(x, positions, near)
        return self.norm(x)


class StemUNet(StemNetwork):
    """Predicts -v of every track and, of every stem, its share of the mixture.

    Both the image and the trunk answer; their answers are added up. ``basis`` (C, P) with orthonormal rows is the
    codec's: it turns latents into patches and patches back into latents, whitened ones, in which noise is white.
    """

    answers: ClassVar[tuple[str, ...]] = ("frames.", "outward.", "scores.")
    basis: Tensor

    def __init__(self, config: StemUNetConfig) -> None:
        super().__init__()
        self.config = config
        widths, squeeze, told = config.widths, config.squeeze, config.told
        bands = [config.bands >> level for level in range(1, len(widths) + 1)]
        config.check()
        patch, pairs = config.bands * config.frame_columns, list(pairwise(widths))
        self.register_buffer("basis", torch.eye(config.channels, patch))
        self.telling, self.trunk = Telling(config), Trunk(config)
        self.place = nn.Parameter(torch.zeros(widths[0], bands[0], 1))
        self.inward = nn.Conv2d(config.tracks, widths[0], 4, stride=2, padding=1)
        strides = [(2, 2), (2, 2), *[(2, 1)] * len(widths)][: len(pairs)]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for (fine, coarse), stride in zip(pairs, strides, strict=True):
            self.down.append(nn.Conv2d(fine, coarse, stride, stride))
            self.up.append(nn.ConvTranspose2d(coarse, fine, stride, stride))
        finer = list(zip(widths, bands, strict=True))[:-1]
        self.before = nn.ModuleList(Block(width, count, squeeze, told=told) for width, count in finer)
        self.after = nn.ModuleList(Block(width, count, squeeze, told=told) for width, count in finer)
        self.middle = nn.ModuleList(
            Block(widths[-1], bands[-1], squeeze, 2**step, told) for step in range(config.depth)
        )
        self.from_trunk = nn.Linear(config.trunk_width, widths[-1] * bands[-1])
        self.frames = nn.Linear(config.trunk_width, config.tracks * config.channels)
        self.outward = nn.ConvTranspose2d(widths[0], config.tracks, 2, stride=2)
        self.scores = nn.ConvTranspose2d(widths[0], config.tracks - 1, 2, stride=2)
        self.readout = nn.Linear(config.channels, patch)
        for layer in (self.frames, self.outward, self.scores, self.readout):
            silence(layer)

    def forward(
        self, z: Tensor, levels: Tensor, presence: Tensor, asked: Asked | None = None
    ) -> tuple[Tensor, Tensor]:
        """Correct linear estimates.

        Args:
            z: (B, K, C, T). levels: (B, K, T). presence: bool (B, K).
            asked: for networks that take briefs; None asks for nothing.

        Returns:
            -v (B, K, C, T), and features of the image (B, width, M / 2, 2 T) for :meth:`shares`.
        """
        frames, seen = z.shape[-1], presence[..., None, None]
        odd = frames % 2
        z, heard = F.pad(z * seen, (0, odd)), level_features(F.pad(levels, (0, odd)), LEVEL_FEATURES) * seen
        if asked is not None:
            asked = Asked(F.pad(asked.frames, (0, 0, 0, odd)), asked.programs)
        told = self.telling(heard, presence, asked)
        trunk = self.trunk(torch.cat([z.transpose(2, 3), heard], -1), told)
        image = F.gelu(self._image(z, trunk, told))
        answer = self._latents(self.outward(image).float())
        answer = answer + rearrange(self.frames(trunk).float(), "b t (k c) -> b k c t", k=z.shape[1])
        return answer[..., :frames], image[..., : 2 * frames]

    def _image(self, z: Tensor, trunk: Tensor, told: Tensor) -> Tensor:
        """The U-Net: latents and what the trunk knows -> (B, width, M / 2, 2 T)."""
        pairs = told.unflatten(1, (-1, 2)).mean(2)
        tolds = [told.repeat_interleave(2, 1), told, *[pairs] * len(self.config.widths)]
        patches = rearrange(
            z.transpose(2, 3) @ self.basis, "b k t (m n) -> b k m (t n)", n=self.config.frame_columns
        )
        x = self.inward(lie_close(patches)) + self.place
        kept = []
        for block, down, said in zip(self.before, self.down, tolds, strict=False):
            kept.append(block(x, said))
            x = down(kept[-1])
        coarse = self.from_trunk(trunk.unflatten(1, (-1, 2)).mean(2))
        x = x + rearrange(coarse, "b n (w m) -> b w m n", m=x.shape[2])
        for block in self.middle:
            x = block(x, tolds[len(self.down)])
        for level in reversed(range(len(self.up))):
            x = self.after[level](self.up[level](x) + kept[level], tolds[level])
        return x

    def _latents(self, image: Tensor) -> Tensor:
        """(B, K, M, N) -> (B, K, C, T)."""
        patches = rearrange(image, "b k m (t n) -> b k t (m n)", n=self.config.frame_columns)
        return (patches @ self.basis.T).transpose(2, 3)

    def shares(self, features: Tensor, z: Tensor, presence: Tensor) -> Tensor:
        """How the mixture divides among the stems: ratios of what the latents decode to, which the image corrects.

        Args:
            features: of the image. z: estimated latents (B, K, C, T).

        Returns:
            (B, K - 1, M, N), sum 1 over the present stems.
        """
        decoded = self.readout(z[:, :-1].transpose(2, 3)).float()
        scores = rearrange(decoded, "b k t (m n) -> b k m (t n)", n=self.config.frame_columns)
        scores = scores + self.scores(features).float()
        return scores.masked_fill(~presence[:, :-1, None, None], -1e4).softmax(1)

    @property
    def tracks(self) -> int:
        """K: its stems and the mixture."""
        return self.config.tracks

    @torch.no_grad()
    def begin_with(self, basis: Tensor, scale: Tensor) -> None:
        """Take over the codec's basis, and let shares begin as ratios of decoded amplitudes."""
        self.basis.copy_(basis)
        self.readout.weight.copy_((basis * scale[:, None]).T)

    def settings(self) -> dict[str, Any]:
        """What a checkpoint's JSON says of this network."""
        return {"kind": "stem-unet", **asdict(self.config)}
