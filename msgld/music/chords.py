"""The chords that notes make."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from msgld.music.chord_names import QUALITIES, Chord, Halves
from msgld.music.notes import Notes

_ESTIMATED = ("", "m", "7", "maj7", "m7", "dim", "sus4", "5", "aug", "m7b5", "6", "m6")
"""Qualities that notes are searched for."""

_TEMPLATES = np.array(
    [
        [float((pitch - root) % 12 in QUALITIES[q]) for pitch in range(12)]
        for q in _ESTIMATED
        for root in range(12)
    ]
)
_SIZES = _TEMPLATES.sum(1)


def chord_of(weights: np.ndarray, bass: int | None) -> Chord | None:
    """The chord that pitch classes make, None if they make none.

    Args:
        weights: how long each pitch class sounds, (12,).
        bass: pitch class of the lowest note.
    """
    total = float(weights.sum())
    if total <= 0 or bass is None:
        return None
    fraction = np.minimum(weights / total, 0.5)
    inside = _TEMPLATES @ fraction
    present = _TEMPLATES @ (fraction > 0.04)
    roots = np.tile(np.arange(12), len(_ESTIMATED))
    score = inside - 0.18 * (_SIZES - present) - 0.03 * _SIZES + 0.12 * (roots == bass)
    best = int(score.argmax())
    if inside[best] < 0.6 * fraction.sum() or present[best] < 2:
        return None
    root = int(roots[best])
    tones = {(root + step) % 12 for step in QUALITIES[_ESTIMATED[best // 12]]}
    return Chord(root, _ESTIMATED[best // 12], bass if bass in tones else root)


def estimate_chords(notes: Mapping[str, Notes], starts: np.ndarray) -> Halves:
    """The chords of the halves of bars.

    Args:
        notes: of the pitched stems; the bass, where there is one, tells the lowest note.
        starts: bar lines in quarter notes, (T + 1,).
    """
    edges = np.sort(np.concatenate([starts, (starts[:-1] + starts[1:]) / 2]))
    chroma, lowest = np.zeros((len(edges) - 1, 12)), np.full(len(edges) - 1, 999)
    for stem, part in notes.items():
        if stem == "drums":
            continue
        weight = {"vocals": 0.4, "bass": 1.2}.get(stem, 1.0)
        end = part.onset + part.duration
        first = np.clip(np.searchsorted(edges, part.onset + 0.06, side="right") - 1, 0, len(chroma) - 1)
        last = np.clip(np.searchsorted(edges, end - 1e-6, side="left") - 1, 0, len(chroma) - 1)
        for ahead in range(int((last - first).max(initial=-1)) + 1):
            here = first + ahead <= last
            cell = (first + ahead)[here]
            length = np.minimum(end[here], edges[cell + 1]) - np.maximum(part.onset[here], edges[cell])
            kept = length > 0.02
            np.add.at(
                chroma, (cell[kept], part.pitch[here][kept] % 12), weight * np.minimum(length[kept], 1.0)
            )
            if stem != "vocals":
                np.minimum.at(lowest, cell[kept], part.pitch[here][kept])
    found = [
        chord_of(row, int(low) % 12 if low < 999 else None) for row, low in zip(chroma, lowest, strict=True)
    ]
    return tuple(zip(found[::2], found[1::2], strict=True))
