"""The band told which chords to play: its players on the chords of another piece."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from msgld.errors import UsageError
from msgld.music import keys
from msgld.music.chord_names import QUALITIES, Halves
from msgld.music.chord_names import Chord as Named
from msgld.music.key_detection import scale_fractions

from .compose import Piece, plan_piece, play_out
from .dice import Dice
from .instruments import CLASSES
from .plan import Bar, Section, Segment
from .styles import RESERVED_STYLES, STYLES
from .theory import Chord, chord_scale

_SECTION, _LEVEL = 8, 0.65
_SILENCE = Named(0, "5", 0)


def accompany(chords: Halves, beats: int = 4, seed: int = 0) -> Piece:
    """Compose a piece of all stems over given chords; all of them play from the first bar on.

    Args:
        chords: of the halves of each bar. Where there is none the chord before goes on.
        beats: quarter notes in a bar, as many as some style has.
        seed: of all choices, the style among them.

    Raises:
        UsageError: no style has bars of so many beats, or there is no bar.
    """
    fitting = [style for style in STYLES.values() if style.beats == beats]
    fitting = [style for style in fitting if style.name not in RESERVED_STYLES] or fitting
    if not fitting or not chords:
        raise UsageError(f"the band plays no bars of {beats} beats: give bars of 3 or 4")
    dice = Dice(seed, "told")
    named = _held(chords)
    tonic = _tonic(named)
    song = plan_piece(dice.pick(fitting), None, keys.key_name(tonic, "major"), len(chords), dice)
    scale = keys.scale(tonic, "major")
    tones = [Chord(one.root, tuple(sorted(QUALITIES[one.quality])), ()) for one in named]
    known = [replace(one, scale=chord_scale(one.root, one.tones, scale)) for one in tones]
    bars = [_bar(index, beats, known) for index in range(len(chords))]
    parts = [bars[first : first + _SECTION] for first in range(0, len(bars), _SECTION)]
    return play_out(replace(song, sections=tuple(_section(part) for part in parts), pushed=frozenset()), seed)


def _held(chords: Halves) -> list[Named]:
    """A chord for each half bar: where there is none, that before, or else the first of all."""
    halves = [chord for pair in chords for chord in pair]
    last = next((chord for chord in halves if chord is not None), _SILENCE)
    held = []
    for chord in halves:
        last = chord or last
        held.append(last)
    return held


def _tonic(chords: list[Named]) -> int:
    """Tonic of the major scale that holds most of the chords' tones."""
    tones = np.bincount([tone for chord in chords for tone in chord.classes], minlength=12)
    return int(scale_fractions(tones.astype(float)).argmax())


def _bar(index: int, beats: int, chords: list[Chord]) -> Bar:
    start, half = float(index * beats), beats / 2
    first, second = chords[2 * index : 2 * index + 2]
    following = chords[min(2 * index + 2, len(chords) - 1)]
    if first == second:
        segments: tuple[Segment, ...] = (Segment(start, float(beats), first, following),)
    else:
        segments = (Segment(start, half, first, second), Segment(start + half, half, second, following))
    return Bar(index, index % _SECTION, start, segments)


def _section(bars: list[Bar]) -> Section:
    return Section("verse", _LEVEL, tuple(bars), dict.fromkeys(CLASSES, 0), "other", False, "")
