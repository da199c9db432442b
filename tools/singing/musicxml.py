"""A melody as the MusicXML that Sinsy reads: kana on notes, in bars of four beats."""

from __future__ import annotations

from dataclasses import replace

from singing.lyrics import KANA
from singing.melodies import Melody, Note

BPM = 125.0
"""Tempo of the file, whatever that of the music is; a division is then 20 ms."""
DIVISIONS = 24
BAR = 4 * DIVISIONS
SECONDS = 60 / BPM / DIVISIONS
"""Seconds of a division."""
_STEPS = ("C", "C", "D", "D", "E", "F", "F", "G", "G", "A", "A", "B")
_SHARP = (1, 3, 6, 8, 10)


def on_grid(melody: Melody) -> Melody:
    """The melody with onsets and ends on divisions; a note ends where the next one begins, at the latest."""
    firsts = [round(note.onset / SECONDS) for note in melody.notes]
    notes = []
    for note, first, limit in zip(melody.notes, firsts, [*firsts[1:], 1 << 30], strict=True):
        last = min(max(round(note.end / SECONDS), first + 4), limit)
        notes.append(replace(note, onset=first * SECONDS, duration=(last - first) * SECONDS))
    return replace(melody, notes=tuple(notes))


def musicxml(melody: Melody) -> str:
    """The file's text; the melody is on the grid, after a rest. Notes across bar lines are tied."""
    at, pieces = 0, list[tuple[int, int, Note | None]]()
    for note in melody.notes:
        first, last = round(note.onset / SECONDS), round(note.end / SECONDS)
        pieces += [(at, first, None)] if first > at else []
        pieces.append((first, last, note))
        at = last
    end = (at // BAR + 1) * BAR  # a rest at either end, as Sinsy puts a bar of its own where there is none
    pieces.append((at, end, None))
    bars = [""] * (end // BAR)
    for first, last, sung in pieces:
        for bar in range(first // BAR, -(-last // BAR)):
            left, right = max(first, bar * BAR), min(last, (bar + 1) * BAR)
            bars[bar] += _element(right - left, sung, left == first, right == last)
    measures = "".join(
        f'<measure number="{k + 1}">{_HEAD if k == 0 else ""}{bar}</measure>' for k, bar in enumerate(bars)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><score-partwise version="2.0"><part-list><score-part id="P1">'
        f'<part-name>voice</part-name></score-part></part-list><part id="P1">{measures}</part></score-partwise>'
    )


_HEAD = (
    f"<attributes><divisions>{DIVISIONS}</divisions><key><fifths>0</fifths><mode>major</mode></key>"
    "<time><beats>4</beats><beat-type>4</beat-type></time><clef><sign>G</sign><line>2</line></clef></attributes>"
    f'<direction><sound tempo="{BPM:g}"/></direction>'
)


def _element(length: int, note: Note | None, begins: bool, ends: bool) -> str:
    if note is None:
        return f"<note><rest/><duration>{length}</duration><voice>1</voice></note>"
    step, octave = note.pitch % 12, note.pitch // 12 - 1
    alter = "<alter>1</alter>" if step in _SHARP else ""
    ties = ("" if begins else '<tie type="stop"/>') + ("" if ends else '<tie type="start"/>')
    lyric = f"<lyric><syllabic>single</syllabic><text>{KANA[note.syllable]}</text></lyric>" if begins else ""
    pitch = f"<pitch><step>{_STEPS[step]}</step>{alter}<octave>{octave}</octave></pitch>"
    return f"<note>{pitch}<duration>{length}</duration>{ties}<voice>1</voice>{lyric}</note>"
