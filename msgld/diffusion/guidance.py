"""Guidance wraps a denoiser: the result is a denoiser again."""

from __future__ import annotations

import torch
from torch import Tensor

from msgld.diffusion.denoise import Denoiser, Estimate


class Guided:
    """Classifier-free guidance (Ho & Salimans 2022, eq. 6): E = E_null + weight (E_given - E_null).

    The null estimate does not see the given tracks: those known at every frame. Weight 1 is the trained
    conditional and costs one call; weight 0 ignores what is given, also for one call; between them lies the
    way from generating to separating, above 1 what is given is exaggerated.
    """

    def __init__(self, denoiser: Denoiser, weight: float) -> None:
        self.denoiser = denoiser
        self.weight = weight
        self.maps = denoiser.maps
        self.schedule = denoiser.schedule

    def __call__(self, x: Tensor, levels: Tensor, presence: Tensor) -> Estimate:
        """Estimate with guidance; see :class:`Denoiser`."""
        given = levels.amax(2) == 0
        if self.weight == 1 or not bool((given & presence).any()):
            return self.denoiser(x, levels, presence)
        null = self.denoiser(x, levels, presence & ~given)
        if self.weight == 0:
            return null
        full = self.denoiser(x, levels, presence)
        guided = null.z + self.weight * (full.z - null.z)
        known = given[..., None, None]
        return Estimate(guided.where(~known, full.z), self._shares(null.shares, full.shares))

    def _shares(self, null: Tensor | None, full: Tensor | None) -> Tensor | None:
        """Shares are ratios, so their logarithms are guided; the sum over the stems stays 1."""
        if null is None or full is None:
            return full
        start, end = (shares.clamp_min(1e-8).log() for shares in (null, full))
        return torch.lerp(start, end, self.weight).softmax(1)
