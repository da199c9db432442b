"""Do stems that were played to others fit them? Agreements of their sound, between chance and truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from msgld.errors import UsageError
from msgld.metrics import correlation, on_scale, rhythm_agreement, tonal_agreement
from msgld.stems import UNPITCHED

RATE = 22_050
"""At which sounds are compared: all that onsets and notes are heard by lies below 11 kHz."""

COPY = 0.95
"""Correlation of two log-mels from which on a stem is taken for a copy of another."""


@dataclass(frozen=True)
class Agreement:
    """How well a sound goes with given stems; NaN where that cannot be said.

    Attributes:
        rhythm: of its onsets with theirs. tone: of its notes with theirs, drums left out on both sides.
    """

    rhythm: float
    tone: float


@dataclass(frozen=True)
class Fit:
    """Agreements with the same given stems of what was made, of what another song has there, and of the true stems."""

    made: Agreement
    shuffled: Agreement
    real: Agreement


def agreement(played: dict[str, np.ndarray], given: dict[str, np.ndarray]) -> Agreement:
    """Compare two groups of stems, each (channels, L) at ``RATE``; the longer ones are cut."""
    one, other = _summed(played), _summed(given)
    length = min(one.shape[-1], other.shape[-1])
    rhythm = rhythm_agreement(one[..., :length], other[..., :length], RATE)
    first, second = (_summed(_pitched(group))[..., :length] for group in (played, given))
    tone = tonal_agreement(first, second, RATE) if first.size and second.size else float("nan")
    return Agreement(rhythm, tone)


def _pitched(stems: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {stem: samples for stem, samples in stems.items() if stem not in UNPITCHED}


def _summed(stems: dict[str, np.ndarray]) -> np.ndarray:
    """Their sum; nothing of nothing."""
    return np.sum([*stems.values()], axis=0) if stems else np.zeros(0)


def scaled(fits: Sequence[Fit], what: str) -> float | None:
    """Where ``rhythm`` or ``tone`` of what was made lies between shuffled (0) and true stems (1).

    Silence that was made agrees with nothing: it counts as 0. None where no clip says anything, or true stems agree
    no better than shuffled ones.
    """
    sides = [[getattr(getattr(fit, side), what) for fit in fits] for side in ("made", "shuffled", "real")]
    table = np.array(sides, float).reshape(3, -1)
    table[0] = np.nan_to_num(table[0])
    table = table[:, np.isfinite(table).all(0)]
    try:
        return round(on_scale(*table), 3) if table.shape[1] else None
    except UsageError:
        return None


def copies(made: np.ndarray, given: np.ndarray) -> int:
    """How many of the made stems are copies of a given one: log-mels (n, M, N) and (m, M, N)."""
    return sum(any(correlation(one, other) > COPY for other in given) for one in made)
