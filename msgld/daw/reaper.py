"""REAPER projects: text, an object a block in angle brackets, a value a line."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from msgld.daw.project import Project, Recording, Track
from msgld.music.bars import Signature
from msgld.music.notes import Notes

TICKS = 960
"""Ticks in a quarter note of notes."""

SOURCES = {".wav": "WAVE", ".flac": "FLAC", ".mp3": "MP3", ".ogg": "VORBIS"}
"""Kind of a source by a file's ending."""

_ON, _OFF, _CONTROL, _ALL_NOTES_OFF = 0x90, 0x80, 0xB0, 0x7B
_SQUARE = 1  # the tempo stays until the next point


def reaper_text(project: Project) -> str:
    """The project as the text of an ``.rpp`` file, whose sound files lie beside it."""
    return "\n".join(_project(project)) + "\n"


def quoted(text: str) -> str:
    """A text as a value: in the first kind of quotes that it has none of; REAPER has no other escape."""
    flat = " ".join(text.split())
    mark = next((one for one in "\"'`" if one not in flat), "`")
    return f"{mark}{flat.replace('`', chr(39)) if mark == '`' else flat}{mark}"


def _project(project: Project) -> Iterator[str]:
    (_, bpm), first = project.tempos[0], project.signatures[0]
    yield '<REAPER_PROJECT 0.1 "7.0" 0'
    yield f"  TEMPO {bpm:.10g} {first.numerator} {first.denominator}"
    for number, (beat, name) in enumerate(project.markers, 1):
        yield f"  MARKER {number} {project.second_at(beat):.10g} {quoted(name)} 0"
    yield from _indented(_tempo_map(project))
    for track in project.tracks:
        yield from _indented(_track(project, track))
    yield ">"


def _tempo_map(project: Project) -> Iterator[str]:
    """Points of tempo and metre; where the metre changes a point says so, whatever the tempo does."""
    points: dict[float, tuple[float, float, Signature | None]] = {
        round(beat, 6): (beat, bpm, None) for beat, bpm in project.tempos
    }
    for sign in project.signatures:
        held = float(project.timeline.bpm(np.array([sign.beat]))[0])
        beat, bpm, _ = points.get(round(sign.beat, 6), (sign.beat, held, None))
        points[round(sign.beat, 6)] = (beat, bpm, sign)
    yield "<TEMPOENVEX"
    yield "  ACT 1 -1"
    for _, (beat, bpm, changed) in sorted(points.items()):
        metre = f" {changed.denominator << 16 | changed.numerator} 0 1" if changed else ""
        yield f"  PT {project.second_at(beat):.12g} {bpm:.12g} {_SQUARE}{metre}"
    yield ">"


def _track(project: Project, track: Track) -> Iterator[str]:
    """A track with one item: sound stays at its second (0), notes at their beat (1)."""
    content = track.content
    if isinstance(content, Recording):
        channels, seconds, held, source = content.channels, content.seconds, 0, _recording(content)
    else:
        beats = project.beats
        channels, seconds, held, source = 2, project.second_at(beats), 1, _notes(content, beats)
    yield "<TRACK"
    yield f"  NAME {quoted(track.name)}"
    yield f"  NCHAN {max(2, channels + channels % 2)}"
    yield "  <ITEM"
    yield "    POSITION 0"
    yield f"    LENGTH {seconds:.12g}"
    yield "    LOOP 0"
    yield f"    BEAT {held}"
    yield f"    NAME {quoted(track.name)}"
    yield from _indented(source, 4)
    yield "  >"
    yield ">"


def _recording(recording: Recording) -> Iterator[str]:
    yield f"<SOURCE {SOURCES[recording.file.suffix.lower()]}"
    yield f"  FILE {quoted(str(recording.file))}"
    yield ">"


def _notes(notes: Notes, beats: float) -> Iterator[str]:
    """Notes as events, each with the ticks since the one before."""
    on = np.rint(np.maximum(notes.onset, 0) * TICKS).astype(int)
    off = np.maximum(on + 1, np.rint((notes.onset + notes.duration) * TICKS).astype(int))
    on, off, pitches, velocities = _apart(on, off, notes)
    rows = zip(*(one.tolist() for one in (on, off, pitches, velocities)), strict=True)
    events = [event for start, stop, pitch, velocity in rows
              for event in ((start, 1, _ON, pitch, velocity), (stop, 0, _OFF, pitch, 0))]  # fmt: skip
    last = max([round(beats * TICKS), *off.tolist()])
    yield "<SOURCE MIDI"
    yield f"  HASDATA 1 {TICKS} QN"
    place = 0
    for tick, _, status, pitch, velocity in sorted(events):
        yield f"  E {tick - place} {status:02x} {pitch:02x} {velocity:02x}"
        place = tick
    yield f"  E {last - place} {_CONTROL:02x} {_ALL_NOTES_OFF:02x} 00"
    yield ">"


def _apart(on: np.ndarray, off: np.ndarray, notes: Notes) -> tuple[np.ndarray, ...]:
    """Ticks, pitches and velocities of notes of which each ends where its pitch is struck again: events do not say
    which of two notes of one pitch they end. Of two that are struck together the longer one stays."""
    order = np.lexsort((off, on, notes.pitch))
    on, off, pitch, velocity = on[order], off[order], notes.pitch[order], notes.velocity[order]
    again = np.diff(pitch, append=-1) == 0
    following = np.append(on[1:], 0)
    off = np.where(again, np.minimum(off, following), off)
    kept = ~(again & (following == on))
    return on[kept], off[kept], pitch[kept], velocity[kept]


def _indented(lines: Iterator[str], spaces: int = 2) -> Iterator[str]:
    return (" " * spaces + line for line in lines)
