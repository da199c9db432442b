"""A score: the notes of all stems on the bars that they share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from msgld.errors import DataError
from msgld.music.bars import COMMON, Bars, Signature, Timeline, bars_of
from msgld.music.grid import bar_at
from msgld.music.midi.parts import Part, Song
from msgld.music.notes import Notes, by_channel, joined

SCORE_STEMS = ("bass", "drums", "guitar", "piano", "vocals", "other")
"""The stems of a score. ``vocals`` is the tune that a singer would have; where sound has five stems it is ``other``."""

_SUNG = re.compile(r"\b(vox|voices?|vocals?|voc|sing(er|ing)?|melody|choir|chorus)\b", re.IGNORECASE)
_VOICES = (52, 53, 54)
"""General MIDI programs of choirs and voices."""


@dataclass(frozen=True)
class Score:
    """A piece in notes.

    Attributes:
        bars: of the grid.
        timeline: the time of the beats.
        notes: by stem; a stem that the piece does not have is missing.
        signatures: time signatures, ascending.
        name: its title.
        meta: further facts, such as style and key.
    """

    bars: Bars
    timeline: Timeline
    notes: Mapping[str, Notes]
    signatures: tuple[Signature, ...] = COMMON
    name: str = ""
    meta: Mapping[str, str | float] = field(default_factory=dict)

    def between(self, first: int, last: int) -> Score:
        """The bars ``first`` to ``last`` (excluded) of the grid as a piece of their own; its time begins at 0."""
        bars = self.bars.between(first, last)
        start, end = float(bars.start[0]), float(bars.start[-1])
        zero = float(self.timeline.at(bars.start[:1])[0])
        inside = {stem: _since(notes, bar_at(notes.onset, self.bars), first, last, start, end)
                  for stem, notes in self.notes.items()}  # fmt: skip
        held = [sign for sign in self.signatures if sign.beat <= start + 1e-6][-1:]
        later = [sign for sign in self.signatures if start + 1e-6 < sign.beat < end]
        signatures = [replace(sign, beat=max(0.0, sign.beat - start)) for sign in (*held, *later)]
        return replace(
            self,
            bars=Bars(bars.start - start, bars.number - bars.number[0]),
            timeline=Timeline(self.timeline.beats - start, self.timeline.seconds - zero),
            notes={stem: notes for stem, notes in inside.items() if len(notes)},
            signatures=tuple(signatures),
        )


def _since(notes: Notes, bar: np.ndarray, first: int, last: int, start: float, end: float) -> Notes:
    """The notes of bars ``first`` to ``last`` (excluded) from their first beat ``start`` on; ``end`` cuts them."""
    kept = notes.pick((bar >= first) & (bar < last))
    return replace(kept, onset=kept.onset - start, duration=np.minimum(kept.duration, end - kept.onset))


def stem_in_score(part: Part) -> str:
    """The stem of a part in a score."""
    if part.is_drum:
        return "drums"
    return with_vocals(part.stem, part.program, part.name)


def with_vocals(stem: str, program: int, name: str) -> str:
    """``vocals`` for a part that is sung, by its program or its name; else its stem."""
    sung = program in _VOICES or _SUNG.search(name)
    return "vocals" if sung and stem not in ("bass", "drums") else stem


def score_of(song: Song) -> Score:
    """The score of a song.

    Raises:
        DataError: the song has no beats (a MIDI file that counts in seconds), or no notes that sound.
    """
    if song.timeline is None:
        raise DataError(f"{song.name} counts in seconds, not in beats: save it with a tempo")
    if not any(len(part) for part in song.parts):
        raise DataError(f"{song.name} has no notes")
    grouped: dict[str, list[Part]] = {}
    for part in song.parts:
        grouped.setdefault(stem_in_score(part), []).append(part)
    notes = {stem: _stem(grouped[stem], song.timeline) for stem in SCORE_STEMS if stem in grouped}
    if not any(map(len, notes.values())):
        raise DataError(f"{song.name} is silent: the volume of all its notes is 0")
    end = max(float((one.onset + one.duration).max()) for one in notes.values() if len(one))
    last = max(float(one.onset.max()) for one in notes.values() if len(one))
    bars = bars_of(song.signatures, min(end, last + 8.0))
    return Score(bars, song.timeline, notes, song.signatures or COMMON, song.name, song.meta)


def _stem(parts: list[Part], timeline: Timeline) -> Notes:
    """Parts of one stem, with what was written of them where all of them were read."""
    written = [part.written for part in parts if part.written is not None]
    whole = joined([_notes(part, timeline) for part in parts])
    return replace(whole, written=by_channel(written) if len(written) == len(parts) else ())


def _notes(part: Part, timeline: Timeline) -> Notes:
    """A part in beats, as loud as its velocities and controllers together make it."""
    audible = part.gain > 1e-3
    onset = timeline.beat_at(part.onset[audible])
    end = timeline.beat_at((part.onset + part.duration)[audible])
    # General MIDI: amplitude goes with the square of velocity, volume and expression alike.
    loud = np.clip(np.rint(part.velocity[audible] * np.sqrt(part.gain[audible])), 1, 127)
    return Notes.of(onset, end - onset, part.pitch[audible], loud, part.program)
