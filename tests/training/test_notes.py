"""The note reader: paths, heard notes, that a bass is played at the pitch that is read, and its training."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import torch
from running import train
from tiny import save_tiny_model

import msgld
from msgld.checkpoint import load_model
from msgld.data.source import Clip
from msgld.dsp.stft import istft, stft
from msgld.errors import DataError, ModelError
from msgld.music.keys import notes_of
from msgld.nets.harmonics import harmonics, lobe
from msgld.nets.note_reader import NoteReader, NoteReaderConfig, likeliest_path
from msgld.nets.vocoder import VocoderConfig
from msgld.stems import STEMS
from msgld.training.note_reader.batch import NotePool, NoteVary
from msgld.training.note_reader.part import TINY
from msgld.training.note_reader.targets import note_targets
from msgld.training.recipe import PoolConfig

RATE, HOP = 44_100, 512
CONFIG = NoteReaderConfig()
TURN = 2 * np.pi * HOP / 2048


def hertz_of(note: float) -> float:
    return 440 * 2 ** ((note - 69) / 12)


def tone(hertz: float, seconds: float) -> np.ndarray:
    """A note with eight partials, mono."""
    time = np.arange(round(seconds * RATE)) / RATE
    waves = [0.7**k * np.sin(2 * np.pi * hertz * k * time + k) for k in range(1, 9)]
    return (0.1 * np.sum(waves, 0)).astype(np.float32)


@pytest.mark.parametrize("change", [0.0, 1.0, 3.0])
def test_the_path_is_the_likeliest_of_all(change: float):
    rng = np.random.default_rng(round(change))
    for _ in range(20):
        scores = rng.normal(0, 1.5, (3, 5))
        worth = {
            path: sum(scores[k, n] for n, k in enumerate(path)) - change * np.count_nonzero(np.diff(path))
            for path in product(range(3), repeat=5)
        }
        assert tuple(likeliest_path(scores, change)) == max(worth, key=lambda path: worth[path])


@pytest.mark.parametrize("note", [24, 28, 35, 47, 63])
@pytest.mark.parametrize("cents", [-30, 0, 30])
def test_notes_are_heard_in_the_middle_of_a_tone(note: int, cents: int):
    notes, sure = note_targets(tone(hertz_of(note + cents / 100), 2.0), RATE, HOP, 172, CONFIG)
    assert (notes[20:150] == note - CONFIG.lowest).all() and (sure[20:150] > 0.9).all()


def test_notes_are_heard_when_they_are_played_and_pauses_are_not_believed():
    wave = np.concatenate([tone(hertz_of(33), 1), np.zeros(RATE, np.float32), tone(hertz_of(40), 1)])
    notes, sure = note_targets(wave, RATE, HOP, 258, CONFIG)
    assert (notes[15:70] == 9).all() and (notes[190:240] == 16).all()
    assert sure[105:155].max() < 0.1


def test_nothing_is_heard_in_silence():
    notes, sure = note_targets(np.zeros(RATE, np.float32), RATE, HOP, 86, CONFIG)
    assert notes.shape == (86,) and not sure.any()


def test_where_nothing_is_known_the_key_decides():
    reader = NoteReader(CONFIG)
    mels = torch.randn(2, 128, 40, generator=torch.Generator().manual_seed(0)) - 5
    with torch.no_grad():
        reader.outward.bias[:] = 0.5 * torch.rand(40, generator=torch.Generator().manual_seed(1))
        reader.outward.bias[2] = 1.0  # D, which is not of Eb minor
    free, keyed = reader.hertz(mels), reader.hertz(mels, notes_of("Eb minor"))
    assert free.shape == (2, 40) and free.unique().tolist() == pytest.approx([hertz_of(26)])
    classes = {round(69 + 12 * np.log2(hertz / 440)) % 12 for hertz in keyed.unique().tolist()}
    assert classes <= notes_of("Eb minor")


def test_a_note_that_is_plain_is_read_in_any_key():
    reader = NoteReader(CONFIG)
    with torch.no_grad():
        reader.outward.bias[2] = 12.0
    read = reader.hertz(torch.zeros(1, 128, 20), notes_of("Eb minor"))
    assert read.unique().tolist() == pytest.approx([hertz_of(26)])


def test_a_lobe_is_what_the_window_makes_of_a_sinusoid():
    away = torch.linspace(-3, 3, 25)
    window = torch.hann_window(512, dtype=torch.float64)
    time = torch.arange(512) - 256
    direct = [(window * torch.cos(2 * np.pi * d * time / 512)).sum() / window.sum() for d in away.double()]
    torch.testing.assert_close(lobe(away), torch.stack(direct).float(), atol=1e-4, rtol=0)


@pytest.mark.parametrize("bins", [1.6, 2.0, 3.3, 7.5])
def test_partials_of_a_steady_pitch_are_the_spectrum_of_one_sound(bins: float):
    config, pitch = VocoderConfig(), torch.full((1, 60), bins)
    magnitude = 0.1 + torch.rand(1, 1, 32, generator=torch.Generator().manual_seed(0)).expand(1, 60, 32)
    low = harmonics(magnitude, pitch, TURN)
    whole = torch.cat([low, torch.zeros(1, 60, config.bins - 32)], 2).transpose(1, 2)
    again = stft(istft(whole, config.n_fft, config.hop), config.n_fft, config.hop)
    inside = slice(6, 54)  # where no column lies outside of the sound
    error = (again - whole)[:, :28, inside].abs().square().sum() / whole[:, :28, inside].abs().square().sum()
    assert error < 0.01


@pytest.mark.parametrize("note", [28, 31, 36, 45])
def test_a_known_pitch_is_played_as_loud_as_it_was(note: int):
    hertz, config = hertz_of(note), VocoderConfig()
    wave = torch.from_numpy(tone(hertz, 2.0))[None, : 168 * HOP]
    true = stft(wave, config.n_fft, config.hop)[:, :32].transpose(1, 2)
    low = harmonics(true.abs(), torch.full((1, 168), hertz * config.n_fft / RATE), TURN)

    def played(spectra: torch.Tensor) -> np.ndarray:
        whole = torch.cat([spectra, torch.zeros(1, 168, config.bins - 32)], 2).transpose(1, 2)
        return istft(whole, config.n_fft, config.hop)[0].numpy()[RATE // 4 : -RATE // 4]

    made, real = played(low), played(true)
    assert abs(1200 * np.log2(pitch_near(made, hertz) / hertz)) < 5
    assert abs(20 * np.log10(np.std(made) / np.std(real))) < 0.7


def test_notes_follow_each_other_without_a_click():
    pitch = torch.full((1, 80), 2.5)
    pitch[:, 40:] = 3.2
    low = harmonics(torch.ones(1, 80, 32), pitch, TURN)
    whole = torch.cat([low, torch.zeros(1, 80, VocoderConfig().bins - 32)], 2).transpose(1, 2)
    made = istft(whole, 2048, HOP)[0, 10 * HOP : 70 * HOP]
    steps = made.diff().abs()
    assert steps[29 * HOP : 31 * HOP].max() < 1.5 * steps[: 25 * HOP].max()


def pitch_near(wave: np.ndarray, hertz: float) -> float:
    """Within three semitones, the pitch whose partials have most."""
    spectrum = np.abs(np.fft.rfft(wave * np.hanning(len(wave)), 1 << 19))
    places = np.fft.rfftfreq(1 << 19, 1 / RATE)
    tried = hertz * 2 ** np.linspace(-0.25, 0.25, 1201)
    sums = sum(np.interp(tried * k, places, spectrum) for k in range(1, 7))
    return float(tried[np.argmax(sums)])


class Basses:
    """One note a second on the bass, noise on the drums."""

    stems = STEMS

    def clip(self, seed: int, seconds: float) -> Clip:
        rng = np.random.default_rng(seed)
        notes = [tone(hertz_of(int(note)), 1.0) for note in rng.integers(31, 41, int(np.ceil(seconds)))]
        bass = np.concatenate(notes)[: round(seconds * RATE)]
        stems = np.zeros((len(STEMS), 2, len(bass)), np.float32)
        stems[0] = bass
        stems[1] = 0.02 * rng.standard_normal(stems[1].shape)
        return Clip(stems, np.arange(len(STEMS)) < 2, RATE, f"clip {seed}")


class Drums(Basses):
    """No bass among the stems."""

    stems = ("drums", "piano")


def test_a_pool_keeps_notes_that_are_shifted_with_the_sound(tmp_path: Path):
    codec = load_model(save_tiny_model(tmp_path)).codec
    vary = NoteVary(shifted=1.0, level=0.0, bend_db=0.0, noise=0.0)
    pool = NotePool(Basses(), PoolConfig(slots=6, seconds=4.0, workers=0), codec, CONFIG, vary)
    crops = pool.draw(16, 96, np.random.default_rng(0))
    assert crops.mels.shape == (16, 64, 96) and crops.notes.shape == crops.sure.shape == (16, 96)
    heard = crops.notes[crops.sure > 0.9] + CONFIG.lowest
    assert int(heard.min()) >= 31 - 7 and int(heard.max()) <= 40 + 7
    assert len(set(heard.tolist()) - set(range(31, 41))) > 0


def test_a_silent_bass_is_nothing_to_learn_from(tmp_path: Path):
    codec = load_model(save_tiny_model(tmp_path)).codec
    pool = NotePool(Basses(), PoolConfig(slots=2, seconds=4.0, workers=0), codec, CONFIG)
    pool.store(0, np.zeros((len(STEMS), 2, 4 * RATE), np.float32), 0)
    assert not pool.kept[0].any()


def test_training_reads_notes_that_it_could_not_read_and_goes_on(tmp_path: Path, no_preparation: None):
    start, out = save_tiny_model(tmp_path / "tiny"), tmp_path / "run"
    recipe = replace(TINY, optim=replace(TINY.optim, ema=0.9))
    first = train("notes", recipe, Basses(), out, steps=180, start=start)
    told = load_model(first)
    assert told.note_reader is not None and told.info["notes_training"]["steps"] == 180
    pool = NotePool(Basses(), replace(TINY.pool, seed=999), told.codec, told.note_reader.config)
    crops = pool.draw(32, 96, np.random.default_rng(1))
    with torch.no_grad():
        read = told.note_reader(crops.mels).argmax(1)
    sure = crops.sure > 0.9
    assert (read == crops.notes)[sure].float().mean() > 0.3  # one in forty by chance
    assert list((out / "samples").glob("*.png"))
    again = train("notes", recipe, Basses(), out, steps=183, start=start)
    assert load_model(again).info["notes_training"]["steps"] == 183
    assert not load_model(start).info.get("notes_training")


def test_what_cannot_be_trained_is_said(tmp_path: Path):
    silent = save_tiny_model(tmp_path / "silent", vocoder=False)
    with pytest.raises(ModelError, match="--part vocoder"):
        train("notes", TINY, Basses(), tmp_path / "run", start=silent)
    sounding = save_tiny_model(tmp_path / "sounding")
    with pytest.raises(DataError, match="bass"):
        train("notes", TINY, Drums(), tmp_path / "run", start=sounding)


def test_only_the_bass_of_what_is_made_is_played_by_its_notes(tmp_path: Path):
    plain, reading = (
        msgld.load(save_tiny_model(tmp_path / str(notes), notes=notes), device="cpu", half=False)
        for notes in (False, True)
    )
    assert plain.model.note_reader is None and reading.model.note_reader is not None
    options = msgld.Options(steps=2)
    one, other = (model.generate(3.0, options=options) for model in (plain, reading))
    for stem in STEMS:
        assert np.array_equal(one.stems[stem], other.stems[stem]) == (stem != "bass")
    assert list(other.stems) == list(one.stems)
    assert reading.model.decoding_order(STEMS)[-1] == "bass"
    song = np.sum([*one.stems.values()], 0)
    separated = [model.separate((song, one.rate)).stems["bass"] for model in (plain, reading)]
    assert np.array_equal(*separated)
