"""How well notes or beats are found: hits within a tolerance, as in MIREX (Raffel et al. 2014, mir_eval)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Found:
    """Counts of hits.

    Attributes:
        hits: pairs of a true and a found one, each in one pair at most.
        true: number of true ones.
        made: number of found ones.
        errors: found minus true time of the hits, seconds, (hits,).
    """

    hits: int
    true: int
    made: int
    errors: np.ndarray

    @property
    def precision(self) -> float:
        """Fraction of the found ones that are right; 0 where there are none."""
        return self.hits / self.made if self.made else 0.0

    @property
    def recall(self) -> float:
        """Fraction of the true ones that are found; 0 where there are none."""
        return self.hits / self.true if self.true else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 1 where there is nothing and nothing is found."""
        return 2 * self.hits / (self.true + self.made) if self.true + self.made else 1.0


def found_times(true: np.ndarray, made: np.ndarray, tolerance: float) -> Found:
    """Hits among moments.

    Args:
        true: seconds, in any order, (N,).
        made: seconds, in any order, (M,).
        tolerance: seconds by which a hit may be off.
    """
    true, made = np.sort(true), np.sort(made)
    errors, i, j = list[float](), 0, 0
    # Of intervals of one length this takes as many pairs as there can be.
    while i < len(true) and j < len(made):
        away = float(made[j] - true[i])
        if abs(away) <= tolerance:
            errors.append(away)
            i, j = i + 1, j + 1
        elif away < 0:
            j += 1
        else:
            i += 1
    return Found(len(errors), len(true), len(made), np.array(errors))


def found_notes(
    true: tuple[np.ndarray, np.ndarray], made: tuple[np.ndarray, np.ndarray], tolerance: float = 0.05
) -> Found:
    """Hits among notes; ends do not count.

    Args:
        true: onsets in seconds and MIDI pitches, each (N,).
        made: the same of the notes that were found, each (M,).
        tolerance: seconds by which an onset may be off.
    """
    parts = [
        found_times(true[0][true[1] == pitch], made[0][made[1] == pitch], tolerance)
        for pitch in np.union1d(true[1], made[1])
    ]
    return summed(parts)


def summed(parts: list[Found]) -> Found:
    """Counts of several sounds together."""
    errors = np.concatenate([part.errors for part in parts]) if parts else np.zeros(0)
    hits, true, made = (sum(getattr(part, name) for part in parts) for name in ("hits", "true", "made"))
    return Found(hits, true, made, errors)
