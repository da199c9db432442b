"""A denoiser answers: given noisy tracks, each frame with its level, what is the expected clean latent?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor, nn

from msgld.diffusion.noise import Schedule


@dataclass(frozen=True)
class Estimate:
    """A denoiser's answer.

    Attributes:
        z: E[z | x], (B, K, C, T).
        masks: what part of the mixture each stem is, (B, K - 1, M, N) with sum 1 over the stems, from
            networks that say so themselves; None from others.
    """

    z: Tensor
    masks: Tensor | None = None


@dataclass(frozen=True)
class Conditioning:
    """What is conditioning of a piece besides what is known of its tracks; zeros where it is left open.

    Attributes:
        frames: (B, T, features), of each moment. programs: (B, S, programs), of each stem.
    """

    frames: Tensor
    programs: Tensor

    def between(self, first: int, last: int) -> Conditioning:
        """What is conditioning of frames ``first`` to ``last`` (excluded)."""
        return Conditioning(self.frames[:, first:last], self.programs)

    def like(self, x: Tensor) -> Conditioning:
        """On the device of latents (B, K, C, T), for each of them."""
        return Conditioning(
            *(p.to(x.device).expand(len(x), *p.shape[1:]) for p in (self.frames, self.programs))
        )


class Denoiser(Protocol):
    """x, levels, presence -> estimate. ``maps`` says whether each frame may have a level of its own."""

    @property
    def maps(self) -> bool:
        """Whether it understands a level for each frame."""
        ...

    @property
    def schedule(self) -> Schedule:
        """Which levels mean what."""
        ...

    def __call__(self, x: Tensor, levels: Tensor, presence: Tensor) -> Estimate:
        """Estimate the latents.

        Args:
            x: noisy latents (B, K, C, T); with level 0 they are the known ones.
            levels: (B, K, T) in [0, 1].
            presence: bool (B, K); absent tracks are neither seen nor estimated.
        """
        ...


class StemNetwork(nn.Module, ABC):
    """What :class:`StemDenoiser` wraps; the network of the stem transformer's kind.

    Attributes:
        answers: beginnings of the names of its last layers' weights, which are all 0 before it has learned anything.
    """

    answers: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def forward(
        self, z: Tensor, levels: Tensor, presence: Tensor, conditioning: Conditioning | None = None
    ) -> tuple[Tensor, Tensor]:
        """Linear estimates -> -v (B, K, C, T) and features of the tokens."""

    @abstractmethod
    def masks(self, features: Tensor, z: Tensor, presence: Tensor) -> Tensor:
        """Features and estimated latents -> masks of the mixture (B, K - 1, M, N)."""

    @property
    @abstractmethod
    def tracks(self) -> int:
        """K: its stems and the mixture."""

    def begin_with(self, basis: Tensor, scale: Tensor) -> None:
        """Take from a linear codec what is known before any training: rows (C, P) that, scaled (C,), make patches."""

    def fuse(self) -> None:
        """Prepare for a long run on a device where starting a kernel takes as long as running it."""

    @abstractmethod
    def settings(self) -> dict[str, Any]:
        """What a checkpoint's JSON says of this network."""


class StemDenoiser(nn.Module):
    """Wraps a network that corrects the linear estimate (v-prediction, Salimans & Ho 2022, section 4).

    With unit-variance latents the best *linear* estimate of z from x is alpha x; the network sees that and
    adds sigma times what it predicts, which is -v and has unit variance at every level. At level 0 the answer
    is z itself; at level 1 the network sees zeros, so the answer of one call does not depend on the noise.
    """

    maps = True
    window_frames = 216
    past_frames = 72
    multiple = 1

    def __init__(self, network: StemNetwork, schedule: Schedule) -> None:
        super().__init__()
        self.network = network
        self.schedule = schedule

    def forward(
        self, x: Tensor, levels: Tensor, presence: Tensor, conditioning: Conditioning | None = None
    ) -> Estimate:
        """Estimate the latents; see :class:`Denoiser`. ``conditioning`` is for networks that take conditions."""
        alpha, sigma = (s.unsqueeze(2) for s in self.schedule(levels))
        correction, features = self.network(alpha * x, levels, presence, conditioning)
        z = alpha * x + sigma * correction
        return Estimate(z, self.network.masks(features, z, presence))


def v_loss(
    estimate: Tensor, z: Tensor, levels: Tensor, counted: Tensor, weights: Tensor, schedule: Schedule
) -> Tensor:
    """Mean squared error of v over the counted frames, scalar.

    An error e in z is an error e / sigma in v (v = (alpha x - z) / sigma).

    Args:
        estimate, z: (B, K, C, T). levels: (B, K, T), above 0 where counted.
        counted: bool (B, K, T), the frames to be learned.
        weights: (C,), what an error in each channel costs; mean 1.
    """
    _, sigma = schedule(levels)
    error = (estimate - z).square().mul(weights[:, None]).mean(2) / sigma.square().clamp_min(1e-3)
    return torch.where(counted, error, 0.0).sum() / counted.sum().clamp_min(1)
