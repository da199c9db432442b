"""Phrases of singers, with their notes: a folder of sound files and the manifest that ``tools/singing`` writes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from msgld.audio.sound import read_all
from msgld.dsp.resample import resample
from msgld.errors import DataError
from msgld.music.keys import notes_of
from msgld.music.midi.parts import Part
from msgld.stems import RATE

MANIFEST = "manifest.jsonl"
"""One line of JSON for each phrase: the attributes of :class:`Phrase`, notes as rows."""

ROLES = ("train", "test")
"""What singers are for; those for tests never train."""

KINDS = ("sung", "speech")
"""Whether a phrase has notes, or is spoken without any."""

IN_KEY = 0.95
"""Fraction of the sung time that lies on notes of a key, in a phrase that fits it."""

_PROGRAM = 53  # Voice Oohs
_ROW = 5  # onset, duration, pitch, velocity, syllable


@dataclass(frozen=True)
class Phrase:
    """A phrase as the manifest lists it.

    Attributes:
        file: its sound.
        voice: who sings.
        role: one of ``ROLES``.
        kind: one of ``KINDS``.
        licence: of the voice.
        author: whom the licence wants named.
        seconds: its length.
        notes: those of the first voice and of the voices that harmonise, in seconds from the start of the phrase.
        syllables: one for each note.
    """

    file: Path
    voice: str
    role: str
    kind: str
    licence: str
    author: str
    seconds: float
    notes: Part
    syllables: tuple[str, ...]

    def read(self) -> np.ndarray:
        """Its sound at ``RATE``, float32 (1 or 2, L).

        Raises:
            AudioReadError: the file is missing or damaged.
        """
        samples, rate = read_all(self.file)
        return resample(samples, rate, RATE)

    def in_key(self, key: str) -> float:
        """The fraction of the sung time that lies on notes of a key such as ``"G minor"``; 1 without notes."""
        wanted = np.isin(self.notes.pitch % 12, list(notes_of(key)))
        total = float(self.notes.duration.sum())
        return float(self.notes.duration[wanted].sum()) / total if total else 1.0


class Singing:
    """The phrases of one role in a folder.

    Args:
        folder: with sounds and a manifest.
        role: one of ``ROLES``. Phrases of the other role are as if they were not there.

    Raises:
        DataError: no manifest, a damaged one, or no phrase of the role.
    """

    def __init__(self, folder: Path, role: str = "train") -> None:
        self.folder = Path(folder)
        listed = [phrase for phrase in _read(self.folder) if phrase.role == role]
        if not listed:
            raise DataError(
                f"{self.folder} has no phrase to {role} with: make some with tools/singing/make.py"
            )
        self.phrases = tuple(listed)

    def __len__(self) -> int:
        return len(self.phrases)

    @property
    def voices(self) -> tuple[str, ...]:
        """Who sings, in order of their names."""
        return tuple(sorted({phrase.voice for phrase in self.phrases}))

    def of(self, voice: str) -> Singing:
        """The phrases of one voice."""
        one = copy(self)
        one.phrases = tuple(phrase for phrase in self.phrases if phrase.voice == voice)
        return one

    def fitting(
        self,
        longest: float = np.inf,
        key: str | None = None,
        pitches: tuple[int, int] = (0, 127),
        kinds: tuple[str, ...] = KINDS,
    ) -> tuple[Phrase, ...]:
        """The phrases that fit.

        Args:
            longest: seconds that a phrase may last.
            key: such as ``"G minor"``, whose notes the phrase keeps to (``IN_KEY``); None for any.
            pitches: lowest and highest MIDI pitch of its notes.
            kinds: some of ``KINDS``.

        Raises:
            UsageError: the key is unknown.
        """
        return tuple(
            phrase
            for phrase in self.phrases
            if phrase.kind in kinds
            and phrase.seconds <= longest
            and ((pitches[0] <= phrase.notes.pitch) & (phrase.notes.pitch <= pitches[1])).all()
            and (key is None or phrase.in_key(key) >= IN_KEY)
        )

    def draw(
        self,
        rng: np.random.Generator,
        longest: float = np.inf,
        key: str | None = None,
        pitches: tuple[int, int] = (0, 127),
        kinds: tuple[str, ...] = KINDS,
    ) -> Phrase | None:
        """One of the phrases that fit (see :meth:`fitting`), each voice as likely as the others; None if none does."""
        fit = self.fitting(longest, key, pitches, kinds)
        return of_any_voice(fit, rng) if fit else None


def of_any_voice(phrases: Sequence[Phrase], rng: np.random.Generator) -> Phrase:
    """One of some phrases, one at least, each voice as likely as the others."""
    voices = sorted({phrase.voice for phrase in phrases})
    voice = voices[int(rng.integers(len(voices)))]
    own = [phrase for phrase in phrases if phrase.voice == voice]
    return own[int(rng.integers(len(own)))]


def _read(folder: Path) -> list[Phrase]:
    path = folder / MANIFEST
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"{path} cannot be read: name a folder that tools/singing/make.py has written"
        ) from error
    return [_phrase(folder, line, f"{path}, line {number}") for number, line in enumerate(lines, 1)]


def _phrase(folder: Path, line: str, where: str) -> Phrase:
    try:
        entry = json.loads(line)
        notes, syllables = _notes(entry)
        words = {name: str(entry[name]) for name in ("voice", "role", "kind", "licence", "author")}
        phrase = Phrase(
            folder / str(entry["file"]),
            seconds=float(entry["seconds"]),
            notes=notes,
            syllables=syllables,
            **words,
        )
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(f"{where} describes no phrase: run tools/singing/make.py again") from error
    if phrase.role not in ROLES or phrase.kind not in KINDS:
        raise DataError(f"{where}: a role is one of {', '.join(ROLES)}, a kind one of {', '.join(KINDS)}")
    return phrase


def _notes(entry: Mapping[str, Any]) -> tuple[Part, tuple[str, ...]]:
    rows = sorted((row for row in entry["notes"]), key=lambda row: (row[0], row[2]))
    if any(len(row) != _ROW for row in rows):
        raise ValueError("a note has five columns")
    table = np.array([row[:4] for row in rows], np.float64).reshape(-1, 4)
    if not np.isfinite(table).all():
        raise ValueError("a note is not finite")
    onset, duration, pitch, velocity = table.T
    ones = np.ones(len(rows))
    part = Part(
        "vocals",
        _PROGRAM,
        False,
        onset,
        duration,
        pitch.astype(np.int64),
        velocity.astype(np.int64),
        ones,
        0 * ones,
        name=str(entry["voice"]),
    )
    return part, tuple(str(row[4]) for row in rows)
