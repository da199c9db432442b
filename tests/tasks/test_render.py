"""Between sound and latents: pieces are as the whole, seams lie where they should, counts are right."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny import save_tiny_model, song

from msgld.checkpoint import load_model
from msgld.model import Model
from msgld.tasks import noise_maps as maps
from msgld.tasks import render


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load_model(save_tiny_model(tmp_path_factory.mktemp("models") / "tiny"), "cpu")


def test_frames_cover_the_samples_and_no_more(model: Model):
    size = model.codec.frame_samples
    assert [render.frames_for(model, n, 44100) for n in (1, size, size + 1, 10 * size)] == [1, 1, 2, 10]
    assert render.frames_for(model, 8000, 8000) == render.frames_for(model, 44100, 44100)


def test_a_long_sound_is_encoded_as_if_at_once(model: Model, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(render, "ENCODED", 7)
    frames = 40
    wave = song(1, frames * model.codec.frame_samples, 2)
    z = render.encode(model, {1: wave}, 44100, frames, 2.0)
    whole = model.codec.encode_audio(torch.from_numpy(2 * wave))
    torch.testing.assert_close(z[0, 1], whole, atol=1e-4, rtol=1e-4)
    silence = model.codec.encode_audio(torch.zeros(1, frames * model.codec.frame_samples))
    torch.testing.assert_close(z[0, 0], silence)


def test_calls_are_counted_before_they_are_made(model: Model):
    task = maps.without(maps.generate(6, 500), [0, 2])
    for part in (task, maps.within(task, 300, 320), maps.within(task, 0, 500), maps.within(task, 499, 500)):
        counted: list[int] = []
        settings = maps.Settings(steps=2)
        z = render.encode(model, {}, 44100, 500, 1.0)
        render.make(model, z, part, settings, lambda counted=counted: counted.append(1))
        assert len(counted) == render.calls(model, part, settings) > 0


def counting_model(size: int) -> Any:
    """Decodes and vocodes each latent frame into ``size`` samples of its value."""
    codec = SimpleNamespace(frame_samples=size, mel=SimpleNamespace(rate=100 * size), decode=lambda z: z)
    return SimpleNamespace(codec=codec, vocode=lambda mels, *whose: mels[:, 0].repeat_interleave(size, -1))


def test_a_long_sound_is_vocoded_in_pieces_that_meet_where_they_should():
    frames = 1000
    values = torch.arange(frames).float()
    sound = render.vocode(counting_model(4), values[None], 0, frames, "bass")
    exact = values.repeat_interleave(4).numpy()
    seams = np.zeros(len(exact), bool)
    for start in range(render.VOCODED, frames, render.VOCODED):
        seams[4 * start - 2 * render.CONTEXT : 4 * start] = True
    np.testing.assert_array_equal(sound[~seams], exact[~seams])
    assert (np.abs(sound / np.maximum(exact, 1) - 1)[seams] < 0.5).all()
    assert (sound != exact).sum() == 8 * (frames // render.VOCODED)


def test_pieces_meet_in_a_pause_where_there_is_one():
    """Each piece has phases of its own: here, a sign. Seen apart from the pause, only one of them is heard."""
    signs = iter((1.0, -1.0))
    model, frames = counting_model(4), render.VOCODED + 50
    model.vocode = lambda mels, *whose: next(signs) * mels[:, 0].repeat_interleave(4, -1)
    loudness = torch.ones(1, frames)
    pause = slice(render.VOCODED - 6, render.VOCODED - 4)
    loudness[:, pause] = 0.1
    sound = render.vocode(model, loudness, 0, frames, "bass").reshape(-1, 4)
    assert (sound[: pause.start] == 1).all() and (sound[pause.stop :] == -1).all()


def test_only_a_stretch_is_vocoded_where_only_that_is_asked_for():
    sound = render.vocode(counting_model(4), torch.ones(1, 200), 100, 120, "bass")
    assert sound.shape == (800,)
    assert (sound[400:480] == 1).all()
    assert not sound[: 4 * (100 - render.CONTEXT)].any()
    assert not sound[4 * (120 + render.CONTEXT) :].any()


@given(st.integers(1, 50), st.integers(0, 49), st.integers(1, 50), st.integers(0, 20))
def test_splicing_touches_nothing_outside(samples: int, first: int, length: int, fade: int):
    first = min(first, samples - 1)
    last = min(samples, first + length)
    old, new = np.full((2, samples), 3.0, np.float32), np.full((2, samples), 5.0, np.float32)
    spliced = render.splice(old, new, first, last, fade)
    np.testing.assert_array_equal(spliced[:, :first], old[:, :first])
    np.testing.assert_array_equal(spliced[:, last:], old[:, last:])
    assert (spliced[:, first:last] >= 3).all()
    if first == 0 and last == samples:
        np.testing.assert_array_equal(spliced, new)


def test_fades_are_equal_in_power():
    rise = render.fade_in(100)
    np.testing.assert_allclose(rise**2 + rise[::-1] ** 2, 1, rtol=1e-5)
    assert (np.diff(rise) > 0).all()
