"""The published denoiser: one noise level for all stems, the mixture present or null, eps-prediction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from einops import rearrange
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from msgld.diffusion.denoise import Denoiser, Draw, Estimate, ModelDenoiser
from msgld.diffusion.noise import Latents, Levels, Presence
from msgld.diffusion.noise_map import NoiseMap
from msgld.diffusion.sampling import Sampling
from msgld.paper.overwrite import Overwriting, all_present
from msgld.paper.schedule import SqrtLinearSchedule


class NoiseNetwork(nn.Module, ABC):
    """What :class:`PublishedDenoiser` wraps; the published U-Net is one.

    Attributes:
        answers: as of :class:`msgld.diffusion.denoise.StemNetwork`.
    """

    answers: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def forward(
        self, x: Float[Tensor, "B S c T f"], mixture: Float[Tensor, "B c T f"] | None, t: Int[Tensor, "B"]
    ) -> Float[Tensor, "B S c T f"]:
        """Noisy stems, mixture or None, timesteps -> the noise of the stems."""

    @property
    @abstractmethod
    def tracks(self) -> int:
        """K: its stems and the mixture."""

    @property
    @abstractmethod
    def multiple(self) -> int:
        """The number of frames has to be a multiple of this."""

    def denoiser(self, codec: Any) -> PublishedDenoiser:
        """The denoiser that this network was trained as, of latents of ``codec``."""
        return PublishedDenoiser(self, SqrtLinearSchedule(), codec.image_channels, self.multiple)


class PublishedDenoiser(ModelDenoiser):
    """Wraps a network that predicts the noise of images (C, T, F) of all stems (Karchkhadze et al. 2024, eq. 2).

    A latent frame here is a row of such an image: its channels are "(c f)". A mixture that is absent is the
    null condition, zeros. It has no input for the presence of stems, so all of them are present.
    """

    schedule: SqrtLinearSchedule
    network: NoiseNetwork
    window_frames = 256
    past_frames = 88
    # ``best`` is the paper's setting. With fewer steps fresh noise at each of them costs more than it gives.
    qualities: ClassVar[Mapping[str, Sampling]] = {
        "draft": Sampling(steps=20),
        "normal": Sampling(steps=50),
        "best": Sampling(steps=200, eta=1.0),
    }

    def __init__(
        self, network: NoiseNetwork, schedule: SqrtLinearSchedule, channels: int, multiple: int
    ) -> None:
        """Wrap a network.

        Args:
            network: predicts the noise.
            schedule: that it was trained with.
            channels: of the image; the rest of a latent frame is its rows.
            multiple: the number of frames has to be a multiple of this.
        """
        super().__init__()
        self.network = network
        self.schedule = schedule
        self.channels = channels
        self.multiple = multiple

    def forward(self, x: Latents, levels: Levels, presence: Presence) -> Estimate:
        """Estimate the latents; see :class:`msgld.diffusion.denoise.Denoiser`. All stems have one level."""
        level = levels[:, :-1].flatten(1).amax(1)
        alpha, sigma = (s.view(-1, 1, 1, 1) for s in self.schedule(level))
        noise = self.noise(x, level, presence[:, -1])
        stems = (x[:, :-1] - sigma * noise) / alpha  # Song et al. 2021, eq. 9
        return Estimate(torch.cat([stems, x[:, -1:]], 1))

    def adapt(self, guided: Denoiser, task: NoiseMap, noise: Draw) -> tuple[Denoiser, NoiseMap]:
        """With the overwriting rule, and all stems present."""
        return Overwriting(guided, noise), all_present(task)

    def noise(
        self, x: Latents, level: Float[Tensor, "B"], mixture: Bool[Tensor, "B"]
    ) -> Float[Tensor, "B K-1 C T"]:
        """Estimated noise of the stems.

        Args:
            x: noisy latents.
            level: of the stems.
            mixture: whether it is seen.
        """
        images = rearrange(x, "b k (c f) t -> b k c t f", c=self.channels)
        seen = images[:, -1] * mixture.view(-1, 1, 1, 1) if bool(mixture.any()) else None
        noise = self.network(images[:, :-1], seen, self.schedule.timestep(level))
        return rearrange(noise, "b k c t f -> b k (c f) t").float()
