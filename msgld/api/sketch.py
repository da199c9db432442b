"""A sketch: what a piece of the built-in band tells the composer, which then writes all notes itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from msgld.data.band.compose import plan_piece, written
from msgld.data.band.dice import Dice
from msgld.data.band.perform import TICKS, played
from msgld.data.band.plan import Bar, Song
from msgld.data.band.style import Style
from msgld.data.band.styles import RESERVED_STYLES, STYLES
from msgld.data.band.theory import Chord as BandChord
from msgld.music.bar_features import own_features
from msgld.music.bars import Signature, bars_of
from msgld.music.chord_names import QUALITIES, Chord, parse_chords
from msgld.music.conditions import Conditions
from msgld.music.grid import to_cells
from msgld.music.keys import key_name, notes_of, parse_key
from msgld.music.notes import Notes, joined
from msgld.music.score import SCORE_STEMS, with_vocals

TRIES = 6
"""Pieces of the band, of which the one is taken in which wanted stems play most, and chords are in the wanted key."""

IN_KEY = 10.0
"""What the chords' part in the wanted key weighs against the part of the time that wanted stems play."""


@dataclass(frozen=True)
class Sketch:
    """What a piece of the band says bar by bar. Its bars are written ones, N of them.

    Attributes:
        key: such as ``"Eb minor"``.
        sections: name of the section of each bar, such as ``"verse"``.
        chords: of each bar, as they are written.
        own: density and loudness of each stem as features, float32 (S, N, ``OWN``); open for stems that it lacks.
        programs: of the stems that it has.
    """

    key: str
    sections: tuple[str, ...]
    chords: tuple[str, ...]
    own: np.ndarray
    programs: Mapping[str, tuple[int, ...]]


def in_a_style(conditions: Conditions, styles: Sequence[str], seed: int) -> Conditions:
    """Conditions with a style.

    Args:
        conditions: without a style they get one of their metre, and of the mode of their key and of their tempo if
            there is any; without one of the metre they stay open.
        styles: that the composer knows.
        seed: of the draw.
    """
    if conditions.style is not None:
        return conditions
    known = [one for name, one in STYLES.items() if name in styles and name not in RESERVED_STYLES]
    fitting = [one for one in known if one.beats == conditions.beats]
    bpm, mode = conditions.bpm, parse_key(conditions.key)[1] if conditions.key else None
    fitting = [one for one in fitting if mode in one.modes] or fitting
    fitting = [one for one in fitting if bpm is not None and one.tempo[0] <= bpm <= one.tempo[1]] or fitting
    return replace(conditions, style=Dice(seed, "style").pick(fitting).name) if fitting else conditions


def sketched(
    conditions: Conditions, bpm: float, bars: int, stems: Sequence[str], wanted: Sequence[str], seed: int
) -> Sketch:
    """Sketch a piece.

    Args:
        conditions: style, key and metre.
        bpm: quarter notes a minute.
        bars: N.
        stems: of the composer, in the order of ``own``.
        wanted: stems that should play.
        seed: of all choices.
    """
    dice = Dice(seed, "sketch")
    style = _style(conditions, dice)
    tries = [_play(style, conditions, bpm, bars, stems, dice.child(number)) for number in range(TRIES)]
    places = [stems.index(stem) for stem in wanted]
    return max(tries, key=lambda one: _fullness(one, places) + IN_KEY * _in_key(one, conditions.key))


def _fullness(sketch: Sketch, places: Sequence[int]) -> float:
    """How much of the time wanted stems play; one that plays for three quarters is as good as full."""
    return float((sketch.own[places, :, 1] > 0).mean(1).clip(max=0.75).mean())


def _in_key(sketch: Sketch, key: str | None) -> float:
    """The part of the chords' tones that are in the key that is asked for; pieces may change key, or leave it."""
    if key is None:
        return 0.0
    chords = [chord for bar in parse_chords(" ".join(sketch.chords)) for chord in bar if chord is not None]
    inside = notes_of(key)
    return float(np.mean([tone in inside for chord in chords for tone in chord.classes]))


def _style(conditions: Conditions, dice: Dice) -> Style:
    """The style that is asked for, else any of the metre, or of any metre."""
    if conditions.style in STYLES:
        return STYLES[conditions.style]
    known = [one for name, one in STYLES.items() if name not in RESERVED_STYLES]
    return dice.pick([one for one in known if one.beats == conditions.beats] or known)


def _play(
    style: Style, conditions: Conditions, bpm: float, bars: int, stems: Sequence[str], dice: Dice
) -> Sketch:
    song = plan_piece(style, bpm, conditions.key, bars, dice)
    notes = notes_of_band(song, dice.whole(0, 2**31))
    planned = [(section.name, bar) for section in song.sections for bar in section.bars]
    return Sketch(
        key_name(song.tonic, song.mode),
        tuple(name for name, _ in planned),
        tuple(_chords(bar, song) for _, bar in planned),
        _own(notes, stems, bars, song.beats, style.beats == conditions.beats),
        {stem: one.programs for stem, one in notes.items()},
    )


def notes_of_band(song: Song, seed: int) -> dict[str, Notes]:
    """The notes of a planned piece of the band, by stem, as loud as they are in the mix."""
    grouped = dict[str, list[Notes]]()
    for part, (onset, duration, pitch, velocity) in played(song, written(song, seed), Dice(seed, "perform")):
        loud = np.clip(np.rint(velocity * (part.volume / 100)), 1, 127)
        notes = Notes.of(onset / TICKS, duration / TICKS, pitch, loud, part.program)
        grouped.setdefault(with_vocals(part.stem, part.program, part.stem), []).append(notes)
    return {stem: joined(grouped[stem]) for stem in SCORE_STEMS if stem in grouped}


def _own(notes: Mapping[str, Notes], stems: Sequence[str], bars: int, beats: int, fits: bool) -> np.ndarray:
    """Density and loudness of written bars; open for stems without notes, and for all in another metre."""
    grid = bars_of([Signature(0.0, beats, 4)], float(bars * beats))
    cells = {stem: to_cells(one, grid) for stem, one in notes.items()}
    own = own_features(cells, stems, len(grid))
    own[[stem not in cells or not fits for stem in stems]] = 0
    return own[:, np.searchsorted(grid.number, np.arange(bars))]


def _chords(bar: Bar, song: Song) -> str:
    """The chords of the halves of a bar as they are written."""
    halves = [str(_named(bar.at(bar.start + part * song.beats).chord)) for part in (0.0, 0.5)]
    return ",".join(dict.fromkeys(halves))


def _named(chord: BandChord) -> Chord:
    """A chord by its name; one that has none by that of its triad."""
    steps = {tone % 12 for tone in chord.tones}
    alike = (name for name, own in QUALITIES.items() if set(own) == steps)
    return Chord(chord.root, next(alike, "m" if 3 in steps else ""), chord.root)
