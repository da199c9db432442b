"""The options that all tasks share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field, fields
from os import PathLike
from typing import Any

from msgld.aliases import renamed_options
from msgld.diffusion.settings import Sampling
from msgld.errors import UsageError
from msgld.ranges import check, check_optional, shown

QUALITIES = ("draft", "normal", "best")
"""Speed against quality, the fastest first."""

CONSISTENCIES = ("mask", "residual", "none")
"""Ways in which separated stems keep to the song."""

_CHOICES = {"quality": QUALITIES, "consistency": CONSISTENCIES}


@renamed_options
@dataclass(frozen=True)
class Options:
    """How to run a task. The ranges of all numbers are in :data:`msgld.ranges.RANGES`.

    Attributes:
        quality: ``draft``, ``normal`` or ``best``; decides everything below that is None.
        steps: network calls, 1 to 1000.
        guidance: weight of the given tracks, 0 to 10; 1 is as trained, 0 ignores them. By default 1.6 in
            notes, 1.5 in an arrangement in sound, for twice the time, else 1. Below 1 a separation generates: by
            default it then samples in several steps and uses the vocoder.
        seed: of the noise, 0 or more. The same seed, input and model give the same result.
        style_guidance: weight of the conditions (style, tempo, key, instruments), 0 to 10, 2 by default; 1 is as
            trained, 0 ignores them, above 1 they are exaggerated. All but 0 and 1 take twice the time. Where guidance
            is not 1 and stems are given, or music is made in notes, guidance is the weight of the conditions, too.
        consistency: how a separation keeps to the song. ``mask`` cuts stems out of it, so that they sum to it;
            ``residual`` and ``none`` use the vocoder, as the published system does, and the rest of the song is
            a further stem or is lost. None means ``mask``, but ``none`` for guidance below 1: such stems are not in
            the song.
        segment: seconds of a song that are separated at once, 1 to 120; the model's own length by default.
            Long segments take memory, short ones give each moment less context.
        overlap: of neighbouring segments, as a fraction of their length, 0 to 0.5; the quality's by default.
        batch: segments that are separated together, 1 to 256; by default 1 on a CPU, 8 elsewhere.
        soundfont: an .sf2 or .sf3 file that plays what is made in notes, instead of the one that comes along.
        sampling: research settings of the sampler by name, such as ``{"sampler": "ddim", "eta": 1.0}``; see
            :class:`msgld.diffusion.settings.Sampling`.

    Raises:
        UsageError: a value out of its range, or of another type.
    """

    quality: str = "normal"
    steps: int | None = None
    guidance: float | None = None
    seed: int = 0
    _: KW_ONLY
    style_guidance: float | None = None
    consistency: str | None = None
    segment: float | None = None
    overlap: float | None = None
    batch: int | None = None
    soundfont: str | PathLike[str] | None = None
    sampling: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for name, names in _CHOICES.items():
            value = getattr(self, name)
            if not (value is None and name != "quality") and not (isinstance(value, str) and value in names):
                raise UsageError(f"no {name} {shown(value)}; there are: {', '.join(names)}")
        object.__setattr__(self, "seed", check("seed", self.seed))
        for name in ("steps", "guidance", "style_guidance", "segment", "overlap", "batch"):
            object.__setattr__(self, name, check_optional(name, getattr(self, name)))
        if self.soundfont is not None and not isinstance(self.soundfont, str | PathLike):
            raise UsageError(f"soundfont is the path of an .sf2 or .sf3 file, not {shown(self.soundfont)}")
        if not isinstance(self.sampling, Mapping):
            raise UsageError(
                f"sampling is given by name, such as {{'eta': 1.0}}, not as {shown(self.sampling)}"
            )
        object.__setattr__(self, "sampling", dict(self.sampling))
        own = {option.name for option in fields(self)}
        further = [setting.name for setting in fields(Sampling) if setting.name not in own]
        for name in self.sampling:
            if name not in further:
                raise UsageError(f"no sampling setting {shown(name)}; there are: {', '.join(further)}")
        self.applied_to(Sampling())

    @property
    def generates(self) -> bool:
        """Whether a separation does not keep to the song."""
        return self.guidance is not None and self.guidance < 1

    def applied_to(self, base: Sampling) -> Sampling:
        """The sampling of a quality with these options in place of its own."""
        chosen = {name: getattr(self, name) for name in ("steps", "guidance", "style_guidance")}
        given = {name: value for name, value in chosen.items() if value is not None}
        return base.change(seed=self.seed, **given, **self.sampling)


NORMAL = Options()
"""The defaults."""
