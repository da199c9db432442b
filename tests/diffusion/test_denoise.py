"""Laws of the denoiser and its loss."""

from __future__ import annotations

import pytest
import torch
from small_transformer import (
    ALL_PRESENT,
    BATCH,
    CHANNELS,
    CONFIG,
    FRAMES,
    SCHEDULE,
    TRACKS,
    denoiser,
    generator,
    latents,
    levels,
)  # fmt: skip
from torch import Tensor

from msgld.diffusion.denoise import StemDenoiser
from msgld.diffusion.noise import mix
from msgld.diffusion.noise_map import Conditioning
from msgld.nets.transformer import StemTransformer
from msgld.training.denoiser.loss import v_loss


def test_the_correction_is_minus_v():
    class Exact(StemTransformer):
        """Knows z and the noise, and answers with -v."""

        def forward(
            self, z: Tensor, levels: Tensor, presence: Tensor, conditioning: Conditioning | None = None
        ) -> tuple[Tensor, Tensor]:
            alpha, sigma = (s.unsqueeze(2) for s in SCHEDULE(levels))
            v = alpha * noise - sigma * truth
            return -v, torch.zeros(BATCH, TRACKS, FRAMES, CONFIG.width)

    truth, noise, at = latents(), latents(seed=9), levels()
    at[:, 1] = 1
    x = mix(truth, noise, at, SCHEDULE)
    estimate = StemDenoiser(Exact(CONFIG))(x, at, ALL_PRESENT)
    assert torch.allclose(estimate.z, truth, atol=1e-5)


def test_a_known_latent_is_answered_exactly():
    x, at = latents(), levels()
    at[:, 2] = 0
    at[:, :, :3] = 0
    z = denoiser()(x, at, ALL_PRESENT).z
    assert torch.equal(z[:, 2], x[:, 2])
    assert torch.equal(z[..., :3], x[..., :3])
    assert (z[:, 1, :, 3:] - x[:, 1, :, 3:]).abs().min() > 0


def test_at_level_one_the_answer_does_not_depend_on_the_noise():
    at = levels()
    at[:, 1:3] = 1
    x, other = latents(), latents()
    other[:, 1:3] = latents(seed=5)[:, 1:3]
    model = denoiser()
    one, two = model(x, at, ALL_PRESENT), model(other, at, ALL_PRESENT)
    assert torch.equal(one.z, two.z)
    assert torch.equal(one.masks, two.masks)
    at[:, 1:3] = 0.9
    assert not torch.equal(model(x, at, ALL_PRESENT).z, model(other, at, ALL_PRESENT).z)


# The loss

WEIGHTS = torch.linspace(0.5, 1.5, CHANNELS)


def loss(estimate: Tensor, z: Tensor, at: Tensor, counted: Tensor) -> float:
    return float(v_loss(estimate, z, at, counted, WEIGHTS, SCHEDULE))


def test_the_loss_is_zero_exactly_for_the_truth():
    z, at, counted = latents(), levels(), torch.ones(BATCH, TRACKS, FRAMES, dtype=torch.bool)
    assert loss(z, z, at, counted) == 0
    wrong = z.clone()
    wrong[2, 3, 7, 5] += 0.1
    assert loss(wrong, z, at, counted) > 0


def test_the_loss_is_the_squared_error_of_v():
    z, estimate, at = latents(), latents(seed=3), levels()
    x = mix(z, latents(seed=4), at, SCHEDULE)
    alpha, sigma = (s.unsqueeze(2) for s in SCHEDULE(at))
    error = ((alpha * x - estimate) / sigma - (alpha * x - z) / sigma).square()
    expected = (error * WEIGHTS[:, None]).mean()
    counted = torch.ones(BATCH, TRACKS, FRAMES, dtype=torch.bool)
    assert loss(estimate, z, at, counted) == pytest.approx(float(expected), rel=1e-4)


def test_what_is_not_counted_costs_nothing():
    z, estimate, at = latents(), latents(), levels()
    counted = torch.zeros(BATCH, TRACKS, FRAMES, dtype=torch.bool)
    counted[1, 2, :4] = True
    at[0] = 0
    estimate = torch.where(counted.unsqueeze(2), z, latents(seed=3))
    assert loss(estimate, z, at, counted) == 0
    estimate[1, 2, :, 0] += 1
    assert loss(estimate, z, at, counted) > 0
    assert loss(estimate, z, at, torch.zeros_like(counted)) == 0


def test_the_loss_is_a_mean_over_what_is_counted():
    z, estimate, at = latents(), latents(seed=3), torch.full((BATCH, TRACKS, FRAMES), 0.5)
    counted = torch.rand(BATCH, TRACKS, FRAMES, generator=generator(7)) < 0.5
    each = [loss(estimate, z, at, mask) for mask in (counted, ~counted)]
    fraction = float(counted.float().mean())
    together = loss(estimate, z, at, torch.ones_like(counted))
    assert fraction * each[0] + (1 - fraction) * each[1] == pytest.approx(together, rel=1e-4)
