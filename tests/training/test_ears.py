"""Ears in training: effects keep onsets, crops keep their notes, steps lower the loss, thresholds are saved."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from running import train
from tiny import save_tiny_model

from msgld.checkpoint import load_model
from msgld.data.codecs import aligned, coded
from msgld.data.oscillator import Oscillator
from msgld.data.source import BadClip, Clip
from msgld.dsp.dynamics import rms
from msgld.dsp.filters import filtered
from msgld.music.midi.parts import Part
from msgld.music.played import Beats, Played
from msgld.music.score import SCORE_STEMS
from msgld.nets.listener import Listener
from msgld.training.listener import beats as beats_part
from msgld.training.listener import effects
from msgld.training.listener import part as notes_part
from msgld.training.listener.degrade import Degradation, degraded, separated
from msgld.training.listener.pool import PlayedPool
from msgld.training.listener.targets import ONSET, PITCH
from msgld.training.recipe import PoolConfig

RATE = 22_050


class Tunes:
    """A bass, a guitar and clicks on every beat, with their notes."""

    stems = SCORE_STEMS

    def clip(self, seed: int, seconds: float) -> Clip:
        rng = np.random.default_rng(seed)
        beats = np.arange(0.25, seconds, 0.5)
        stems, parts = np.zeros((6, 2, round(seconds * RATE)), np.float32), list[Part]()
        for k, (stem, low, high) in enumerate((("bass", 33, 45), ("drums", 36, 42), ("guitar", 50, 70))):
            ones = np.ones(len(beats))
            pitch = rng.integers(low, high, len(beats))
            parts.append(
                Part(stem, 0, k == 1, beats, 0.4 * ones, pitch, (100 * ones).astype(int), ones, 0 * ones)
            )
            if k == 1:
                for beat in beats:
                    at = round(beat * RATE)
                    length = min(2000, stems.shape[2] - at)
                    stems[k, :, at : at + length] = (
                        0.1 * rng.standard_normal(length) * np.exp(-np.arange(length) / 300)
                    )
            else:
                stems[k] = Oscillator(7 + k, RATE).render([replace(parts[-1], is_drum=False)], 0.0, seconds)
        played = Played(
            tuple(parts), Beats(beats, np.arange(len(beats)) % 4 == 0, np.zeros(len(beats), bool))
        )
        return Clip(stems, np.ones(6, bool), RATE, f"tune {seed}", played=played)


class Silent(Tunes):
    """Sound without notes."""

    def clip(self, seed: int, seconds: float) -> Clip:
        return replace(super().clip(seed, seconds), played=None)


def bursts(seed: int = 0) -> tuple[np.ndarray, list[int]]:
    """Bursts of noise in silence, and where they begin."""
    rng, wave, places = np.random.default_rng(seed), np.zeros(3 * RATE, np.float32), [9000, 27_000, 45_000]
    for place in places:
        wave[place : place + 6000] = 0.2 * rng.standard_normal(6000) * np.exp(-np.arange(6000) / 1500)
    return wave, places


EFFECTS: dict[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "equaliser": lambda x, rng: filtered(x, effects.equaliser(RATE, rng)),
    "cabinet": lambda x, rng: filtered(x, effects.cabinet(RATE, rng)),
    "cut": lambda x, rng: filtered(x, effects.cut_band(RATE, rng)),
    "amplifier": effects.driven,
    "compressor": lambda x, rng: effects.compressed(x, RATE, rng),
    "room": lambda x, rng: effects.roomed(x, RATE, rng),
    "modulation": lambda x, rng: effects.moved(x, RATE, rng),
    "codec": lambda x, rng: coded(x, RATE, rng),
    "separation": lambda x, rng: separated(x, np.roll(x, 8000), rng),
}


@pytest.mark.parametrize("name", EFFECTS)
@pytest.mark.parametrize("seed", range(4))
def test_effects_leave_onsets_in_their_place(name: str, seed: int):
    wave, _ = bursts(seed)
    made = EFFECTS[name](wave, np.random.default_rng(seed))
    assert made.shape == wave.shape and made.dtype == np.float32 and np.isfinite(made).all()
    size = 1 << 18
    alike = np.fft.irfft(np.fft.rfft(made, size) * np.fft.rfft(wave, size).conj(), size)
    late = int(np.abs(alike).argmax())
    assert min(late, size - late) < 0.003 * RATE


@pytest.mark.parametrize("late", [0, 1, 1105, 4000])
def test_a_delayed_copy_is_moved_back(late: int):
    wave, _ = bursts()
    np.testing.assert_allclose(aligned(np.pad(wave, (late, 500)), wave), wave, atol=1e-6)


def test_what_is_degraded_is_finite_and_about_as_loud_as_it_should_be():
    wave, _ = bursts()
    for seed in range(30):
        rng = np.random.default_rng(seed)
        made = degraded(wave, np.roll(wave, 5000) if seed % 2 else 0 * wave, RATE, Degradation(), rng)
        assert np.isfinite(made).all() and made.shape == wave.shape
        assert 0.04 < rms(made) < 0.21


def test_silence_stays_soft():
    silence = np.zeros(RATE, np.float32)
    for seed in range(10):
        made = degraded(silence, silence, RATE, Degradation(noise=0.0), np.random.default_rng(seed))
        assert np.isfinite(made).all() and rms(made) < 1e-3


def pool_of(source: Tunes, slots: int = 3, seconds: float = 4.0) -> PlayedPool:
    pool = PlayedPool(source, PoolConfig(slots=slots, seconds=seconds, workers=0), RATE)
    pool.fill()
    return pool


@pytest.mark.parametrize("semitones", [-2.4, 0.0, 0.3, 1.6])
def test_crops_keep_their_notes(semitones: float):
    pool, rng = pool_of(Tunes()), np.random.default_rng(0)
    drawn = pool.crop(0, 1, 2 * RATE, rng, semitones)  # clicks
    assert drawn.sound.shape == (2, 2 * RATE) and len(drawn.notes) >= 3
    before = 0.5 / 2 ** (semitones / 12)
    np.testing.assert_allclose(np.diff(drawn.notes[:, ONSET]), before, atol=2e-3)
    np.testing.assert_allclose(np.diff(drawn.beats[:, 0]), before, atol=2e-3)
    clicks = np.abs(drawn.sound[0])
    for onset in drawn.notes[drawn.notes[:, ONSET] > 0.02, ONSET]:
        at = round(onset * RATE)
        assert clicks[max(0, at - 300) : at - 40].max(initial=0) < 0.2 * clicks[at - 20 : at + 300].max()


def test_notes_are_renamed_as_they_are_shifted_and_drums_are_not():
    pool = pool_of(Tunes())
    for stem, expected in ((0, 2), (1, 0)):
        own = {round(pitch) for pitch in pool.notes[0, stem, : int(pool.begun[0, stem]), PITCH].tolist()}
        drawn = pool.crop(0, stem, 3 * RATE, np.random.default_rng(0), 1.7)
        assert {round(pitch) - expected for pitch in drawn.notes[:, PITCH].tolist()} <= own


def test_a_pool_may_grow_while_clips_are_chosen(monkeypatch: pytest.MonkeyPatch):
    pool, counts = pool_of(Tunes()), itertools.count(2)
    monkeypatch.setattr(PlayedPool, "__len__", lambda self: min(3, next(counts)))
    assert set(pool.slots_of(1)) <= {0, 1, 2}


def test_sound_without_notes_is_nothing_to_learn_from():
    pool = PlayedPool(Silent(), PoolConfig(slots=1, seconds=2.0, workers=0), RATE)
    with pytest.raises(BadClip, match="without notes"):
        pool.render(0)


@pytest.mark.parametrize("name", ["listener", "beats"])
def test_steps_on_a_fixed_batch_lower_its_loss(name: str, tmp_path: Path):
    torch.manual_seed(0)
    start = save_tiny_model(tmp_path / "tiny")
    module = notes_part if name == "listener" else beats_part
    recipe = replace(module.TINY, optim=replace(module.TINY.optim, warmup=1, rate=8e-3))
    design = notes_part.ListenerPart if name == "listener" else beats_part.BeatsPart
    part = design(recipe, tmp_path / "run", start)
    part.begin(Tunes())
    pool = part.pool(Tunes(), replace(recipe.pool, slots=3, seconds=6.0))
    trainer = part.trainer(pool, 1.0, False)
    batch = trainer.next_batch()
    trainer.next_batch = lambda: batch
    losses = [trainer.step() for _ in range(60)]
    for loss in trainer.weights.keys() - {"compound", "velocity"}:
        assert losses[-1][loss] < 0.8 * losses[0][loss], loss


def test_thresholds_are_set_and_saved_and_a_run_goes_on(tmp_path: Path, no_preparation: None):
    start, out = save_tiny_model(tmp_path / "tiny"), tmp_path / "run"
    recipe = replace(notes_part.TINY, pool=replace(notes_part.TINY.pool, slots=2))
    folder = train("listener", recipe, Tunes(), out, 0.1, start=start)
    first = load_model(folder)
    assert isinstance(first.listener, Listener) and first.info["listener_training"]["steps"] > 1
    new = Listener(recipe.network)
    assert not torch.equal(first.listener.thresholds, new.thresholds)
    train("listener", recipe, Tunes(), out, 0.15, start=start)
    assert load_model(folder).info["listener_training"]["steps"] > first.info["listener_training"]["steps"]
    assert load_model(start).listener is None


def test_beats_are_trained_beside_the_listener(tmp_path: Path, no_preparation: None):
    start = save_tiny_model(tmp_path / "tiny")
    recipe = replace(notes_part.TINY, pool=replace(notes_part.TINY.pool, slots=2))
    both = train("listener", recipe, Tunes(), tmp_path / "notes", 0.05, start=start)
    recipe = replace(beats_part.TINY, pool=replace(beats_part.TINY.pool, slots=2))
    both = train("beats", recipe, Tunes(), tmp_path / "beats", 0.05, start=both)
    model = load_model(both)
    assert model.listener is not None and model.beat_tracker is not None
