"""A source of clips: the one interface behind which all training and test data live."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from msgld.music.conditions import OPEN, Conditions


@dataclass(frozen=True)
class Clip:
    """A stretch of one piece, stem by stem.

    Attributes:
        stems: float32 (K, 2, L), stereo waveforms in the order of the source's ``stems``; their sum is the mixture.
        present: bool (K,), False where the data set has no such stem at all (a silent stem is present).
        rate: samples per second.
        name: where the clip comes from, for logs and reports.
        meta: what the source knows about the piece (style, bpm, key, ...).
        pooled: stems that the data set has no sound of by their names, but perhaps in its ``other``.
        conditions: what a musician would have been asked for to play this, as far as that is known.
    """

    stems: np.ndarray
    present: np.ndarray
    rate: int
    name: str
    meta: dict[str, str | float] = field(default_factory=dict)
    conditions: Conditions = OPEN
    pooled: tuple[str, ...] = ()


class Source(Protocol):
    """Gives clips by seed: the same seed and length give the same clip, sample by sample."""

    stems: tuple[str, ...]

    def clip(self, seed: int, seconds: float) -> Clip:
        """Return the clip of this seed, ``seconds`` long."""
        ...
