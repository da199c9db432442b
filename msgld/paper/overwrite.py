"""How a denoiser of one noise level for all stems does the tasks (Karchkhadze et al. 2024, section 2.4)."""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import torch

from msgld.diffusion.denoise import Denoiser, Draw, Estimate
from msgld.diffusion.noise import Latents, Levels, Presence, mix
from msgld.diffusion.noise_map import NoiseMap
from msgld.errors import UsageError


class Overwriting(Denoiser):
    """The published arrangement rule: a denoiser of one noise level for maps in which frames are given.

    Before each call the given frames of the stems are overwritten with copies noised to the level of the others
    (Karchkhadze et al. 2024, section 2.4). The estimate is thus not conditioned on the given frames, only drawn to
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
