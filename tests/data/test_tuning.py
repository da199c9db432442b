"""Music out of tune: the pitch moves by the tuning, drums and all, and nothing else does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from fonts import save_soundfont

from msgld.data.midi import MidiFolder
from msgld.data.render import Renderer
from msgld.data.scores import ScoreSource, Variation
from msgld.music.midi.parts import Part
from msgld.stems import STEMS
from tests.scores import midi, score, track

RATE = 22_050
STILL = {"substitute": 0, "transpose": (0, 0), "tempo": (1, 1), "gain": 0, "pan": 0, "recolour": 0}


@pytest.fixture(scope="module")
def font(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_soundfont(tmp_path_factory.mktemp("fonts") / "tones.sf2", RATE)


def note(onset: float, duration: float, pitch: int, drums: bool = False) -> Part:
    ones = np.ones(1)
    return Part("drums" if drums else "piano", 0, drums, onset * ones, duration * ones,
                np.array([pitch]), np.array([100]), ones, 0 * ones)  # fmt: skip


def pitch_of(sound: np.ndarray) -> float:
    """MIDI pitch of the loudest frequency of the longest note."""
    blocks = np.abs(sound).max(0)[: sound.shape[1] // 100 * 100].reshape(-1, 100).max(1)
    runs = np.split(np.arange(len(blocks)), 1 + np.flatnonzero(np.diff(blocks > blocks.max() / 30)))
    longest = max((run for run in runs if blocks[run[0]] > blocks.max() / 30), key=len)
    wave, size = sound.mean(0)[100 * longest[0] : 100 * longest[-1] + 100], 1 << 20
    peak = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), size)).argmax()
    return float(69 + 12 * np.log2(peak * RATE / size / 440))


def sounds_at(sound: np.ndarray) -> tuple[float, float]:
    """Seconds at which a sound begins, and at which it has gone to less than a thirtieth."""
    loud = np.flatnonzero(np.abs(sound).max(0) > np.abs(sound).max() / 30)
    return float(loud[0] / RATE), float(loud[-1] / RATE)


@pytest.mark.parametrize("drums", [False, True])
@pytest.mark.parametrize("tuning", [-0.5, 0.1, 0.3, 0.5])
def test_pitch_moves_by_the_tuning_and_time_does_not(font: Path, tuning: float, drums: bool) -> None:
    one = [note(0.3, 0.8, 69, drums)]
    plain, tuned = (Renderer(font, RATE, tuning=by).render(one, 0.0, 2.0) for by in (0.0, tuning))
    assert plain.shape == tuned.shape
    assert pitch_of(tuned) - pitch_of(plain) == pytest.approx(tuning, abs=0.01)
    assert sounds_at(tuned) == pytest.approx(sounds_at(plain), abs=0.02)
    assert np.array_equal(Renderer(font, RATE).render(one, 0.0, 2.0), plain), "the next sound is as it was"


def test_tuning_adds_to_a_colour_that_keeps_the_pitch(font: Path) -> None:
    one = [note(0.1, 0.8, 69)]
    made = Renderer(font, RATE, colour=3, tuning=0.4).render(one, 0.0, 1.0)
    assert pitch_of(made) == pytest.approx(69.4, abs=0.02)


def source(tmp_path: Path, font: Path, **varied: float) -> ScoreSource:
    notes = [(2.0 * k, 1.5, 57, 100) for k in range(12)]
    tones = score(track(notes, program=33), track([(on, of, 69, v) for on, of, _, v in notes], program=0))
    (tmp_path / "one.mid").write_bytes(midi(tones))
    return ScoreSource(MidiFolder(tmp_path), [font], Variation(**STILL, **varied), rate=RATE)


def test_clips_are_out_of_tune_as_a_whole(tmp_path: Path, font: Path) -> None:
    detuned = source(tmp_path, font, detune=1.0, apart=0.0)
    tunings = []
    for seed in range(8):
        clip = detuned.clip(seed, 3.0)
        tunings.append(float(clip.meta["tuning"]))
        for stem, pitch in (("bass", 57), ("piano", 69)):
            assert pitch_of(clip.stems[STEMS.index(stem)]) - pitch == pytest.approx(tunings[-1], abs=0.02)
    assert -0.5 <= min(tunings) < -0.1 and 0.1 < max(tunings) <= 0.5


def test_stems_are_a_little_out_of_tune_with_each_other(tmp_path: Path, font: Path) -> None:
    detuned, apart = source(tmp_path, font, detune=1.0, apart=0.1), []
    for seed in range(6):
        clip = detuned.clip(seed, 3.0)
        off = [pitch_of(clip.stems[STEMS.index(s)]) - pitch for s, pitch in (("bass", 57), ("piano", 69))]
        apart.append(off[1] - off[0])
    assert 0.03 < np.std(apart) < 0.4


def test_some_clips_are_in_tune(tmp_path: Path, font: Path) -> None:
    varied = source(tmp_path, font, detune=0.5)
    clips = [varied.clip(seed, 3.0) for seed in range(40)]
    tuned = [clip for clip in clips if clip.meta["tuning"] == 0]
    assert 8 <= len(tuned) <= 32
    for clip in tuned[:3]:
        assert pitch_of(clip.stems[STEMS.index("piano")]) == pytest.approx(69, abs=0.1)
    never = source(tmp_path, font, detune=0.0)
    assert all(never.clip(seed, 1.0).meta["tuning"] == 0 for seed in range(10))
