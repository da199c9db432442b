"""The published denoiser: one noise level for all stems, the mixture present or null, eps-prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import count
from typing import ClassVar

import torch
from einops import rearrange
from jaxtyping import Bool, Float
from torch import Tensor, nn

from msgld.diffusion.denoise import Denoiser, Draw, Estimate, ModelDenoiser
from msgld.diffusion.noise import Latents, Levels, Presence, mix
from msgld.diffusion.noise_map import NoiseMap
from msgld.diffusion.settings import Sampling
from msgld.errors import UsageError
from msgld.paper.schedule import SqrtLinearSchedule


class PublishedDenoiser(ModelDenoiser):
    """Wraps a network that predicts the noise of images (C, T, F) of all stems (Karchkhadze et al. 2024).

    A latent frame here is a row of such an image: its channels are "(c f)". A mixture that is absent is the
    null condition, zeros. It has no input for the presence of stems, so all of them are present.
    """

    schedule: SqrtLinearSchedule
    network: nn.Module
    window_frames = 256
    past_frames = 88
    # ``best`` is the paper's setting. With fewer steps fresh noise at each of them costs more than it gives.
    qualities: ClassVar[Mapping[str, Sampling]] = {
        "draft": Sampling(steps=20),
        "normal": Sampling(steps=50),
        "best": Sampling(steps=200, eta=1.0),
    }

    def __init__(self, network: nn.Module, channels: int, multiple: int) -> None:
        """Wrap a network.

        Args:
            network: noisy stems (B, S, c, T, f), mixture (B, c, T, f) or None, timesteps -> the noise of the stems.
            channels: of the image; the rest of a latent frame is its rows.
            multiple: the number of frames has to be a multiple of this.
        """
        super().__init__()
        self.network = network
        self.schedule = SqrtLinearSchedule()
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


class Overwriting(Denoiser):
    """The published arrangement rule: a denoiser of one noise level for maps in which frames are given.

    Before each call the given frames of the stems are overwritten with copies noised to the level of the others
    (Karchkhadze et al. 2024). The estimate is thus not conditioned on the given frames, only drawn to
    them. This is not the true conditional, see ``tests/paper/test_published_rule.py``.
    """

    def __init__(self, denoiser: Denoiser, noise: Draw) -> None:
        """``noise``: number of the call -> standard normal like x."""
        self.denoiser = denoiser
        self.noise = noise
        self.schedule = denoiser.schedule
        self._calls = count()

    def __call__(self, x: Latents, levels: Levels, presence: Presence) -> Estimate:
        """Estimate; see :class:`Denoiser`.

        Raises:
            UsageError: stems at several levels above 0, or a noisy mixture.
        """
        stems = levels[:, :-1]
        level = stems.flatten(1).amax(1)[:, None, None]
        given = stems == 0
        if not bool((given | (stems == level)).all()):
            raise UsageError(
                "this model has one noise level for all stems: given stems must be exact, at noise 0"
            )
        if bool(((levels[:, -1].amax(1) > 0) & presence[:, -1]).any()):
            raise UsageError(
                "this model takes the mixture at noise 0 or not at all: use guidance between 0 and 1"
            )
        one = torch.cat([level.expand_as(stems), torch.zeros_like(levels[:, -1:])], 1)
        noised = mix(x, self.noise(next(self._calls)), one, self.schedule) if bool(given.any()) else x
        everywhere = torch.cat([given, torch.zeros_like(given[:, :1])], 1).unsqueeze(2)
        return self.denoiser(torch.where(everywhere, noised, x), one, presence)


def all_present(task: NoiseMap) -> NoiseMap:
    """The task with all stems, for denoisers without presence: absent stems are made and not used."""
    absent = ~task.presence
    absent[:, -1] = False
    level = task.levels.where(task.wanted, 0.0).flatten(1).amax(1).view(-1, 1, 1)
    unused = absent.unsqueeze(2)
    levels = task.levels.where(~unused, level)
    return replace(task, levels=levels, wanted=task.wanted | unused, presence=task.presence | absent)
