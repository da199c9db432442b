"""Shares are hedged: they commit themselves less, and lean on what stems are in any song."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tiny import save_tiny_model, song

import msgld
from msgld.checkpoint import load_model
from msgld.model import Model
from msgld.tasks.noise_maps import Settings
from msgld.tasks.separate import Layout, expected_masks, separate_windows

RATE = 22050
PLAIN = Layout(refine=False, spatial=False)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load_model(save_tiny_model(tmp_path_factory.mktemp("hedge")))


@pytest.fixture(scope="module")
def mixtures() -> torch.Tensor:
    return torch.from_numpy(song(3.0, RATE, 2))[None]


def test_shares_in_any_song_are_what_is_answered_to_noise(model: Model):
    noise = torch.randn(2, len(model.stems) + 1, model.codec.channels, 24)
    presence = torch.tensor([[True] * len(model.stems) + [False]] * 2)
    with torch.no_grad():
        heard = model(noise, torch.ones(2, len(model.stems) + 1, 24), presence).masks
    prior = model.average_masks
    assert heard is not None and prior is not None
    assert torch.allclose(prior.sum(0), torch.ones(()))
    assert torch.allclose(heard[0], heard[1], atol=1e-6)
    assert torch.allclose(heard.mean((0, -1)), prior, atol=5e-3)


def test_exponent_0_leaves_nothing_but_the_prior(model: Model, mixtures: torch.Tensor):
    shares = expected_masks(model, mixtures, RATE, replace(PLAIN, exponent=0.0, prior=1.0))
    prior = model.average_masks
    assert prior is not None
    assert torch.allclose(shares, prior.unsqueeze(-1).expand_as(shares), atol=1e-5)


def test_a_prior_is_guidance_below_1_without_its_second_call(mixtures: torch.Tensor):
    trained = msgld.load().model

    def stems(settings: Settings, layout: Layout) -> torch.Tensor:
        return separate_windows(trained, mixtures, RATE, settings, layout)

    guided = stems(Settings(guidance=0.6), PLAIN)
    hedged = stems(Settings(), replace(PLAIN, exponent=0.6, prior=0.4))
    plain = stems(Settings(), PLAIN)
    assert (guided - hedged).norm() < 0.1 * (guided - plain).norm()
