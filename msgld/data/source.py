"""A source of clips: the one interface behind which all training and test data live."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from msgld.errors import DataError
from msgld.music.conditions import OPEN, Conditions

LOUDEST = 1e5
"""Largest absolute sample of a clip. Float files on a 16-bit scale (up to 32,768) are below it; garbage is above."""


@dataclass(frozen=True)
class Clip:
    """An excerpt of one piece, stem by stem.

    Attributes:
        stems: float32 (S, 2, L), stereo waveforms in the order of the source's ``stems``; their sum is the mixture.
        present: bool (S,), False where the data set has no such stem at all (a silent stem is present).
        rate: samples per second.
        name: where the clip comes from, for logs and reports.
        meta: what the source knows about the piece (style, bpm, key, ...).
        pooled: stems that the data set has no sound of by their names, but perhaps in its ``other``.
        conditions: those that the clip meets, as far as they are known.
    """

    stems: np.ndarray
    present: np.ndarray
    rate: int
    name: str
    meta: dict[str, str | float] = field(default_factory=dict)
    conditions: Conditions = OPEN
    pooled: tuple[str, ...] = ()


class Source(Protocol):
    """Gives clips by seed: the same seed and length give the same clip, sample by sample.

    Attributes:
        stems: names and order of the stems.
    """

    stems: tuple[str, ...]

    def clip(self, seed: int, seconds: float) -> Clip:
        """The clip of this seed, ``seconds`` long."""
        ...


class BadClip(DataError):
    """A clip with unusable samples.

    Attributes:
        origin: the piece and its stem, to report each only once.
    """

    def __init__(self, message: str, origin: str) -> None:
        super().__init__(message)
        self.origin = origin

    def __reduce__(self) -> tuple[type[BadClip], tuple[str, str]]:
        return BadClip, (str(self), self.origin)


def checked(clip: Clip, stems: Sequence[str]) -> Clip:
    """The clip itself, if training may see it.

    Args:
        clip: any.
        stems: names of its stems, for the message.

    Raises:
        BadClip: a sample is NaN, infinite or above ``LOUDEST``; the message names the piece and the stem.
    """
    for name, audio in zip(stems, clip.stems, strict=True):
        # The largest absolute value is NaN where any sample is.
        peak = float(np.abs(audio).max(initial=0.0))
        if not peak <= LOUDEST:
            what = f"samples up to {peak:.3g}" if np.isfinite(peak) else "samples that are not finite numbers"
            raise BadClip(
                f"{clip.name}: stem {name} has {what}; such clips are left out: repair or remove the file",
                f"{clip.name.rpartition('@')[0] or clip.name}: {name}",
            )
    return clip
