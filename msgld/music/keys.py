"""Keys: names of notes, modes, how a key is written, and the key of written notes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgld.errors import UsageError

if TYPE_CHECKING:  # the command line reads keys before NumPy is needed
    import numpy as np

    from msgld.music.midi.parts import Part

NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")
SHARPS = {"C#": 1, "D#": 3, "Gb": 6, "G#": 8, "A#": 10, "Cb": 11, "E#": 5, "Fb": 4, "B#": 0}

MODES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "lydian": (0, 2, 4, 6, 7, 9, 11),
    "blues": (0, 3, 5, 6, 7, 10),
}


HELD, AHEAD = 0.94, 0.03
"""Fraction of the sounding time that the notes of a scale must fill, and its margin over any other scale."""

FEWEST = 5
"""Pitch classes without which several scales fit alike."""


def parse_key(text: str) -> tuple[int, str | None]:
    """Read ``"A minor"``, ``"Am"``, ``"Bb"`` or ``"F# dorian"``: the tonic's pitch class, and the mode or None.

    Raises:
        UsageError: for an unknown note name or mode.
    """
    name, _, mode = text.strip().partition(" ")
    mode = mode.strip().lower()
    name = name[:1].upper() + name[1:]
    if not mode and name.endswith("m"):
        name, mode = name[:-1], "minor"
    if name not in NAMES and name not in SHARPS:
        raise UsageError(f"unknown key {text!r}: give a note name such as 'C', 'F#' or 'Bb', then a mode")
    if mode and mode not in MODES:
        raise UsageError(f"unknown mode {mode!r}: choose one of {', '.join(MODES)}")
    return (NAMES.index(name) if name in NAMES else SHARPS[name]), mode or None


def key_name(tonic: int, mode: str) -> str:
    """Return the name that ``parse_key`` reads, such as ``"Eb mixolydian"``."""
    return f"{NAMES[tonic % 12]} {mode}"


def scale(tonic: int, mode: str) -> tuple[int, ...]:
    """Pitch classes of a key, from its tonic upwards."""
    return tuple((tonic + step) % 12 for step in MODES[mode])


def notes_of(key: str) -> frozenset[int]:
    """Pitch classes of a key as it is written; of one without a mode those of major and minor.

    Raises:
        UsageError: for an unknown note name or mode.
    """
    tonic, mode = parse_key(key)
    modes = [mode] if mode else ["major", "minor"]
    return frozenset(note for one in modes for note in scale(tonic, one))


def key_of_scale(tonic: int, weights: Sequence[float]) -> str:
    """The major key or its relative minor, which share a scale: the one whose tonic and fifth weigh more.

    Args:
        tonic: of the major key.
        weights: of the twelve pitch classes, from C on.
    """
    relative = (tonic + 9) % 12
    major, minor = (weights[root] + weights[(root + 7) % 12] for root in (tonic, relative))
    return key_name(tonic, "major") if major >= minor else key_name(relative, "minor")


def transposed(key: str, semitones: int) -> str:
    """The key (its mode is kept) so many semitones higher."""
    tonic, mode = parse_key(key)
    return key_name(tonic + semitones, mode) if mode else NAMES[(tonic + semitones) % 12]


def key_of_notes(piece: Sequence[Part], start: float, seconds: float) -> str | None:
    """The major or minor key of an excerpt, or None where no scale clearly holds its notes.

    Of the two keys that share a scale, the result is the one with the longer tonic and fifth.

    Args:
        piece: drums are ignored.
        start: of the excerpt, seconds.
        seconds: its length.
    """
    import numpy as np

    time = sounding_time(piece, start, seconds)
    if np.count_nonzero(time) < FEWEST:
        return None
    held = [time[[*scale(tonic, "major")]].sum() / time.sum() for tonic in range(12)]
    tonic = int(np.argmax(held))
    second = np.partition(held, -2)[-2]
    if held[tonic] < HELD or held[tonic] - second < AHEAD:
        return None
    return key_of_scale(tonic, time.tolist())


def sounding_time(piece: Sequence[Part], start: float, seconds: float) -> np.ndarray:
    """Seconds for which each pitch class sounds in an excerpt, from C on, (12,)."""
    import numpy as np

    time = np.zeros(12)
    for part in piece:
        if not part.is_drum:
            begin, end = (
                np.clip(at, start, start + seconds) for at in (part.onset, part.onset + part.duration)
            )
            np.add.at(time, part.pitch % 12, end - begin)
    return time
