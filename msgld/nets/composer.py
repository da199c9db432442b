"""The composer: a token for each bar of each stem, with attention along bars and across stems."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from msgld.diffusion.denoise import StemNetwork
from msgld.diffusion.noise_map import Conditioning
from msgld.music.bar_features import OWN, bar_features_of
from msgld.music.conditions import PROGRAMS
from msgld.nets.attention import Attention, Perceptron, Rotation, rotation
from msgld.nets.bar_autoencoder import BarAutoencoderConfig
from msgld.nets.transformer import LEVEL_FEATURES, level_features
from msgld.registry import register
from msgld.schema import Between, Depth, Size, Style, same


@dataclass(frozen=True)
class ComposerConfig:
    """Size of the composer.

    Attributes:
        stems: how many stems it plays.
        channels: C, numbers in the latent of a bar: one more than the autoencoder has.
        width: of the tokens.
        depth: number of blocks.
        heads: attention heads in a block.
        expansion: hidden width of the perceptrons relative to the width.
        frame_features: features of a bar in the :class:`Conditioning`.
        programs: programs of a stem in the :class:`Conditioning`.
        own_features: features of a bar of a stem in the :class:`Conditioning`.
        conditioning_width: hidden width of the condition embedding.
        styles: names of the styles that it was trained on.
    """

    stems: Size = 6
    channels: Size = 129
    width: Size = 256
    depth: Depth = 6
    heads: Size = 4
    expansion: Annotated[int, Between(1, 64)] = 4
    frame_features: Size = 128
    programs: Size = 256
    own_features: Size = 4
    conditioning_width: Size = 256
    styles: Style = ()

    def check(self) -> None:
        """Raise ValueError where the width is no multiple of the heads."""
        if self.width % self.heads:
            raise ValueError(f"a width of {self.width} cannot be divided among {self.heads} heads")

    def check_fit(self, codec: BarAutoencoderConfig) -> None:
        """Raise ValueError unless this network goes with a score codec and takes the conditions of this version."""
        same(
            stems=(self.stems, codec.stems),
            channels=(self.channels, 1 + codec.channels),
            frame_features=(self.frame_features, bar_features_of(len(self.styles))),
            programs=(self.programs, PROGRAMS),
            own_features=(self.own_features, OWN),
            styles=(len(set(self.styles)), len(self.styles)),
        )


class ComposerEmbedding(nn.Module):
    """Embeds the conditions, for the first tokens and for the perceptrons of all blocks; zero before training."""

    def __init__(self, config: ComposerConfig) -> None:
        super().__init__()
        self.frames = nn.Linear(config.frame_features, config.conditioning_width)
        self.hidden = nn.Linear(config.conditioning_width, config.width, bias=False)
        self.programs = nn.Linear(config.programs, config.width, bias=False)
        self.ensemble = nn.Linear(config.programs, config.width, bias=False)
        self.own = nn.Linear(config.own_features, config.width, bias=False)
        self.deep = nn.Linear(config.width, config.width, bias=False)
        for layer in (self.hidden, self.programs, self.ensemble, self.own, self.deep):
            nn.init.zeros_(layer.weight)

    def forward(self, conditioning: Conditioning) -> Float[Tensor, "B K T width"]:
        """The embedding of each token's conditions."""
        assert conditioning.own is not None
        piece = self.hidden(F.gelu(self.frames(conditioning.frames), approximate="tanh"))
        piece = piece + self.ensemble(conditioning.programs.sum(1)).unsqueeze(1)
        return (
            piece.unsqueeze(1)
            + self.programs(conditioning.programs).unsqueeze(2)
            + self.own(conditioning.own)
        )


class StemBlock(nn.Module):
    """Attention along bars, attention across the stems of an excerpt, and a perceptron, each added to its input.

    All stems of a batch lie in one row of N, absent ones left out, as between a third and a half are in training.
    """

    def __init__(self, width: int, heads: int, expansion: int) -> None:
        super().__init__()
        self.along_time = Attention(width, heads)
        self.across_stems = Attention(width, heads)
        self.perceptron = Perceptron(width, expansion)

    def forward(
        self,
        x: Float[Tensor, "N T width"],
        positions: Rotation,
        together: Bool[Tensor, "N N"],
        shift: Float[Tensor, "N T width"] | int,
    ) -> Float[Tensor, "N T width"]:
        """Mix the tokens of all stems.

        Args:
            x: a token for each bar of each stem.
            positions: from :func:`rotation`.
            together: which stems belong to one excerpt.
            shift: for the perceptron.
        """
        x = x + self.along_time(x, positions)
        x = x + self.across_stems(x.transpose(0, 1), mask=together).transpose(0, 1)
        return x + self.perceptron(x, shift)


@register("composer", "stem-bars", ComposerConfig)
@register("guide", "stem-bars", ComposerConfig)
class Composer(StemNetwork):
    """Predicts -v of every bar of every stem. There is no mixture, and there are no masks."""

    answers: ClassVar[tuple[str, ...]] = ("outward.weight", "gates.")

    def __init__(self, config: ComposerConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.inward = nn.Linear(config.channels + LEVEL_FEATURES, width)
        self.stem = nn.Embedding(config.stems, width)
        self.conditioning = ComposerEmbedding(config)
        self.blocks = nn.ModuleList(
            StemBlock(width, config.heads, config.expansion) for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(width)
        self.outward = nn.Linear(width, config.channels)
        self.gates = nn.Linear(width, config.channels)
        nn.init.normal_(self.stem.weight, std=0.5)
        for layer in (self.outward, self.gates):
            nn.init.zeros_(layer.weight)
        nn.init.zeros_(self.gates.bias)

    def forward(
        self,
        z: Float[Tensor, "B K C T"],
        levels: Float[Tensor, "B K T"],
        presence: Bool[Tensor, "B K"],
        conditioning: Conditioning | None = None,
    ) -> tuple[Float[Tensor, "B K C T"], Float[Tensor, "B K T width"]]:
        """Correct linear estimates; see :meth:`StemNetwork.forward`. Without a conditioning all of it is open.

        What is answered for absent stems is 0.
        """
        excerpt, stem = presence.nonzero(as_tuple=True)
        clean = z.transpose(2, 3)[presence]
        x = self.inward(torch.cat([clean, level_features(levels[presence], LEVEL_FEATURES)], -1))
        x = x + self.stem.weight[stem].unsqueeze(1)
        shift: Tensor | int = 0
        if conditioning is not None:
            first = self.conditioning(conditioning)[presence]
            x, shift = x + first, self.conditioning.deep(first)
        together = excerpt[:, None] == excerpt
        positions = rotation(x.shape[1], self.config.width // self.config.heads // 2, x.device)
        for block in self.blocks:
            x = block(x, positions, together, shift)
        x = self.norm(x)
        correction = self.outward(x) + self.gates(x) * clean
        answer, features = (_spread(part, presence) for part in (correction, x))
        return answer.transpose(2, 3).float(), features

    def masks(
        self,
        features: Float[Tensor, "B K T width"],
        z: Float[Tensor, "B K C T"],
        presence: Bool[Tensor, "B K"],
    ) -> None:
        """There is no mixture to put masks on."""


def _spread(x: Float[Tensor, "N T width"], presence: Bool[Tensor, "B K"]) -> Float[Tensor, "B K T width"]:
    """What was computed for the present stems, and 0 for the others."""
    spread = x.new_zeros(*presence.shape, *x.shape[1:])
    spread[presence] = x
    return spread
