"""Laws of soundfonts: what is written is read, and what is taken out of one plays as the whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fonts import save_soundfont
from soundfonts.compress import compressed

from msgld.data.band.instruments import CLASSES, RANGES
from msgld.errors import DataError
from msgld.music.bars import Timeline
from msgld.music.notes import Notes
from msgld.music.render import SHIPPED, render_notes
from msgld.music.render.extract import extract, nearest
from msgld.music.render.sf2 import sf2_bytes
from msgld.music.render.soundfont import DRUM_BANK, Preset, SoundFont, open_soundfont, parsed


def array(data: bytes) -> np.ndarray:
    return np.frombuffer(data, np.uint8)


def rewritten(font: SoundFont) -> SoundFont:
    waves = [font.wave(number) for number in range(len(font.recordings))]
    return parsed(array(sf2_bytes(list(font.presets.values()), font.instruments, font.recordings, waves)))


def test_what_is_written_is_read(tmp_path: Path):
    font = open_soundfont(save_soundfont(tmp_path / "tone.sf2"))
    again = rewritten(font)
    assert again.presets == font.presets
    assert list(again.instruments) == list(font.instruments)
    assert [replace(one, start=0, end=0) for one in again.recordings] == [
        replace(one, start=0, end=0) for one in font.recordings
    ]
    assert all(np.array_equal(again.wave(n), font.wave(n)) for n in range(len(font.recordings)))


def test_compressed_soundfonts_play_as_plain_ones(tmp_path: Path):
    plain = save_soundfont(tmp_path / "tone.sf2")
    (small := tmp_path / "tone.sf3").write_bytes(compressed(plain.read_bytes(), 0.9))
    tune = Notes.of(np.array([0.0]), np.array([2.0]), np.array([60]), np.array([100]))
    one, other = (render_notes(tune, Timeline.steady(120), soundfont=path) for path in (plain, small))
    assert np.abs(one - other).max() < 0.05 * np.abs(one).max()


def test_an_extract_holds_what_its_notes_need_and_no_more():
    font = open_soundfont(SHIPPED)
    few = parsed(array(extract(font, {(0, 0): np.array([[60, 100]])})[0]))
    many = parsed(array(extract(font, {(0, 0): np.array([[key, 100] for key in range(21, 109)])})[0]))
    assert set(few.presets) == {(0, 0)}
    assert 0 < len(few.recordings) < len(many.recordings) < len(font.recordings)


def with_presets(*places: tuple[int, int]) -> SoundFont:
    presets = {place: Preset("", *place, ()) for place in places}
    return SoundFont(presets, (), (), np.zeros(0, np.uint8))


@pytest.mark.parametrize(
    ("program", "played"), [(26, 26), (27, 24), (41, 40), (30, 24), (47, 40), (60, 61), (12, 24), (127, 61)]
)
def test_a_missing_program_is_played_by_its_familys_first_or_the_nearest(program: int, played: int):
    font = with_presets((0, 24), (0, 26), (0, 40), (0, 61), (128, 0), (8, 30))
    assert nearest(font, 0, program) == (0, played)


@pytest.mark.parametrize(("kit", "played"), [(0, 0), (25, 24), (40, 0)])
def test_a_missing_kit_is_played_by_its_familys_first_or_the_standard_one(kit: int, played: int):
    assert nearest(with_presets((128, 0), (128, 24), (0, 0)), DRUM_BANK, kit) == (DRUM_BANK, played)


def test_a_soundfont_without_kits_says_so():
    with pytest.raises(DataError, match="no drum kit"):
        nearest(with_presets((0, 0)), DRUM_BANK, 0)


def test_the_shipped_soundfont_plays_every_program_and_kit_of_the_band():
    timeline = Timeline.steady(60)
    keys = {program: (low + high) // 2 for program, (low, high) in RANGES.items()}
    for stem, programs in CLASSES.items():
        for program in programs:
            key = 38 if stem == "drums" else keys[program]
            one = Notes.of(np.zeros(1), np.full(1, 0.5), np.full(1, key), np.full(1, 90), program)
            sound = render_notes(one, timeline, stem == "drums", seconds=0.6)
            assert np.sqrt((sound**2).mean()) > 1e-3, f"program {program} of {stem} is silent"
