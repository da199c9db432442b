"""Laws of the denoiser, its loss and the stem transformer."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from msgld.diffusion.denoise import StemDenoiser, v_loss
from msgld.diffusion.noise import CosineSchedule, mix
from msgld.diffusion.noise_map import Conditioning
from msgld.nets.transformer import StemTransformer, TransformerConfig

CONFIG = TransformerConfig(
    tracks=4, channels=8, bands=6, frame_columns=2,
    width=16, depth=2, heads=2,
)  # fmt: skip
SCHEDULE = CosineSchedule()
BATCH, TRACKS, CHANNELS, FRAMES = 3, CONFIG.tracks, CONFIG.channels, 8


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def awake(config: TransformerConfig = CONFIG) -> StemTransformer:
    """A network none of whose layers begins at zero."""
    torch.manual_seed(0)
    network = StemTransformer(config)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.3, generator=generator(parameter.numel()))
    return network.eval()


def denoiser() -> StemDenoiser:
    return StemDenoiser(awake(), SCHEDULE)


def latents(frames: int = FRAMES, seed: int = 1) -> Tensor:
    return torch.randn(BATCH, TRACKS, CHANNELS, frames, generator=generator(seed))


def levels(frames: int = FRAMES) -> Tensor:
    return 0.05 + 0.9 * torch.rand(BATCH, TRACKS, frames, generator=generator(2))


EVERYONE = torch.ones(BATCH, TRACKS, dtype=torch.bool)


def test_the_correction_is_minus_v():
    class Exact(StemTransformer):
        """Knows z and the noise, and answers with -v."""

        def forward(
            self, z: Tensor, levels: Tensor, presence: Tensor, asked: Conditioning | None = None
        ) -> tuple[Tensor, Tensor]:
            alpha, sigma = (s.unsqueeze(2) for s in SCHEDULE(levels))
            v = alpha * noise - sigma * truth
            return -v, torch.zeros(BATCH, TRACKS, FRAMES, CONFIG.width)

    truth, noise, at = latents(), latents(seed=9), levels()
    at[:, 1] = 1
    x = mix(truth, noise, at, SCHEDULE)
    estimate = StemDenoiser(Exact(CONFIG), SCHEDULE)(x, at, EVERYONE)
    assert torch.allclose(estimate.z, truth, atol=1e-5)


def test_a_known_latent_is_answered_exactly():
    x, at = latents(), levels()
    at[:, 2] = 0
    at[:, :, :3] = 0
    z = denoiser()(x, at, EVERYONE).z
    assert torch.equal(z[:, 2], x[:, 2])
    assert torch.equal(z[..., :3], x[..., :3])
    assert (z[:, 1, :, 3:] - x[:, 1, :, 3:]).abs().min() > 0


def test_at_level_one_the_answer_does_not_depend_on_the_noise():
    at = levels()
    at[:, 1:3] = 1
    x, other = latents(), latents()
    other[:, 1:3] = latents(seed=5)[:, 1:3]
    model = denoiser()
    one, two = model(x, at, EVERYONE), model(other, at, EVERYONE)
    assert torch.equal(one.z, two.z)
    assert torch.equal(one.masks, two.masks)
    at[:, 1:3] = 0.9
    assert not torch.equal(model(x, at, EVERYONE).z, model(other, at, EVERYONE).z)


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
    share = float(counted.float().mean())
    together = loss(estimate, z, at, torch.ones_like(counted))
    assert share * each[0] + (1 - share) * each[1] == pytest.approx(together, rel=1e-4)


# The network


@pytest.mark.parametrize("frames", [8, 17, 64])
def test_shapes(frames: int):
    estimate = denoiser()(latents(frames), levels(frames), EVERYONE)
    assert estimate.z.shape == (BATCH, TRACKS, CHANNELS, frames)
    assert estimate.masks is not None
    assert estimate.masks.shape == (BATCH, TRACKS - 1, CONFIG.bands, CONFIG.frame_columns * frames)


def test_every_parameter_has_a_finite_gradient():
    model, presence = denoiser(), EVERYONE.clone()
    presence[0, 1] = False
    estimate = model(latents(), levels(), presence)
    assert estimate.masks is not None
    (estimate.z.square().mean() + estimate.masks.square().mean()).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().max() > 0, name


@pytest.mark.parametrize("absent", [0, 2, TRACKS - 1])
def test_absent_tracks_are_not_seen(absent: int):
    model, presence = denoiser(), EVERYONE.clone()
    presence[1:, absent] = False
    x, at = latents(), levels()
    other, other_at = x.clone(), at.clone()
    other[1:, absent] = 10
    other_at[1:, absent] = 0
    one, two = model(x, at, presence), model(other, other_at, presence)
    seen = presence[..., None, None].expand_as(one.z)
    assert torch.equal(one.z[seen], two.z[seen])
    assert torch.equal(one.masks, two.masks)
    assert not torch.allclose(model(x, at, EVERYONE).z[1, 1], model(other, other_at, EVERYONE).z[1, 1])


def test_items_of_a_batch_do_not_see_each_other():
    model, x, at, presence = denoiser(), latents(), levels(), EVERYONE.clone()
    presence[1, 0] = presence[2, -1] = False
    order = [2, 0, 1]
    whole, turned = model(x, at, presence), model(x[order], at[order], presence[order])
    assert torch.allclose(whole.z[order], turned.z, atol=1e-5)
    alone = model(x[1:2], at[1:2], presence[1:2])
    assert torch.allclose(whole.z[1:2], alone.z, atol=1e-5)


def test_presence_of_all_is_the_same_with_and_without_a_mask():
    model, x, at = denoiser(), latents(), levels()
    partly = EVERYONE.clone()
    partly[0, 0] = False  # a mask for the whole batch, though items 1 and 2 need none
    assert torch.allclose(model(x, at, EVERYONE).z[1:], model(x, at, partly).z[1:], atol=1e-5)


def test_shares_sum_to_one_over_the_stems_that_are_there():
    presence = EVERYONE.clone()
    presence[0, 1] = presence[2, -1] = False
    shares = denoiser()(latents(), levels(), presence).masks
    assert shares is not None
    assert torch.allclose(shares.sum(1), torch.ones(()), atol=1e-5)
    assert (shares >= 0).all()
    assert shares[0, 1].abs().max() == 0


@pytest.mark.parametrize("reach", [1, 3])
def test_with_a_reach_only_what_is_near_is_heard(reach: int):
    network, frames = awake(replace(CONFIG, attention_window=reach)), 40
    heard = reach * CONFIG.depth
    z, at = latents(frames), levels(frames)
    one, _ = network(z, at, EVERYONE)
    short, _ = network(z[..., :25], at[..., :25], EVERYONE)
    assert torch.allclose(one[..., : 25 - heard], short[..., : 25 - heard], atol=1e-5)
    assert not torch.allclose(one[..., 24], short[..., 24], atol=1e-3)


def test_a_reach_beyond_the_window_changes_nothing():
    one, _ = awake()(latents(), levels(), EVERYONE)
    other, _ = awake(replace(CONFIG, attention_window=FRAMES))(latents(), levels(), EVERYONE)
    assert torch.equal(one, other)


def test_tracks_are_told_apart_and_time_has_a_direction():
    network, at = awake(), torch.full((1, TRACKS, FRAMES), 0.5)
    z = latents()[:1, :1].expand(-1, TRACKS, -1, -1)
    answer, _ = network(z, at, EVERYONE[:1])
    assert (answer[0, 0] - answer[0, 1]).abs().max() > 1e-3
    backwards, _ = network(z.flip(3), at, EVERYONE[:1])
    assert (answer - backwards.flip(3)).abs().max() > 1e-3


def test_an_untrained_network_answers_with_the_linear_estimate():
    torch.manual_seed(0)
    network = StemTransformer(CONFIG)
    nn.init.zeros_(network.outward.bias)
    nn.init.zeros_(network.scores.bias)
    nn.init.zeros_(network.readout.bias)
    x, at = latents(), levels()
    alpha, _ = SCHEDULE(at)
    estimate = StemDenoiser(network, SCHEDULE)(x, at, EVERYONE)
    assert torch.allclose(estimate.z, alpha.unsqueeze(2) * x)
    assert torch.allclose(estimate.masks, torch.tensor(1 / (TRACKS - 1)))


def test_noise_is_taken_off_more_components_than_the_tokens_are_wide():
    """Of silence: all that is heard is noise, and -v takes it off every component, which no token can carry."""
    torch.manual_seed(0)
    network = StemDenoiser(StemTransformer(replace(CONFIG, channels=64, width=8, heads=1)), SCHEDULE)
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


def test_shares_begin_as_ratios_of_decoded_amplitudes():
    torch.manual_seed(0)
    network = StemTransformer(CONFIG)
    nn.init.zeros_(network.scores.bias)
    nn.init.zeros_(network.readout.bias)
    basis = torch.randn(CHANNELS, CONFIG.bands * CONFIG.frame_columns, generator=generator(3))
    scale = torch.rand(CHANNELS, generator=generator(4))
    network.begin_with(basis, scale)
    decoder = (basis * scale[:, None]).T
    z = latents()
    shares = network.masks(torch.zeros(BATCH, TRACKS, FRAMES, CONFIG.width), z, EVERYONE)
    log_mels = torch.einsum("pc,bkct->bkpt", decoder, z[:, :-1])
    log_mels = log_mels.unflatten(2, (CONFIG.bands, CONFIG.frame_columns)).transpose(3, 4).flatten(3)
    amplitudes = log_mels.exp()
    assert torch.allclose(shares, amplitudes / amplitudes.sum(1, keepdim=True), atol=1e-5)


def test_settings_describe_the_network():
    config = replace(CONFIG, depth=1, width=8)
    settings = StemTransformer(config).settings()
    assert settings.pop("kind") == "stem-transformer"
    assert TransformerConfig(**settings) == config
