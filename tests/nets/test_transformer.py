"""Laws of the stem transformer."""

from __future__ import annotations

from dataclasses import replace

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
    transformer,
)  # fmt: skip
from torch import nn

from msgld.diffusion.denoise import StemDenoiser
from msgld.diffusion.noise import mix
from msgld.nets.transformer import StemTransformer


def test_items_of_a_batch_do_not_see_each_other():
    model, x, at, presence = denoiser(), latents(), levels(), ALL_PRESENT.clone()
    presence[1, 0] = presence[2, -1] = False
    order = [2, 0, 1]
    whole, turned = model(x, at, presence), model(x[order], at[order], presence[order])
    assert torch.allclose(whole.z[order], turned.z, atol=1e-5)
    alone = model(x[1:2], at[1:2], presence[1:2])
    assert torch.allclose(whole.z[1:2], alone.z, atol=1e-5)


def test_presence_of_all_is_the_same_with_and_without_a_mask():
    model, x, at = denoiser(), latents(), levels()
    partly = ALL_PRESENT.clone()
    partly[0, 0] = False  # a mask for the whole batch, though items 1 and 2 need none
    assert torch.allclose(model(x, at, ALL_PRESENT).z[1:], model(x, at, partly).z[1:], atol=1e-5)


def test_masks_sum_to_one_over_the_stems_that_are_there():
    presence = ALL_PRESENT.clone()
    presence[0, 1] = presence[2, -1] = False
    masks = denoiser()(latents(), levels(), presence).masks
    assert masks is not None
    assert torch.allclose(masks.sum(1), torch.ones(()), atol=1e-5)
    assert (masks >= 0).all()
    assert masks[0, 1].abs().max() == 0


@pytest.mark.parametrize("window", [1, 3])
def test_only_frames_within_the_attention_window_are_seen(window: int):
    network, frames = transformer(replace(CONFIG, attention_window=window)), 40
    seen = window * CONFIG.depth
    z, at = latents(frames), levels(frames)
    one, _ = network(z, at, ALL_PRESENT)
    short, _ = network(z[..., :25], at[..., :25], ALL_PRESENT)
    assert torch.allclose(one[..., : 25 - seen], short[..., : 25 - seen], atol=1e-5)
    assert not torch.allclose(one[..., 24], short[..., 24], atol=1e-3)


def test_an_attention_window_beyond_the_input_changes_nothing():
    one, _ = transformer()(latents(), levels(), ALL_PRESENT)
    other, _ = transformer(replace(CONFIG, attention_window=FRAMES))(latents(), levels(), ALL_PRESENT)
    assert torch.equal(one, other)


def test_tracks_differ_and_time_has_a_direction():
    network, at = transformer(), torch.full((1, TRACKS, FRAMES), 0.5)
    z = latents()[:1, :1].expand(-1, TRACKS, -1, -1)
    answer, _ = network(z, at, ALL_PRESENT[:1])
    assert (answer[0, 0] - answer[0, 1]).abs().max() > 1e-3
    backwards, _ = network(z.flip(3), at, ALL_PRESENT[:1])
    assert (answer - backwards.flip(3)).abs().max() > 1e-3


def test_an_untrained_network_answers_with_the_linear_estimate():
    torch.manual_seed(0)
    network = StemTransformer(CONFIG)
    nn.init.zeros_(network.outward.bias)
    nn.init.zeros_(network.scores.bias)
    nn.init.zeros_(network.readout.bias)
    x, at = latents(), levels()
    alpha, _ = SCHEDULE(at)
    estimate = StemDenoiser(network)(x, at, ALL_PRESENT)
    assert torch.allclose(estimate.z, alpha.unsqueeze(2) * x)
    assert torch.allclose(estimate.masks, torch.tensor(1 / (TRACKS - 1)))


def test_noise_is_taken_off_more_components_than_the_tokens_are_wide():
    """Of silence: all input is noise, and -v takes it off every component, which no token can carry."""
    torch.manual_seed(0)
    network = StemDenoiser(StemTransformer(replace(CONFIG, channels=64, width=8, heads=1)))
    optimiser = torch.optim.Adam(network.parameters(), 0.02)
    half, silence = torch.full((4, TRACKS, FRAMES), 0.5), torch.zeros(4, TRACKS, 64, FRAMES)
    present = torch.ones(4, TRACKS, dtype=torch.bool)
    for _ in range(60):
        x = mix(silence, torch.randn(silence.shape), half, SCHEDULE)
        error = network(x, half, present).z.square().mean() / x.square().mean()
        optimiser.zero_grad()
        error.backward()
        optimiser.step()
    assert error < 0.02


def test_masks_begin_as_ratios_of_decoded_amplitudes():
    torch.manual_seed(0)
    network = StemTransformer(CONFIG)
    nn.init.zeros_(network.scores.bias)
    nn.init.zeros_(network.readout.bias)
    basis = torch.randn(CHANNELS, CONFIG.bands * CONFIG.frame_columns, generator=generator(3))
    scale = torch.rand(CHANNELS, generator=generator(4))
    network.begin_with(basis, scale)
    decoder = (basis * scale[:, None]).T
    z = latents()
    masks = network.masks(torch.zeros(BATCH, TRACKS, FRAMES, CONFIG.width), z, ALL_PRESENT)
    log_mels = torch.einsum("pc,bkct->bkpt", decoder, z[:, :-1])
    log_mels = log_mels.unflatten(2, (CONFIG.bands, CONFIG.frame_columns)).transpose(3, 4).flatten(3)
    amplitudes = log_mels.exp()
    assert torch.allclose(masks, amplitudes / amplitudes.sum(1, keepdim=True), atol=1e-5)
