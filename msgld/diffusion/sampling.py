"""The settings of the sampler."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any

from msgld.errors import UsageError
from msgld.ranges import check, shown

SAMPLERS = ("ddim", "multistep")
"""Step functions by name; see :mod:`msgld.diffusion.sample`."""


@dataclass(frozen=True)
class Sampling:
    """How to sample.

    Attributes:
        steps: network calls, 1 to 1000.
        guidance: weight of the given tracks, 0 to 10; 1 is the trained conditional. See
            :class:`msgld.diffusion.guidance.Guided`.
        seed: of the noise, 0 or more.
        sampler: ``ddim`` or ``multistep``.
        eta: fraction of its noise that ``ddim`` renews at each step, 0 (none) to 1 (as DDPM does).
        iterations: of each step (RePaint), 1 to 100; 1 is the plain sampler, and the published one.
        style_guidance: weight of the conditions, 0 to 10; 1 is as trained. See
            :class:`msgld.diffusion.guidance.Conditioned`.

    Raises:
        UsageError: a value out of range, or of another type.
    """

    steps: int = 1
    guidance: float = 1.0
    seed: int = 0
    sampler: str = "ddim"
    eta: float = 0.0
    iterations: int = 1
    style_guidance: float = 1.0

    def __post_init__(self) -> None:
        if self.sampler not in SAMPLERS:
            hint = " (ddpm is ddim with an eta of 1)" if self.sampler == "ddpm" else ""
            raise UsageError(f"no sampler {shown(self.sampler)}; there are: {', '.join(SAMPLERS)}{hint}")
        if self.eta and self.sampler != "ddim":
            raise UsageError(f"eta belongs to the sampler ddim, not to {self.sampler}")
        for field in fields(self):
            if field.name != "sampler":
                object.__setattr__(self, field.name, check(field.name, getattr(self, field.name)))

    @property
    def calls(self) -> int:
        """Network calls of one run (twice as many where guidance needs two estimates)."""
        return self.steps * self.iterations

    def change(self, **settings: Any) -> Sampling:
        """With other settings; an ``eta`` selects the sampler that it belongs to, if none is named."""
        unknown = set(settings) - {field.name for field in fields(self)}
        if unknown:
            raise UsageError(
                f"no sampling setting {shown(min(unknown))}; there are: {', '.join(f.name for f in fields(self))}"
            )
        if settings.get("eta") is not None:
            settings.setdefault("sampler", "ddim")
        return replace(self, **settings)
