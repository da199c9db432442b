"""The options that all tasks share."""

from __future__ import annotations

import math
from dataclasses import dataclass

from msgld.errors import UsageError

QUALITIES = ("draft", "normal", "best")
"""Speed against quality, the fastest first."""

SAMPLERS = ("ddim", "ddpm", "multistep")
"""Ways to sample; see :mod:`msgld.diffusion.sample`."""


CONSISTENCIES = ("mask", "residual", "none")
"""Ways in which separated stems keep to the song."""


@dataclass(frozen=True)
class Options:
    """How to run a task.

    Attributes:
        quality: ``draft``, ``normal`` or ``best``; sets everything below that is None.
        steps: network calls, 1 or more.
        guidance: how strongly what is given is followed; 1 is as trained, 0 ignores it. 1.5 by default where stems
            are arranged, for twice the time, else 1. Below 1 a separation invents: unless said otherwise it samples
            in several steps and plays the stems with the vocoder.
        brief_guidance: how strongly a brief (style, tempo, key, instruments) is followed, 2 by default; 1 is as
            trained, 0 ignores it, above 1 it is exaggerated. All but 0 and 1 take twice the time. Where stems are
            given and guidance is not 1, that is for the brief, too.
        seed: of the noise, 0 or more. The same seed, input and model give the same result.
        sampler: ``ddim``, ``ddpm`` or ``multistep``.
        eta: share of its noise that ``ddim`` renews at each step, 0 to 1.
        iterations: how often each step is made (RePaint), 1 or more.
        consistency: how a separation keeps to the song. ``mask`` cuts stems out of it, so that they sum to it;
            ``residual`` and ``none`` play them with the vocoder, as the published system does, and what they leave
            of the song is a further stem or is lost. None means ``mask``, but for guidance below 1 ``none``:
            such stems are not in the song.
        segment: seconds of a song that are separated at once, 1 or more; the model's own length by default.
            Long ones take memory, short ones hear less around each moment.
        overlap: of neighbouring segments, as a share of their length, 0 to 0.5; the quality's by default.
        batch: segments that are separated together, 1 or more; by default 1 on a CPU, 8 elsewhere.

    Raises:
        UsageError: a value out of its range.
    """

    quality: str = "normal"
    steps: int | None = None
    guidance: float | None = None
    seed: int = 0
    sampler: str | None = None
    eta: float | None = None
    iterations: int = 1
    consistency: str | None = None
    segment: float | None = None
    overlap: float | None = None
    batch: int | None = None
    brief_guidance: float | None = None

    def __post_init__(self) -> None:
        if self.quality not in QUALITIES:
            raise UsageError(f"no quality {self.quality!r}; there are: {', '.join(QUALITIES)}")
        if self.steps is not None and not (_is_whole(self.steps) and self.steps >= 1):
            raise UsageError(f"steps has to be a whole number of 1 or more, not {self.steps!r}")
        for name in ("guidance", "brief_guidance"):
            weight = getattr(self, name)
            if weight is not None and not math.isfinite(weight):
                raise UsageError(f"{name} has to be a number, not {weight!r}")
        if not (_is_whole(self.seed) and 0 <= self.seed < 2**63):
            raise UsageError(f"seed has to be a whole number of 0 or more, not {self.seed!r}")
        if self.eta is not None and not (math.isfinite(self.eta) and 0 <= self.eta <= 1):
            raise UsageError(f"eta has to lie between 0 and 1, not {self.eta!r}")
        if self.eta is not None and self.sampler not in (None, "ddim"):
            raise UsageError(f"eta belongs to the sampler ddim, not to {self.sampler}")
        if not (_is_whole(self.iterations) and self.iterations >= 1):
            raise UsageError(f"iterations has to be a whole number of 1 or more, not {self.iterations!r}")
        if self.consistency not in (None, *CONSISTENCIES):
            raise UsageError(f"no consistency {self.consistency!r}; there are: {', '.join(CONSISTENCIES)}")
        if self.segment is not None and not (math.isfinite(self.segment) and self.segment >= 1):
            raise UsageError(f"segment has to be 1 second or more, not {self.segment!r}")
        if self.overlap is not None and not 0 <= self.overlap <= 0.5:
            raise UsageError(f"overlap has to lie between 0 and 0.5, not {self.overlap!r}")
        if self.batch is not None and not (_is_whole(self.batch) and self.batch >= 1):
            raise UsageError(f"batch has to be a whole number of 1 or more, not {self.batch!r}")
        if self.sampler not in (None, *SAMPLERS):
            raise UsageError(f"no sampler {self.sampler!r}; there are: {', '.join(SAMPLERS)}")

    @property
    def invents(self) -> bool:
        """Whether a separation is asked for that does not keep to the song."""
        return self.guidance is not None and self.guidance < 1


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


NORMAL = Options()
"""What is used when nothing is said."""
