"""The stem transformer: a token for each frame of each track, with attention along time and across tracks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from msgld.diffusion.denoise import StemNetwork, TrackTokens
from msgld.diffusion.noise import Latents, Levels, Presence
from msgld.diffusion.noise_map import Conditioning
from msgld.nets.attention import TrackBlock, nearby, rotation
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
        if self.width % self.heads:
            raise ValueError(f"a width of {self.width} cannot be divided among {self.heads} heads")

    def check_fit(self, codec: Grid, stems: int) -> None:
        """Raise ValueError unless this network goes with a codec and so many stems."""
        same(
            tracks=(self.tracks, stems + 1),
            channels=(self.channels, codec.channels),
            bands=(self.bands, codec.mel.bands),
            frame_columns=(self.frame_columns, codec.frame_columns),
        )


LEVEL_FEATURES = 32
"""Numbers that describe a level to the network."""


def level_features(levels: Float[Tensor, "*shape"], size: int) -> Float[Tensor, "*shape {size}"]:
    """Fourier features of levels (...) -> (..., size): sines and cosines of 1/4 to 16 periods over [0, 1]."""
    periods = torch.logspace(-2, 4, size // 2, base=2.0, device=levels.device)
    angles = 2 * math.pi * periods * levels.unsqueeze(-1)
    return torch.cat([angles.sin(), angles.cos()], dim=-1)


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

    def forward(self, conditioning: Conditioning) -> tuple[Float[Tensor, "B 1 T width"], TrackTokens]:
        """Embeddings for the first tokens and for the perceptrons.

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
        self, z: Latents, levels: Levels, presence: Presence, conditioning: Conditioning | None = None
    ) -> tuple[Latents, TrackTokens]:
        """Correct linear estimates.

        Args:
            z: linear estimates of the latents.
            levels: noise level of each frame.
            presence: absent tracks are not seen.
            conditioning: for a network with conditions; None leaves all of them open.

        Returns:
            -v, and features of the tokens for :meth:`masks`.
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

    def _correction(self, x: TrackTokens, z: Latents, presence: Presence) -> Latents:
        """-v from the last tokens x.

        Gates weigh the track's own noisy latents and the mixture's, component by component: components that
        are taken from them unchanged need not pass through tokens, which are too narrow for all components.
        """
        own, mixture = self.gates(x).transpose(2, 3).float().chunk(2, 2)
        seen = z[:, -1:] * presence[:, -1, None, None, None]
        return self.outward(x).transpose(2, 3).float() + own * z + mixture * seen

    def masks(self, features: TrackTokens, z: Latents, presence: Presence) -> Float[Tensor, "B K-1 M N"]:
        """How the mixture divides among the stems.

        A softmax over log amplitudes is the ratio of amplitudes, so the scores begin as what the estimated
        latents decode to (``begin_with``) and the features correct them.

        Args:
            features: of all tokens.
            z: their estimated latents.
            presence: the masks of absent stems are 0.

        Returns:
            Masks whose sum over the present stems is 1.
        """
        scores = self.scores(features[:, :-1]) + self.readout(z[:, :-1].transpose(2, 3))
        scores = rearrange(scores.float(), "b k t (m n) -> b k m (t n)", n=self.config.frame_columns)
        return scores.masked_fill(~presence[:, :-1, None, None], -1e4).softmax(1)

    def fuse(self) -> None:
        """Compile the blocks, one program for all of them and each shape."""
        for block in self.blocks:
            block.compile(dynamic=False)

    @torch.no_grad()
    def begin_with(self, basis: Float[Tensor, "C P"], scale: Float[Tensor, "C"]) -> None:
        """Start the masks as ratios of decoded amplitudes."""
        self.readout.weight.copy_((basis * scale[:, None]).T)
