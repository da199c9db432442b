"""What is sung: phrases of the band's tunes and simple tunes, each note with a syllable."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from msgld.data.frozen import RESERVED_SEED
from msgld.data.played import by_score_stem
from msgld.data.scores import band_song
from msgld.music.keys import notes_of
from msgld.music.midi.parts import Part
from singing.tunes import tune

REST = 0.35
"""Seconds without a note, after which another phrase begins."""
SHORTEST, LONGEST = 2.4, 7.3
"""Seconds of a phrase's notes."""
NOTE = 0.15
"""Seconds of the shortest note that a syllable is sung on."""
FEWEST = 4
"""Notes of a phrase."""
BEFORE, AFTER = 0.3, 0.4
"""Seconds before a phrase's first note and after its last."""
BAND = 0.6
"""Fraction of the phrases that are tunes of the band."""
_COMPASS, _DENSITY, _LEAP = (
    14,
    4.5,
    4.0,
)  # semitones, notes a second, mean interval: what a singer is given at most


@dataclass(frozen=True)
class Note:
    """One sung note: seconds from the start of its phrase, MIDI pitch and velocity, and what is sung on it."""

    onset: float
    duration: float
    pitch: int
    velocity: int
    syllable: str = ""

    @property
    def end(self) -> float:
        return self.onset + self.duration


@dataclass(frozen=True)
class Melody:
    """The notes of one phrase, one after another, the piece that they come from, and its key, to which they keep."""

    notes: tuple[Note, ...]
    origin: str
    key: str

    @property
    def seconds(self) -> float:
        return self.notes[-1].end + AFTER

    @property
    def middle(self) -> float:
        """The pitch in the middle of its range."""
        pitches = [note.pitch for note in self.notes]
        return (min(pitches) + max(pitches)) / 2

    def moved(self, semitones: int) -> Melody:
        """The notes so many semitones higher; the key stays that of the piece."""
        return replace(self, notes=tuple(replace(n, pitch=n.pitch + semitones) for n in self.notes))

    def sung(self, syllables: list[str]) -> Melody:
        """The melody with a syllable on each note."""
        pairs = zip(self.notes, syllables, strict=True)
        return replace(self, notes=tuple(replace(note, syllable=text) for note, text in pairs))


def draw(rng: np.random.Generator, role: str) -> Melody:
    """A phrase; those of the roles ``train`` and ``test`` come from different seeds.

    Tests get the seeds that the held-out set reserves, so that nothing is trained with their tunes.
    """
    while True:
        seed = int(rng.integers(RESERVED_SEED)) + (RESERVED_SEED if role == "test" else 0)
        if rng.random() >= BAND:
            simple = _simple(seed)
            if len(simple.notes) >= FEWEST:
                return simple
            continue
        song = by_score_stem(band_song(seed))
        key = str(song.meta["key"])
        parts = [part for part in song.parts if part.stem == "vocals"]
        found = [_in_key(n, key) for part in parts for n in phrases(part) if _singable(n)]
        if found:
            return Melody(found[int(rng.integers(len(found)))], song.name, key)


def _simple(seed: int) -> Melody:
    rows, key = tune(np.random.default_rng([1, seed]), SHORTEST, LONGEST)
    return Melody(tuple(Note(BEFORE + row[0], *row[1:]) for row in rows), f"tune-{seed}", key)


def _singable(notes: tuple[Note, ...]) -> bool:
    pitch = np.array([note.pitch for note in notes])
    slow = len(notes) <= _DENSITY * (notes[-1].end - notes[0].onset)
    return slow and bool(np.ptp(pitch) <= _COMPASS and np.abs(np.diff(pitch)).mean() <= _LEAP)


def _in_key(notes: tuple[Note, ...], key: str) -> tuple[Note, ...]:
    """The notes, those outside the key moved to the next one below or above in it."""
    classes = notes_of(key)
    near = {p: min((abs(d), d) for d in range(-3, 4) if (p + d) % 12 in classes)[1] for p in range(12)}
    return tuple(replace(note, pitch=note.pitch + near[note.pitch % 12]) for note in notes)


def phrases(part: Part) -> Iterator[tuple[Note, ...]]:
    """The phrases of a part that one voice can sing: of notes at once the highest, none shorter than ``NOTE``."""
    held: list[Note] = []
    for note in _one_voice(part):
        full = held and note.end - held[0].onset > LONGEST
        if held and (full or note.onset - held[-1].end > REST):
            yield from _whole(held)
            held = []
        held.append(note)
    yield from _whole(held)


def _whole(notes: list[Note]) -> Iterator[tuple[Note, ...]]:
    """The notes as a phrase with ``BEFORE`` seconds before it, if it is one."""
    if len(notes) >= FEWEST and SHORTEST <= notes[-1].end - notes[0].onset <= LONGEST:
        start = notes[0].onset - BEFORE
        yield tuple(replace(note, onset=note.onset - start) for note in notes)


def _one_voice(part: Part) -> list[Note]:
    """The highest of notes that begin together; each ends where the next begins, at the latest."""
    order = np.lexsort((-part.pitch, np.round(part.onset, 2)))
    kept: list[Note] = []
    for at in order.tolist():
        note = Note(
            float(part.onset[at]), float(part.duration[at]), int(part.pitch[at]), int(part.velocity[at])
        )
        if kept and note.onset - kept[-1].onset < NOTE:
            continue
        if kept and kept[-1].end > note.onset:
            kept[-1] = replace(kept[-1], duration=note.onset - kept[-1].onset)
        kept.append(note)
    return [note for note in kept if note.duration >= NOTE]
