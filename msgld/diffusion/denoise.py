"""Denoisers: noisy tracks, each frame with its noise level -> the expected clean latents."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from jaxtyping import Float
from torch import Tensor, nn

from msgld.diffusion.noise import CosineSchedule, Latents, Levels, Presence, Schedule
from msgld.diffusion.noise_map import Conditioning, NoiseMap
from msgld.diffusion.settings import Sampling

TrackTokens = Float[Tensor, "B K T width"]
"""A token for each frame of each track."""


@dataclass(frozen=True)
class Estimate:
    """Output of a denoiser.

    Attributes:
        z: E[z | x].
        masks: of each stem on the mixture, with sum 1 over the stems; None from networks without masks.
    """

    z: Latents
    masks: Float[Tensor, "B K-1 M N"] | None = None


Draw = Callable[[int], Tensor]
"""Number of a draw -> standard normal noise like the latents; the same number gives the same noise."""


class Denoiser(ABC):
    """x, levels, presence -> estimate.

    Attributes:
        schedule: noise level -> alpha, sigma.
        guide: a smaller denoiser of the same latents that learned less, for guidance; see
            :class:`msgld.diffusion.guidance.Guided`. None where there is none.
    """

    schedule: Schedule
    guide: Denoiser | None = None

    @abstractmethod
    def __call__(self, x: Latents, levels: Levels, presence: Presence) -> Estimate:
        """Estimate the latents.

        Args:
            x: noisy latents; those at level 0 are known.
            levels: noise levels, 0 to 1.
            presence: absent tracks are neither seen nor estimated.
        """

    def adapt(self, guided: Denoiser, task: NoiseMap, noise: Draw) -> tuple[Denoiser, NoiseMap]:
        """The guided denoiser and the task in a form that suits this denoiser; unchanged by default.

        Args:
            guided: this denoiser, perhaps wrapped in guidance.
            task: what to sample.
            noise: for denoisers that add noise to the given frames.
        """
        return guided, task


class ModelDenoiser(nn.Module, Denoiser):
    """The denoiser of a model.

    Attributes:
        network: wrapped by it.
        window_frames: T of the windows that it was trained on.
        past_frames: frames of a window that overlap the one before when a longer piece is made.
        multiple: the number of frames has to be a multiple of this.
        qualities: quality -> sampling of the tasks that draw a sample.
    """

    network: nn.Module
    window_frames: int
    past_frames: int
    multiple: int
    qualities: ClassVar[Mapping[str, Sampling]]

    def expectation(self, quality: str) -> Sampling:
        """Sampling for separating: one call if the denoiser then gives the expected stems, otherwise a sample."""
        return self.qualities[quality]


class StemNetwork(nn.Module, ABC):
    """Network of a :class:`StemDenoiser`, such as the stem transformer.

    Attributes:
        answers: beginnings of the names of the weights of its last layers, which are 0 before training.
    """

    answers: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def forward(
        self, z: Latents, levels: Levels, presence: Presence, conditioning: Conditioning | None = None
    ) -> tuple[Latents, TrackTokens]:
        """Linear estimates -> -v and features of the tokens."""

    @abstractmethod
    def masks(
        self, features: TrackTokens, z: Latents, presence: Presence
    ) -> Float[Tensor, "B K-1 M N"] | None:
        """Features and estimated latents -> masks on the mixture; None from networks without masks."""

    def denoiser(self, codec: Any) -> StemDenoiser:
        """The denoiser of this network; ``codec`` is not used."""
        return StemDenoiser(self)

    def begin_with(self, basis: Float[Tensor, "C P"], scale: Float[Tensor, "C"]) -> None:
        """Initialise from a linear codec, whose patches are sums of the rows of ``basis`` times ``scale``."""

    def fuse(self) -> None:
        """Compile for a long run on a device where starting a kernel takes as long as running it."""


class StemDenoiser(ModelDenoiser):
    """Wraps a network that corrects the linear estimate (v-prediction, Salimans & Ho 2022, section 4).

    With unit-variance latents the best *linear* estimate of z from x is alpha x. The network sees that estimate and
    predicts -v, which has unit variance at every level and is added with weight sigma. At level 0 the estimate is z
    itself; at level 1 the network sees zeros, so the estimate of one call does not depend on the noise.

    Guidance 1.5: relative to true stems, made stems agree with the given ones by 0.63 in rhythm and 0.48 in notes
    with guidance 1, by 0.76 and 0.58 with 1.5. Style guidance 2: 88 % of 40 pieces met the key of their
    conditions, 68 % with 1 (``research/log.md``).
    """

    network: StemNetwork
    window_frames = 216
    past_frames = 72
    multiple = 1
    qualities: ClassVar[Mapping[str, Sampling]] = {
        quality: Sampling(steps, guidance=1.5, style_guidance=2.0, sampler="multistep")
        for quality, steps in (("draft", 6), ("normal", 12), ("best", 16))
    }

    def expectation(self, quality: str) -> Sampling:
        """One call: the answer from level 1 is the conditional mean, which has the least squared error."""
        return Sampling()

    def __init__(self, network: StemNetwork) -> None:
        super().__init__()
        self.network = network
        self.schedule = CosineSchedule()

    def forward(
        self, x: Latents, levels: Levels, presence: Presence, conditioning: Conditioning | None = None
    ) -> Estimate:
        """Estimate the latents; see :class:`Denoiser`. ``conditioning`` is for networks with conditions."""
        alpha, sigma = (s.unsqueeze(2) for s in self.schedule(levels))
        correction, features = self.network(alpha * x, levels, presence, conditioning)
        z = alpha * x + sigma * correction
        return Estimate(z, self.network.masks(features, z, presence))
