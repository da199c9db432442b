"""Measures of parts in notes: do they go together, are they as full as real ones?

All take notes in the grid (:class:`msgld.music.grid.Cells`) and the ``steps`` of its bars, (T,); nothing is loaded.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from msgld.metrics.coherence import correlation
from msgld.music.bars import QUARTER, STEPS
from msgld.music.chord_names import Halves
from msgld.music.grid import LOWEST, Cells
from msgld.music.key_detection import scale_fractions
from msgld.music.keys import notes_of, scale
from msgld.stems import UNPITCHED

Stems = Mapping[str, Cells]
"""Stem -> its notes."""

LEEWAY = 0.04
"""Fraction of the time of notes by which another scale may hold more: a note may be foreign to its key."""


def used_slots(steps: np.ndarray) -> np.ndarray:
    """Which of the grid's slots are music, bool (T, 16): a bar of 12 steps uses the first 12."""
    return np.asarray(np.arange(STEPS) < steps[:, None])


def half_of_slots(steps: np.ndarray) -> np.ndarray:
    """The half bar, counted through, that each slot lies in, (T * 16,)."""
    late = 2 * np.arange(STEPS) >= steps[:, None]
    return np.asarray((2 * np.arange(len(steps))[:, None] + late).reshape(-1))


def chroma_of(stems: Stems, steps: np.ndarray, place: np.ndarray) -> np.ndarray:
    """How long and loud each pitch class sounds in each stretch of slots, (N, 12); drums left out.

    Args:
        stems: notes.
        steps: of each bar.
        place: the stretch, 0 to N - 1, of each slot; the last slot is in the last stretch.
    """
    slots = len(steps) * STEPS
    grid = np.zeros((slots + 1, 12))
    for stem, cells in stems.items():
        if stem not in UNPITCHED:
            classes = (cells.key + LOWEST) % 12
            np.add.at(grid, (np.clip(cells.slot, 0, slots), classes), cells.velocity / 127)
            np.add.at(grid, (np.clip(cells.stop, 0, slots), classes), -cells.velocity / 127)
    sounding = grid.cumsum(0)[:-1].clip(0) * used_slots(steps).reshape(-1, 1)
    sums = np.zeros((int(place[-1]) + 1 if len(place) else 0, 12))
    np.add.at(sums, place, sounding)
    return sums


def notes_in_common(made: Stems, given: Stems, steps: np.ndarray) -> float:
    """Mean correlation of the pitch classes of made and given stems, quarter by quarter; -1 to 1.

    Quarters are weighted by how much both sound, as in :func:`msgld.metrics.coherence.tonal_agreement`, which is the
    same of sound.

    Returns:
        NaN where they never sound together.
    """
    quarters = np.arange(len(steps) * STEPS) // QUARTER
    one, other = (chroma_of(stems, steps, quarters) for stems in (made, given))
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
    return np.asarray(np.sqrt(sums).reshape(bars, STEPS))


def rhythm_in_common(made: Stems, given: Stems, steps: np.ndarray) -> float:
    """Mean correlation of the onset patterns of the bars in which both play, -1 to 1; NaN where there are none."""
    patterns = (onset_patterns(stems, len(steps)) for stems in (made, given))
    values = [correlation(one[:used], other[:used])
              for one, other, used in zip(*patterns, steps, strict=True) if one.any() and other.any()]  # fmt: skip
    return float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")


def laid_on(stems: Stems, own: np.ndarray, steps: np.ndarray) -> dict[str, Cells]:
    """Stems of one piece on the bars of another: bars of each length one after another, again where they run out.

    Args:
        stems: notes.
        own: steps of their bars.
        steps: of the bars on which they are laid; where no own bar has such a length, nothing plays.
    """
    sources = {length: np.flatnonzero(own == length) for length in set(steps.tolist())}
    taken = dict.fromkeys(sources, 0)
    moved: dict[str, list[Cells]] = {stem: [] for stem in stems}
    for bar, length in enumerate(steps.tolist()):
        if len(sources[length]):
            source = int(sources[length][taken[length] % len(sources[length])])
            taken[length] += 1
            for stem, cells in stems.items():
                moved[stem].append(_moved(cells, source, bar, len(steps)))
    return {stem: Cells.none().followed_by(parts) for stem, parts in moved.items()}


def _moved(cells: Cells, source: int, bar: int, bars: int) -> Cells:
    """The notes that begin in one bar, moved to another; the end of all bars cuts them."""
    cells = cells.pick(cells.slot // STEPS == source)
    move = np.int32((bar - source) * STEPS)
    stop = np.minimum(cells.stop + move, bars * STEPS)
    return Cells(cells.slot + move, stop, cells.key, cells.velocity, cells.offset)


def level_curve(cells: Cells | None, steps: np.ndarray) -> np.ndarray:
    """Summed velocity of the onsets of each half bar, its mean removed, (2 T,)."""
    curve = np.zeros(2 * len(steps))
    if cells is not None:
        begun = cells.slot >= 0
        np.add.at(curve, half_of_slots(steps)[cells.slot[begun]], cells.velocity[begun])
    return np.asarray(curve - curve.mean()) if len(curve) else curve


def curves_alike(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of two level curves, of the longer one as far as the other reaches; 0 where one is constant."""
    length = min(len(one), len(other))
    value = correlation(one[:length], other[:length])
    return value if np.isfinite(value) else 0.0


def silence(cells: Cells | None, steps: np.ndarray) -> float:
    """Fraction of the time in which a stem does not sound; 1 for None, no notes."""
    if cells is None or not len(cells):
        return 1.0
    slots = len(steps) * STEPS
    changes = np.zeros(slots + 1)
    np.add.at(changes, np.clip(cells.slot, 0, slots), 1)
    np.add.at(changes, np.clip(cells.stop, 0, slots), -1)
    return float((changes.cumsum()[:-1][used_slots(steps).reshape(-1)] <= 0).mean())


def in_chords(stems: Stems, halves: Halves, steps: np.ndarray) -> float:
    """Fraction of the time of notes, drums left out, that are tones of the chord of their half bar.

    Half bars without a chord do not count. NaN where no note sounds with a chord.
    """
    chroma = chroma_of(stems, steps, half_of_slots(steps))
    chords = [chord for pair in halves for chord in pair]
    known = [
        (row, list({*chord.classes, chord.bass})) for row, chord in zip(chroma, chords, strict=True) if chord
    ]
    total = sum(row.sum() for row, _ in known)
    return float(sum(row[tones].sum() for row, tones in known) / total) if total > 0 else float("nan")


def in_key(stems: Stems, key: str, steps: np.ndarray) -> bool:
    """Whether no other scale holds clearly (``LEEWAY``) more of the time of notes than that of a key.

    Scales of seven notes are compared, so relative keys count as one. A blues is met by a scale with all but one of its
    notes. False where nothing sounds but drums.

    Raises:
        UsageError: it is no key.
    """
    time = chroma_of(stems, steps, np.zeros(len(steps) * STEPS, int)).sum(0)
    if not time.any():
        return False
    held, wanted = scale_fractions(time), notes_of(key)
    most = min(7, len(wanted)) - key.endswith("blues")
    own = [part for tonic, part in enumerate(held) if len(wanted & {*scale(tonic, "major")}) >= most]
    return bool(own and max(own) >= held.max() - LEEWAY)
