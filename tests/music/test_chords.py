"""Chords as they are written, and as notes make them."""

from __future__ import annotations

import numpy as np
import pytest

from msgld.errors import UsageError
from msgld.music.bar_features import halves_on
from msgld.music.bars import Signature, bars_of
from msgld.music.chord_names import QUALITIES, Chord, parse_chord, parse_chords
from msgld.music.chords import estimate_chords
from msgld.music.notes import Notes

NAMES = ("C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")


@pytest.mark.parametrize("quality", QUALITIES)
@pytest.mark.parametrize("bass", [None, 4])
def test_a_chord_is_read_as_it_is_written(quality: str, bass: int | None) -> None:
    for root in range(12):
        chord = Chord(root, quality, root if bass is None else bass)
        assert parse_chord(str(chord)) == chord


@pytest.mark.parametrize(
    ("text", "root", "quality", "bass"),
    [("Amin7", 9, "m7", 9), ("c", 0, "", 0), ("G#m", 8, "m", 8), ("Bbmaj7/D", 10, "maj7", 2), ("F#o", 6, "dim", 6),
     ("Csus", 0, "sus4", 0), ("A-7", 9, "m7", 9), ("C6/9", 0, "69", 0), ("Eø", 4, "m7b5", 4)],
)  # fmt: skip
def test_other_spellings(text: str, root: int, quality: str, bass: int) -> None:
    assert parse_chord(text) == Chord(root, quality, bass)


@pytest.mark.parametrize("text", ["Hm7b99", "", "X", "Cfoo", "C/H", "7", "C//E"])
def test_what_is_no_chord_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(UsageError, match="no chord") as error:
        parse_chord(text)
    assert "\n" not in str(error.value)


def test_a_row_of_bars() -> None:
    bars = parse_chords("Am,F | C/E N")
    assert [[str(chord) if chord else "N" for chord in bar] for bar in bars] == [["Am", "F"], ["C/E"], ["N"]]
    halves = halves_on(bars, bars_of([Signature()], 20.0))
    assert [tuple(str(chord) if chord else "N" for chord in bar) for bar in halves] == [
        ("Am", "F"), ("C/E", "C/E"), ("N", "N"), ("Am", "F"), ("C/E", "C/E")]  # fmt: skip


@pytest.mark.parametrize("text", ["", " | ", "C,D,E,F,G", ","])
def test_a_row_without_bars_or_with_too_many_chords_in_one_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_chords(text)


@pytest.mark.parametrize("quality", ["", "m", "7", "maj7", "m7", "dim", "sus4"])
def test_notes_of_a_chord_make_it(quality: str) -> None:
    for root in range(12):
        pitches = np.array([48 + root + step for step in QUALITIES[quality]])
        size = len(pitches)
        piano = Notes.of(np.zeros(size), np.full(size, 4.0), pitches, np.full(size, 80))
        bass = Notes.of(np.zeros(1), np.full(1, 4.0), np.array([36 + root]), np.array([80]))
        found = estimate_chords({"piano": piano, "bass": bass}, np.array([0.0, 4.0]))
        assert [str(chord) for chord in found[0]] == [str(Chord(root, quality, root))] * 2


def test_silence_and_drums_make_no_chord() -> None:
    drums = Notes.of(np.zeros(3), np.ones(3), np.array([36, 38, 42]), np.full(3, 80))
    assert estimate_chords({"drums": drums}, np.array([0.0, 4.0, 8.0])) == ((None, None), (None, None))


def test_transposing_moves_root_and_bass() -> None:
    chord = parse_chord("C/E")
    assert chord is not None
    assert str(chord.transposed(-2)) == "Bb/D"
    assert {(one + 10) % 12 for one in chord.classes} == set(chord.transposed(-2).classes)


def test_chords_of_a_long_bar_are_spread_over_its_parts() -> None:
    bars = bars_of([Signature(0, 12, 8)], 12.0)
    halves = halves_on(parse_chords("C,F G"), bars)
    assert [tuple(str(chord) for chord in pair) for pair in halves] == [
        ("C", "C"),
        ("F", "F"),
        ("G", "G"),
        ("G", "G"),
    ]
