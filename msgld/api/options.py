"""The options that all tasks share."""

from __future__ import annotations

from dataclasses import dataclass

from msgld.errors import UsageError
from msgld.ranges import check, check_optional, shown

QUALITIES = ("draft", "normal", "best")
"""Speed against quality, the fastest first."""

SAMPLERS = ("ddim", "ddpm", "multistep")
"""Ways to sample; see :mod:`msgld.diffusion.sample`."""


CONSISTENCIES = ("mask", "residual", "none")
"""Ways in which separated stems keep to the song."""

CHOICES = {"quality": QUALITIES, "sampler": SAMPLERS, "consistency": CONSISTENCIES}
"""Option -> what may be chosen."""


@dataclass(frozen=True)
class Options:
    """How to run a task. The ranges of all numbers are in :data:`msgld.ranges.RANGES`.

    Attributes:
        quality: ``draft``, ``normal`` or ``best``; sets everything below that is None.
        steps: network calls, 1 to 1000.
        guidance: how strongly what is given is followed, 0 to 10; 1 is as trained, 0 ignores it. 1.5 by default where
            stems are arranged, for twice the time, else 1. Below 1 a separation invents: unless said otherwise it
            samples in several steps and plays the stems with the vocoder.
        style_guidance: how strongly the conditions (style, tempo, key, instruments) are followed, 0 to 10, 2 by
            default; 1 is as trained, 0 ignores them, above 1 they are exaggerated.
            All but 0 and 1 take twice the time. Where stems are
            given and guidance is not 1, that is for the conditions, too.
        seed: of the noise, 0 or more. The same seed, input and model give the same result.
        sampler: ``ddim``, ``ddpm`` or ``multistep``.
        eta: share of its noise that ``ddim`` renews at each step, 0 to 1.
        iterations: how often each step is made (RePaint), 1 to 100.
        consistency: how a separation keeps to the song. ``mask`` cuts stems out of it, so that they sum to it;
            ``residual`` and ``none`` play them with the vocoder, as the published system does, and what they leave
            of the song is a further stem or is lost. None means ``mask``, but for guidance below 1 ``none``:
            such stems are not in the song.
        segment: seconds of a song that are separated at once, 1 to 120; the model's own length by default.
            Long ones take memory, short ones hear less around each moment.
        overlap: of neighbouring segments, as a share of their length, 0 to 0.5; the quality's by default.
        batch: segments that are separated together, 1 to 256; by default 1 on a CPU, 8 elsewhere.

    Raises:
        UsageError: a value out of its range, or of another type.
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
    style_guidance: float | None = None

    def __post_init__(self) -> None:
        for name, names in CHOICES.items():
            value = getattr(self, name)
            if not (value is None and name != "quality") and not (isinstance(value, str) and value in names):
                raise UsageError(f"no {name} {shown(value)}; there are: {', '.join(names)}")
        for name in ("seed", "iterations"):
            object.__setattr__(self, name, check(name, getattr(self, name)))
        for name in ("steps", "guidance", "style_guidance", "eta", "segment", "overlap", "batch"):
            object.__setattr__(self, name, check_optional(name, getattr(self, name)))
        if self.eta is not None and self.sampler not in (None, "ddim"):
            raise UsageError(f"eta belongs to the sampler ddim, not to {self.sampler}")

    @property
    def invents(self) -> bool:
        """Whether a separation is asked for that does not keep to the song."""
        return self.guidance is not None and self.guidance < 1


NORMAL = Options()
"""What is used when nothing is said."""
