"""The two doors between sound and latents: pieces are as the whole, seams lie where they should, counts are right."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny import save_tiny_model, song

from msgld.checkpoint import load_model
from msgld.diffusion.rollout import calls, roll_out
from msgld.diffusion.settings import Sampling
from msgld.dsp.mel import log_mel
from msgld.dsp.overlap_add import fade_in, splice
from msgld.model import CONTEXT, VOCODED, Model
from msgld.tasks import noise_maps as maps


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load_model(save_tiny_model(tmp_path_factory.mktemp("models") / "tiny"), "cpu")


def test_frames_cover_the_samples_and_no_more(model: Model):
    size = model.codec.frame_samples
    assert [model.frames(n, 44100) for n in (1, size, size + 1, 10 * size)] == [1, 1, 2, 10]
    assert model.frames(8000, 8000) == model.frames(44100, 44100)


def test_weights_kept_in_16_bits_answer_as_before(tmp_path: Path):
    model = load_model(save_tiny_model(tmp_path / "tiny"), "cpu", half=True)
    x = torch.randn(1, model.tracks, model.codec.channels, 12, generator=torch.Generator().manual_seed(0))
    levels, presence = torch.full((1, model.tracks, 12), 0.5), torch.ones(1, model.tracks, dtype=torch.bool)
    with torch.inference_mode():
        before = model(x, levels, presence)
        model.halve()
        after = model(x, levels, presence)
    weights = model.denoiser.network.blocks[0].perceptron.down.weight
    assert weights.dtype == torch.bfloat16
    assert torch.equal(before.z, after.z) and before.z.std() > 0.01


def test_a_long_sound_is_encoded_as_if_at_once(model: Model, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("msgld.model.ENCODED", 7)
    frames = 40
    wave = torch.from_numpy(song(1, frames * model.codec.frame_samples, 2))
    whole = model.codec.encode(log_mel(wave, model.codec.mel))
    torch.testing.assert_close(model.encode(wave, 44100), whole, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(model.encode(wave, 44100, 30)[..., :29], whole[..., :29], atol=1e-4, rtol=1e-4)
    both = model.encode(torch.stack([wave, 0 * wave]), 44100)
    silence = model.codec.encode(log_mel(0 * wave, model.codec.mel))
    torch.testing.assert_close(both, torch.stack([whole, silence]), atol=1e-4, rtol=1e-4)


def test_calls_are_counted_before_they_are_made(model: Model):
    tracks = len(model.stems) + 1
    task, denoiser = maps.drop(maps.generate(tracks, 500), [0, 2]), model.denoiser
    places = denoiser.window_frames, denoiser.past_frames
    for part in (
        task,
        maps.restrict(task, 300, 320),
        maps.restrict(task, 0, 500),
        maps.restrict(task, 499, 500),
    ):
        z = torch.zeros(1, tracks, model.codec.channels, 500)
        with torch.inference_mode():
            made = sum(1 for _ in roll_out(model, z, part, Sampling(steps=2), *places))
        assert made == calls(part, Sampling(steps=2), *places) > 0


class Counting(Model):
    """Decodes and vocodes each latent frame into 4 samples of its value."""

    def __init__(self) -> None:
        mel = SimpleNamespace(rate=400)
        self.codec = SimpleNamespace(frame_samples=4, mel=mel, decode=lambda z: z)

    def vocode(self, mels: torch.Tensor, stem: str | None = None, key: str | None = None) -> torch.Tensor:
        return mels[:, 0].repeat_interleave(4, -1)


def test_a_long_sound_is_vocoded_in_pieces_that_meet_where_they_should():
    frames = 1000
    values = torch.arange(frames).float()
    sound = Counting().decode(values[None], "bass")
    exact = values.repeat_interleave(4).numpy()
    seams = np.zeros(len(exact), bool)
    for start in range(VOCODED, frames, VOCODED):
        seams[4 * start - 2 * CONTEXT : 4 * start] = True
    np.testing.assert_array_equal(sound[~seams], exact[~seams])
    assert (np.abs(sound / np.maximum(exact, 1) - 1)[seams] < 0.5).all()
    assert (sound != exact).sum() == 8 * (frames // VOCODED)


def test_pieces_meet_in_a_pause_where_there_is_one():
    """Each piece has phases of its own: here, a sign. Seen apart from the pause, only one of them is heard."""
    signs = iter((1.0, -1.0))
    model, frames = Counting(), VOCODED + 50
    model.vocode = lambda mels, *whose: next(signs) * mels[:, 0].repeat_interleave(4, -1)
    loudness = torch.ones(1, frames)
    pause = slice(VOCODED - 6, VOCODED - 4)
    loudness[:, pause] = 0.1
    sound = model.decode(loudness, "bass").reshape(-1, 4)
    assert (sound[: pause.start] == 1).all() and (sound[pause.stop :] == -1).all()


def test_only_a_stretch_is_vocoded_where_only_that_is_asked_for():
    sound = Counting().decode(torch.ones(1, 200), "bass", None, 100, 120)
    assert sound.shape == (800,)
    assert (sound[400:480] == 1).all()
    assert not sound[: 4 * (100 - CONTEXT)].any()
    assert not sound[4 * (120 + CONTEXT) :].any()


@given(st.integers(1, 50), st.integers(0, 49), st.integers(1, 50), st.integers(0, 20))
def test_splicing_touches_nothing_outside(samples: int, first: int, length: int, fade: int):
    first = min(first, samples - 1)
    last = min(samples, first + length)
    old, new = np.full((2, samples), 3.0, np.float32), np.full((2, samples), 5.0, np.float32)
    spliced = splice(old, new, first, last, fade)
    np.testing.assert_array_equal(spliced[:, :first], old[:, :first])
    np.testing.assert_array_equal(spliced[:, last:], old[:, last:])
    assert (spliced[:, first:last] >= 3).all()
    if first == 0 and last == samples:
        np.testing.assert_array_equal(spliced, new)


def test_fades_are_equal_in_power():
    rise = fade_in(100)
    np.testing.assert_allclose(rise**2 + rise[::-1] ** 2, 1, rtol=1e-5)
    assert (np.diff(rise) > 0).all()
