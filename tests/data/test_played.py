"""Clips of scores say what is played in them, and oscillators play what is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import scores
from soundfonts.write import Preset, Zone, write_soundfont

from msgld.data.fonts import KITS, fitting, sounds_of
from msgld.data.oscillator import Oscillator
from msgld.data.played import ByScoreStem, MixedKit, by_score_stem, open_played, with_other_drums
from msgld.data.render import Renderer
from msgld.data.score_clips import validation_songs
from msgld.errors import DataError, UsageError
from msgld.music.listen.drums import KINDS
from msgld.music.midi.parts import Part, Song
from msgld.music.midi.perform import read_midi
from msgld.music.played import played_in

RATE = 22_050


def part(notes: list[tuple[float, float, int]], stem: str = "other", program: int = 80) -> Part:
    onset, duration, pitch = np.array(notes, float).reshape(-1, 3).T
    ones = np.ones(len(notes))
    return Part(
        stem, program, False, onset, duration, pitch.astype(int), (100 * ones).astype(int), ones, 0 * ones
    )


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("pitch", [40, 57, 76])
def test_an_oscillator_plays_its_notes_when_they_are_written(seed: int, pitch: int):
    sound = Oscillator(seed, RATE).render([part([(1.0, 1.0, pitch)])], 0.0, 2.5).sum(0)
    assert sound.shape == (round(2.5 * RATE),) and not sound[: RATE - 1].any()
    loud = np.abs(sound[RATE : round(1.3 * RATE)]).max()
    assert loud > 1e-3
    steady = sound[round(1.1 * RATE) : round(1.9 * RATE)]
    spectrum = np.abs(np.fft.rfft(steady * np.hanning(len(steady)), 1 << 17))
    hertz = np.fft.rfftfreq(1 << 17, 1 / RATE)
    fundamental = 440 * 2 ** ((pitch - 69) / 12)
    share = [
        spectrum[np.abs(hertz / (fundamental * 2 ** (away / 12)) - 1) < 0.02].max()
        for away in (-3.5, -1.5, 0, 1.5)
    ]
    assert int(np.argmax(share)) == 2


def test_an_excerpt_is_a_piece_of_the_whole():
    piece = [part([(0.2, 0.5, 60), (1.2, 0.4, 64)])]
    noiseless = [Oscillator(3, RATE) for _ in range(2)]
    for one in noiseless:
        one.noise, one.voices, one.rng = 0.0, 1, np.random.default_rng(0)
    whole, later = noiseless[0].render(piece, 0.0, 2.0), noiseless[1].render(piece, 1.0, 1.0)
    onset = round(1.2 * RATE)
    assert np.abs(later[:, : onset - RATE - 1]).max() <= np.abs(whole[:, RATE : onset - 1]).max() + 1e-6
    assert later[:, onset - RATE :].any()


@pytest.mark.parametrize("tempo", [0.8, 1.25])
def test_notes_and_beats_of_an_excerpt_are_those_of_the_piece(tempo: float):
    song = read_midi(scores.midi(scores.band()), "band.mid")
    faster = [replace(one, onset=one.onset / tempo, duration=one.duration / tempo) for one in song.parts]
    played = played_in(song, faster, 3.3, 5.0, tempo)
    for one in played.parts:
        whole = next(
            other for other in faster if other.program == one.program and other.is_drum == one.is_drum
        )
        inside = whole.onset[(whole.onset < 8.3) & (whole.onset + whole.duration > 3.3)]
        np.testing.assert_allclose(one.onset + 3.3, inside)
    # 120 quarter notes a minute: every second note of these, and a bar every four.
    beats = played.beats.seconds + 3.3
    np.testing.assert_allclose(np.diff(beats), 0.5 / tempo)
    bars = beats[played.beats.first] * tempo / 2
    np.testing.assert_allclose(bars, np.rint(bars), atol=1e-6)


def test_tunes_are_sung_and_noises_are_left_out():
    tune, noise = replace(part([(0, 1, 60)]), name="Lead Vocal"), part([(0, 1, 60)], program=122)
    song = by_score_stem(Song((tune, noise, part([(0, 1, 60)])), "x"))
    assert [one.stem for one in song.parts] == ["vocals", "other"]


def test_what_trains_no_score_trains_no_ears(tmp_path: Path):
    name = next(iter(validation_songs()))
    (tmp_path / name).write_bytes(scores.midi(scores.band()))
    with pytest.raises(DataError, match="no usable MIDI"):
        open_played([tmp_path], band=False)


def test_ears_need_notes():
    with pytest.raises(UsageError, match="notes"):
        open_played([], band=False)


def test_pieces_of_a_library_are_drawn_alike():
    class One:
        def draw(self, rng: np.random.Generator) -> Song:
            return Song((part([(0, float(rng.integers(1, 9)), 60)]),), "x")

    one = ByScoreStem(One()).draw(np.random.default_rng(1))
    assert one.parts[0].duration[0] == One().draw(np.random.default_rng(1)).parts[0].duration[0]


def test_other_drums_play_the_same_rhythm():
    pitch = np.tile([36, 38, 42, 46, 51, 54, 70], 6)
    ones = np.ones(len(pitch))
    drums = Part("drums", 0, True, np.arange(len(pitch)) / 4, ones / 4, pitch, 90 * ones, ones, 0 * ones)
    tune = part([(0, 1, 60)])
    kinds = set[int]()
    for seed in range(20):
        other, same = with_other_drums(Song((drums, tune), "x"), np.random.default_rng(seed)).parts
        assert same is tune
        assert np.array_equal(other.onset, drums.onset)
        was, now = pitch[:7], other.pitch[:7]
        assert np.array_equal(other.pitch, np.tile(now, 6))
        assert len(set(now[now != was])) == (now != was).sum()
        kinds |= set(now.tolist())
    assert len(kinds) > 20
    assert kinds <= {*KINDS.tolist(), *was.tolist()}


def kit_of(path: Path, keys: range, frequency: float) -> Path:
    """A soundfont whose drum kit has some keys, all of them a tone."""
    wave = 0.3 * np.sin(2 * np.pi * frequency * np.arange(RATE) / RATE)
    zone = Zone(wave.astype(np.float32), RATE, 60, keys=(keys.start, keys.stop - 1))
    write_soundfont(path, path.stem, [Preset("tone", 3, [zone]), Preset("kit", 0, [zone], KITS)])
    return path


def test_a_soundfont_fits_by_the_drums_that_it_has(tmp_path: Path):
    few, many = (kit_of(tmp_path / f"{n}.sf2", range(35, n), 220.0) for n in (40, 60))
    drums = [replace(part([(0, 1, 38), (1, 1, 39)], "drums", 0), is_drum=True)]
    more = [replace(part([(0, 1, 38), (1, 1, 51)], "drums", 0), is_drum=True)]
    assert sounds_of(few) == {(0, 3), *((KITS, key) for key in range(35, 40))}
    assert fitting([few, many], drums) == [few, many] and fitting([few, many], more) == [many]
    assert fitting([few, many], [part([(0, 1, 38)], program=3), *more]) == [many]


def test_a_kit_of_two_soundfonts_plays_every_drum_once(tmp_path: Path):
    low, high = (kit_of(tmp_path / f"{name}.sf2", range(35, 60), name) for name in (200.0, 1000.0))
    notes = replace(
        part([(0.5 * n, 0.4, key) for n, key in enumerate((36, 38, 42, 49))], "drums"), is_drum=True
    )
    second = np.isin(np.arange(128), (38, 49))
    sound = MixedKit((Renderer(low, RATE), Renderer(high, RATE)), second).render([notes], 0.0, 2.0)
    heights = [np.abs(np.fft.rfft(part_of)).argmax() * RATE / len(part_of)
               for part_of in np.split(sound[0], 4)]  # fmt: skip
    assert [height > heights[0] * 3 for height in heights] == [False, True, False, True]
