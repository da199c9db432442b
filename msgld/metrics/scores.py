"""Measures of music in notes: do parts go together, are they as full as real ones, do they return, are they copies?

All take notes in the grid (:class:`msgld.music.grid.Cells`) and the number of bars; nothing is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from msgld.metrics.coherence import correlation
from msgld.music.bars import STEPS
from msgld.music.chord_names import Halves
from msgld.music.grid import LOWEST, Cells

Stems = Mapping[str, Cells]
"""Stem -> its notes."""

SLOTS = STEPS // 2
"""Slots of half a bar."""


def chroma_of(stems: Stems, bars: int, slots: int = 4) -> np.ndarray:
    """How long each pitch class sounds in each stretch of ``slots`` slots, (T * 16 / slots, 12); drums left out."""
    grid = np.zeros((bars * STEPS + 1, 12))
    for stem, cells in stems.items():
        if stem != "drums":
            classes = (cells.key + LOWEST) % 12
            np.add.at(grid, (np.clip(cells.slot, 0, None), classes), cells.velocity / 127)
            np.add.at(grid, (np.clip(cells.stop, 0, bars * STEPS), classes), -cells.velocity / 127)
    return np.asarray(grid.cumsum(0)[:-1].reshape(-1, slots, 12).sum(1))


def notes_in_common(made: Stems, given: Stems, bars: int) -> float:
    """Mean correlation of the pitch classes of made and given stems, weighted by how much both sound; -1 to 1.

    Returns:
        NaN where they never sound together. :func:`msgld.metrics.coherence.tonal_agreement` is the same of sound.
    """
    one, other = chroma_of(made, bars), chroma_of(given, bars)
    weights = np.sqrt(one.sum(1) * other.sum(1))
    used = weights > 0.05 * weights.max(initial=0.0)
    pairs = [(correlation(a, b), w) for a, b, w in zip(one[used], other[used], weights[used], strict=True)]
    known = np.array([pair for pair in pairs if np.isfinite(pair[0])]).reshape(-1, 2)
    return float(np.average(known[:, 0], weights=known[:, 1])) if len(known) else float("nan")


def onset_patterns(stems: Stems, bars: int) -> np.ndarray:
    """Loudness of the onsets at each step of each bar, (T, 16): the square root of summed velocities."""
    sums = np.zeros(bars * STEPS)
    for cells in stems.values():
        begun = cells.slot >= 0
        np.add.at(sums, cells.slot[begun], cells.velocity[begun] / 127)
    return np.sqrt(sums).reshape(bars, STEPS)


def rhythm_in_common(made: Stems, given: Stems, bars: int) -> float:
    """Mean correlation of the onset patterns of bars in which both play, -1 to 1; NaN where there are none."""
    pairs = zip(onset_patterns(made, bars), onset_patterns(given, bars), strict=True)
    values = [correlation(one, other) for one, other in pairs if one.any() and other.any()]
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def level_curve(cells: Cells | None, bars: int) -> np.ndarray:
    """Summed velocity of the onsets of each half bar, its mean removed, (2 T,)."""
    curve = np.zeros(2 * bars)
    if cells is not None:
        begun = cells.slot >= 0
        np.add.at(curve, cells.slot[begun] // SLOTS, cells.velocity[begun])
    return np.asarray(curve - curve.mean())


def curves_alike(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of two level curves; 0 where one is constant."""
    value = correlation(one, other)
    return value if np.isfinite(value) else 0.0


def silence(cells: Cells | None, steps: np.ndarray) -> float:
    """Fraction of the time in which a stem does not sound.

    Args:
        cells: its notes; None for no notes.
        steps: of each bar.
    """
    if cells is None or not len(cells):
        return 1.0
    slots = len(steps) * STEPS
    changes = np.zeros(slots + 1)
    np.add.at(changes, np.clip(cells.slot, 0, slots), 1)
    np.add.at(changes, np.clip(cells.stop, 0, slots), -1)
    used = (np.arange(STEPS) < steps[:, None]).reshape(-1)
    return float((changes.cumsum()[:-1][used] <= 0).mean())


def bar_sets(cells: Cells | None, bars: int) -> list[frozenset[tuple[int, int]]]:
    """The notes of each bar as (step, key)."""
    sets: list[set[tuple[int, int]]] = [set() for _ in range(bars)]
    if cells is not None:
        for slot, key in zip(cells.slot.tolist(), cells.key.tolist(), strict=True):
            if slot >= 0:
                sets[slot // STEPS].add((slot % STEPS, key))
    return [frozenset(one) for one in sets]


def repetition(cells: Cells | None, bars: int) -> float:
    """How much bars return: the mean, over bars with notes, of the largest Jaccard index with another bar; 0 to 1.

    Returns:
        NaN with fewer than two bars that have notes.
    """
    sets = [one for one in bar_sets(cells, bars) if one]
    if len(sets) < 2:
        return float("nan")
    best = [max(len(a & b) / len(a | b) for j, b in enumerate(sets) if j != i) for i, a in enumerate(sets)]
    return float(np.mean(best))


def bar_keys(cells: Cells | None, bars: int, drums: bool = False) -> list[bytes]:
    """A key of each bar that has notes; transposed bars have the same, those of drums only equal ones."""
    keys = []
    for notes in bar_sets(cells, bars):
        if notes:
            low = 0 if drums else min(key for _, key in notes)
            keys.append(np.array(sorted((step, key - low) for step, key in notes), np.int16).tobytes())
    return keys


def copied(keys: Iterable[bytes], known: frozenset[bytes] | set[bytes]) -> float:
    """Fraction of bars that are among the known ones; NaN without bars."""
    found = [key in known for key in keys]
    return float(np.mean(found)) if found else float("nan")


def doublings(made: Cells | None, given: Stems, bars: int, alike: float = 0.9) -> float:
    """Fraction of a made stem's bars whose steps and pitch classes a given stem has, too; NaN without bars.

    Args:
        alike: Jaccard index from which a bar counts as doubled.
    """
    own = [_classes(one) for one in bar_sets(made, bars)]
    others = [
        [_classes(one) for one in bar_sets(cells, bars)] for stem, cells in given.items() if stem != "drums"
    ]
    found = [any(one and len(one & other[bar]) >= alike * len(one | other[bar]) for other in others)
             for bar, one in enumerate(own) if one]  # fmt: skip
    return float(np.mean(found)) if found else float("nan")


def _classes(notes: frozenset[tuple[int, int]]) -> frozenset[tuple[int, int]]:
    return frozenset((step, (key + LOWEST) % 12) for step, key in notes)


def in_chords(stems: Stems, halves: Halves) -> float:
    """Fraction of the time of notes, drums left out, that are tones of the chord of their half bar.

    Half bars without a chord do not count. NaN where no note sounds with a chord.
    """
    chroma = chroma_of(stems, len(halves), SLOTS)
    chords = [chord for pair in halves for chord in pair]
    inside = sum(
        chroma[i, list(set(chord.classes))].sum() for i, chord in enumerate(chords) if chord is not None
    )
    total = sum(chroma[i].sum() for i, chord in enumerate(chords) if chord is not None)
    return float(inside / total) if total > 0 else float("nan")
