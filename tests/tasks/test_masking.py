"""Masks are flattened, and drawn towards the average ones."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from tiny import save_tiny_model, song

import msgld
from msgld.checkpoint import load_model
from msgld.diffusion.settings import Sampling
from msgld.model import Model
from msgld.tasks.masking import Masking
from msgld.tasks.separate import expected_masks, separate

RATE = 22050
PLAIN = Masking(exponent=1.0, average_weight=0.0, refine=False, wiener=False)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return load_model(save_tiny_model(tmp_path_factory.mktemp("hedge")))


@pytest.fixture(scope="module")
def mixtures() -> torch.Tensor:
    return torch.from_numpy(song(3.0, RATE, 2))[None]


def test_average_masks_are_the_answer_to_noise(model: Model):
    noise = torch.randn(2, len(model.stems) + 1, model.codec.channels, 24)
    presence = torch.tensor([[True] * len(model.stems) + [False]] * 2)
    with torch.no_grad():
        masks = model(noise, torch.ones(2, len(model.stems) + 1, 24), presence).masks
    average = model.average_masks
    assert masks is not None and average is not None
    assert torch.allclose(average.sum(0), torch.ones(()))
    assert torch.allclose(masks[0], masks[1], atol=1e-6)
    assert torch.allclose(masks.mean((0, -1)), average, atol=5e-3)


def test_exponent_0_leaves_the_average_masks(model: Model, mixtures: torch.Tensor):
    masks = expected_masks(
        model, model.encode(mixtures, RATE), replace(PLAIN, exponent=0.0, average_weight=1.0)
    )
    average = model.average_masks
    assert average is not None
    assert torch.allclose(masks, average.unsqueeze(-1).expand_as(masks), atol=1e-5)


def test_an_average_weight_is_guidance_below_1_without_its_second_call(mixtures: torch.Tensor):
    trained = msgld.load().model

    def stems(settings: Sampling, masking: Masking) -> torch.Tensor:
        return separate(trained, mixtures, RATE, settings, masking)

    guided = stems(Sampling(guidance=0.6), PLAIN)
    flattened = stems(Sampling(), replace(PLAIN, exponent=0.6, average_weight=0.4))
    plain = stems(Sampling(), PLAIN)
    assert (guided - flattened).norm() < 0.1 * (guided - plain).norm()
