"""Simple tunes as pop has them: a rhythm that comes back, steps along the scale, chord tones on the beats."""

from __future__ import annotations

import numpy as np

from msgld.music.keys import MODES, key_name

_RHYTHMS = (
    (1, 1, 1, 1), (1, 1, 2), (1.5, 0.5, 1, 1), (0.5, 0.5, 1, 0.5, 0.5, 1), (1.5, 1.5, 1), (0.5, 1, 0.5, 2),
    (0.5, 0.5, 0.5, 0.5, 1, 1), (3, 1), (0.75, 0.75, 0.5, 2), (2, 1, 1), (0.5, 1, 1, 0.5, 1), (0.75, 0.75, 1, 0.5, 1),
)  # fmt: skip
"""Beats of the notes of a bar."""
_CHORDS = ((0, 4, 5, 3), (5, 3, 0, 4), (0, 5, 3, 4), (0, 3, 4, 3), (3, 4, 2, 5), (0, 2, 3, 4))
"""Degrees on which the chords of four bars stand."""
_MODES = ("major", "major", "minor", "minor", "mixolydian", "dorian")

Row = tuple[float, float, int, int]
"""Onset and duration in seconds, pitch, velocity."""


def tune(rng: np.random.Generator, shortest: float, longest: float) -> tuple[list[Row], str]:
    """The notes of a tune that lasts between so many seconds, and its key."""
    mode = _MODES[int(rng.integers(len(_MODES)))]
    tonic, beat = int(rng.integers(12)), 60 / rng.uniform(66, 138)
    bars = int(rng.integers(max(1, np.ceil(shortest / (4 * beat))), np.floor(longest / (4 * beat)) + 1))
    drawn = rng.choice(len(_RHYTHMS), 2)
    order = (0, 0, 1, 0) if rng.random() < 0.5 else (0, 1, 0, 1)
    chords = _CHORDS[int(rng.integers(len(_CHORDS)))]
    rows, at, degree = list[Row](), 0.0, int(rng.integers(0, 5))
    for bar in range(bars):
        start = at
        for length in _RHYTHMS[int(drawn[order[bar % 4]])]:
            degree += int(
                rng.choice((-2, -1, -1, 0, 1, 1, 2, 4), p=(0.1, 0.2, 0.1, 0.15, 0.2, 0.1, 0.1, 0.05))
            )
            degree = _chordal(int(np.clip(degree, -3, 8)), chords[bar % 4], length >= 1 or at == start)
            pitch = 60 + tonic + 12 * (degree // 7) + MODES[mode][degree % 7]
            touch = rng.uniform(0.88, 1.0) if rng.random() < 0.8 else rng.uniform(0.6, 0.85)
            rows.append((at * beat, length * beat * touch, pitch, int(rng.integers(70, 110))))
            at += length
    return rows, key_name(tonic, mode)


def _chordal(degree: int, root: int, firm: bool) -> int:
    """The degree, or the chord's nearest one where the tune stands firm."""
    if not firm:
        return degree
    return min(
        range(degree - 2, degree + 3), key=lambda d: ((d - root) % 7 not in (0, 2, 4), abs(d - degree))
    )
