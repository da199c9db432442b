"""Keys: names of notes, modes, and how a key is written. The command line reads keys before NumPy is needed."""

from __future__ import annotations

from msgld.errors import UsageError

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


def transposed(key: str, semitones: int) -> str:
    """The key (its mode is kept) so many semitones higher."""
    tonic, mode = parse_key(key)
    return key_name(tonic + semitones, mode) if mode else NAMES[(tonic + semitones) % 12]
