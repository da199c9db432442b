"""What a project has, whichever workstation it is for."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

import numpy as np

from msgld.music.bars import COMMON, Signature, Timeline
from msgld.music.midi.write import tempos
from msgld.music.notes import Notes
from msgld.music.score import Score

UNKNOWN = Timeline.steady(120.0)
"""The time of a project whose tempo is not known, as workstations have it."""


@dataclass(frozen=True)
class Recording:
    """A sound file.

    Attributes:
        file: its path, relative to the project's.
        rate: samples per second.
        channels: 1 or more.
        seconds: its length.
    """

    file: PurePosixPath
    rate: int
    channels: int
    seconds: float


@dataclass(frozen=True)
class Track:
    """A track of sound, or of notes.

    Attributes:
        name: shown in the workstation.
        content: from the project's beginning on.
    """

    name: str
    content: Recording | Notes


@dataclass(frozen=True)
class Project:
    """Tracks on one time.

    Attributes:
        name: of the piece.
        tracks: from the top.
        timeline: of the beats; beat 0 is at second 0.
        signatures: ascending, the first at beat 0.
        markers: quarter note and name, ascending.
    """

    name: str
    tracks: tuple[Track, ...]
    timeline: Timeline = UNKNOWN
    signatures: tuple[Signature, ...] = COMMON
    markers: tuple[tuple[float, str], ...] = ()

    @property
    def tempos(self) -> list[tuple[float, float]]:
        """Where the tempo changes: (quarter note, quarter notes a minute), the first at 0."""
        return tempos(self.timeline)

    @property
    def beats(self) -> float:
        """Quarter notes until everything has ended."""
        sounds = [track.content.seconds for track in self.tracks if isinstance(track.content, Recording)]
        notes = [track.content for track in self.tracks if isinstance(track.content, Notes)]
        ends = [float((one.onset + one.duration).max()) for one in notes if len(one)]
        return max([self.beat_at(max(sounds, default=0.0)), *ends])

    def beat_at(self, second: float) -> float:
        """The quarter note at a second."""
        return float(self.timeline.beat_at(np.array([second]))[0])

    def second_at(self, beat: float) -> float:
        """The second of a quarter note."""
        return float(self.timeline.at(np.array([beat]))[0])


def project_of(
    name: str,
    recordings: Mapping[str, Recording],
    score: Score | None,
    markers: Sequence[tuple[float, str]] = (),
) -> Project:
    """A project of recordings, and of a score that lies on them.

    Args:
        name: of the piece.
        recordings: by stem.
        score: its notes become tracks below those of the sound; None if there is none.
        markers: quarter note and name.
    """
    name, tracks = printable(name), [Track(printable(stem), one) for stem, one in recordings.items()]
    named = tuple((beat, printable(marker)) for beat, marker in markers)
    if score is None:
        return Project(name, tuple(tracks), markers=named)
    tracks += [Track(printable(f"{stem} notes"), notes) for stem, notes in score.notes.items() if len(notes)]
    return Project(name, tuple(tracks), score.timeline, score.signatures or COMMON, named)


def printable(text: str) -> str:
    """A text without the characters that XML or UTF-8 cannot hold: each becomes ``_``."""
    return re.sub("[\x00-\x1f\x7f\ud800-\udfff\ufffe\uffff]", "_", text)
