"""Guidance wraps a denoiser; the result is a denoiser too."""

from __future__ import annotations

from typing import Any

import torch

from msgld.diffusion.denoise import Denoiser, Estimate
from msgld.diffusion.noise import Latents, Levels, Presence
from msgld.diffusion.noise_map import Conditioning


def between(null: Estimate, full: Estimate, weight: float) -> Estimate:
    """Classifier-free guidance (Ho & Salimans 2022, eq. 6): E = E_null + weight (E_full - E_null).

    Masks are ratios, so their logarithms are guided; their sum over the stems stays 1.
    """
    masks = full.masks
    if null.masks is not None and full.masks is not None:
        start, end = (masks.clamp_min(1e-8).log() for masks in (null.masks, full.masks))
        masks = torch.lerp(start, end, weight).softmax(1)
    return Estimate(null.z + weight * (full.z - null.z), masks)


class Conditioned(Denoiser):
    """Passes the conditions to a denoiser at each call, with guidance of its own.

    Weight 1 is the trained conditional and costs one call; 0 drops the conditions, also for one call; any other
    weight costs two calls, and a weight above 1 exaggerates the conditions.
    """

    def __init__(self, denoiser: Denoiser, conditioning: Conditioning, weight: float = 1.0) -> None:
        """Wrap a denoiser whose fourth argument is a conditioning."""
        self.denoiser = denoiser
        self.conditioning = conditioning
        self.weight = weight
        self.schedule = denoiser.schedule

    def __call__(self, x: Latents, levels: Levels, presence: Presence) -> Estimate:
        """Estimate under the conditions; see :class:`Denoiser`."""
        if self.weight == 0:
            return self.denoiser(x, levels, presence)
        conditional: Any = self.denoiser
        full = conditional(x, levels, presence, self.conditioning)
        if self.weight == 1:
            return full
        return between(self.denoiser(x, levels, presence), full, self.weight)


class Guided(Denoiser):
    """Guidance by the given tracks, as :func:`between` does it.

    The null estimate does not see the given tracks: those known at every frame. Weight 1 is the trained
    conditional and costs one call; weight 0 ignores the given tracks, also for one call. Weights between them lead
    from generating to separating, and weights above 1 exaggerate the given tracks.

    The null estimate has no conditions either: if tracks are given, one weight serves for both, so that both cost
    two calls.

    With a guide, the null estimate is that of the guide, a smaller denoiser that learned less (Karras et al. 2024,
    "Guiding a diffusion model with a bad version of itself"). What the two disagree in is what the large one knows
    better, so the weight also undoes its own blur, given tracks or none.
    """

    def __init__(self, denoiser: Denoiser, weight: float, guide: Denoiser | None = None) -> None:
        self.denoiser, self.guide = denoiser, guide
        self.full, self.null = denoiser, denoiser
        if isinstance(denoiser, Conditioned):
            self.full, self.null = Conditioned(denoiser.denoiser, denoiser.conditioning), denoiser.denoiser
        self.null = guide or self.null
        self.weight = weight
        self.schedule = denoiser.schedule

    def __call__(self, x: Latents, levels: Levels, presence: Presence) -> Estimate:
        """Estimate with guidance; see :class:`Denoiser`."""
        given = levels.amax(2) == 0
        if self.weight == 1 or not (self.guide or bool((given & presence).any())):
            return self.denoiser(x, levels, presence)
        null = self.null(x, levels, presence & ~given)
        if self.weight == 0:
            return null
        full = self.full(x, levels, presence)
        guided = between(null, full, self.weight)
        return Estimate(full.z.where(given[..., None, None], guided.z), guided.masks)
