"""A task as a map of noise levels, and the conditioning of the network besides the tracks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float
from torch import Tensor

from msgld.diffusion.noise import Latents, Levels, Presence


@dataclass(frozen=True)
class Conditioning:
    """The conditions of a piece as features, 0 for a condition that is open.

    Attributes:
        frames: of each frame.
        programs: of each stem.
        own: of each frame of each stem; None for networks without.
    """

    frames: Float[Tensor, "B T features"]
    programs: Float[Tensor, "B S programs"]
    own: Float[Tensor, "B S T own"] | None = None

    def between(self, first: int, last: int) -> Conditioning:
        """The conditioning of frames ``first`` to ``last`` (excluded)."""
        own = None if self.own is None else self.own[:, :, first:last]
        return Conditioning(self.frames[:, first:last], self.programs, own)

    def like(self, x: Latents) -> Conditioning:
        """On the device of latents, for each of them."""
        own = None if self.own is None else self.own.to(x.device).expand(len(x), *self.own.shape[1:])
        frames, programs = (
            part.to(x.device).expand(len(x), *part.shape[1:]) for part in (self.frames, self.programs)
        )
        return Conditioning(frames, programs, own)


@dataclass(frozen=True)
class NoiseMap:
    """A task: the noise level at which each frame starts, and the wanted frames.

    Attributes:
        levels: at the start; 0 is known, 1 unknown.
        wanted: frames that the sampler brings to level 0; all others keep their level.
        presence: absent tracks are neither seen nor made.
        conditioning: style, tempo and the like, for denoisers with conditions; see :mod:`msgld.music.conditions`.
    """

    levels: Levels
    wanted: Bool[Tensor, "B K T"]
    presence: Presence
    conditioning: Conditioning | None = None

    @property
    def start(self) -> float:
        """The highest level of a wanted frame; 1 if no wanted frame is above 0."""
        return float((self.levels * self.wanted).max()) or 1.0

    def at(self, fraction: float) -> Levels:
        """Levels when ``fraction`` (1 to 0) of the wanted frames' levels is left."""
        return torch.where(self.wanted, self.levels * fraction, self.levels)

    def like(self, z: Latents) -> NoiseMap:
        """On the device of latents, for each of them."""
        parts = (self.levels, self.wanted, self.presence)
        levels, wanted, presence = (part.to(z.device).expand(len(z), *part.shape[1:]) for part in parts)
        return NoiseMap(levels, wanted, presence, self.conditioning.like(z) if self.conditioning else None)
