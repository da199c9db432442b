"""Laws of the stem U-Net, which any network that denoises stems has to keep."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from msgld.checkpoint import load_model, save_model
from msgld.diffusion.denoise import Asked, StemDenoiser
from msgld.diffusion.noise import CosineSchedule
from msgld.dsp.codec import PatchCodec, PatchConfig
from msgld.model import Model
from msgld.music.conditions import PROGRAMS
from msgld.nets.stem_unet import StemUNet, StemUNetConfig
from msgld.stems import STEMS
from msgld.tasks.conditioning import features_of

CONFIG = StemUNetConfig(
    tracks=4, channels=8, bands=16, widths=(6, 8, 10), depth=1, told=12, trunk_width=16, trunk_depth=1, trunk_heads=2,
)  # fmt: skip
BATCH, FRAMES = 3, 10
EVERYONE = torch.ones(BATCH, CONFIG.tracks, dtype=torch.bool)


def generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def awake(config: StemUNetConfig = CONFIG) -> StemUNet:
    """A network none of whose layers begins at zero, on an orthonormal basis."""
    network = StemUNet(config)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=0.2, generator=generator(parameter.numel()))
    rows = torch.randn(config.bands * config.frame_columns, config.channels, generator=generator(0))
    network.basis.copy_(torch.linalg.qr(rows)[0].T)
    return network.eval()


def latents(frames: int = FRAMES, seed: int = 1) -> Tensor:
    return torch.randn(BATCH, CONFIG.tracks, CONFIG.channels, frames, generator=generator(seed))


def levels(frames: int = FRAMES) -> Tensor:
    return 0.05 + 0.9 * torch.rand(BATCH, CONFIG.tracks, frames, generator=generator(2))


@pytest.mark.parametrize("frames", [1, 2, 7, 10])
def test_shapes(frames: int):
    answer, features = awake()(latents(frames), levels(frames), EVERYONE)
    assert answer.shape == (BATCH, 4, 8, frames)
    assert awake().shares(features, answer, EVERYONE).shape == (BATCH, 3, 16, 4 * frames)


def test_every_parameter_has_a_finite_gradient():
    network = awake(StemUNetConfig(**{**vars(CONFIG), "frame_features": 5, "programs": 7}))
    asked = Asked(torch.randn(BATCH, FRAMES, 5, generator=generator(3)), torch.rand(BATCH, 3, 7))
    answer, features = network(latents(), levels(), EVERYONE, asked)
    shares = network.shares(features, answer, EVERYONE)
    (answer.square().sum() + shares.square().sum()).backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None and bool(parameter.grad.isfinite().all()), name
        assert bool(parameter.grad.any()), name


def test_what_is_asked_counts():
    network = awake(StemUNetConfig(**{**vars(CONFIG), "frame_features": 5, "programs": 7}))
    asked = Asked(torch.randn(BATCH, 7, 5, generator=generator(3)), torch.rand(BATCH, 3, 7))
    told, open_ = (network(latents(7), levels(7), EVERYONE, a)[0] for a in (asked, None))
    assert (told - open_).abs().mean() > 1e-3


def test_absent_tracks_are_not_seen():
    present = EVERYONE.clone()
    present[:, 1] = False
    other, network = latents(), awake()
    other[:, 1] = 9
    at, changed = levels(), levels()
    changed[:, 1] = 0.5
    one, two = (network(z, level, present)[0] for z, level in ((latents(), at), (other, changed)))
    assert torch.equal(one, two)
    answer, features = network(latents(), at, present)
    shares = network.shares(features, answer, present)
    assert not shares[:, 1].any() and torch.allclose(shares.sum(1), torch.ones(()))


def test_items_of_a_batch_do_not_see_each_other():
    network = awake()
    whole = network(latents(), levels(), EVERYONE)[0]
    alone = network(latents()[:1], levels()[:1], EVERYONE[:1])[0]
    assert torch.allclose(whole[:1], alone, atol=1e-5)


def test_only_what_is_near_is_heard():
    config = StemUNetConfig(**{**vars(CONFIG), "reach": 4})
    network, far = awake(config), latents(60)
    far[..., 50:] += 3
    one, two = (network(z, levels(60), EVERYONE)[0] for z in (latents(60), far))
    assert torch.allclose(one[..., :20], two[..., :20], atol=1e-5)
    assert (one[..., 46:50] - two[..., 46:50]).abs().max() > 1e-3, "a neighbour is heard"


def test_an_untrained_network_answers_with_the_linear_estimate():
    network, schedule = StemUNet(CONFIG), CosineSchedule()
    for layer in (network.scores, network.readout, network.outward, network.frames):
        nn.init.zeros_(layer.bias)
    estimate = StemDenoiser(network, schedule)(latents(), levels(), EVERYONE)
    alpha, _ = schedule(levels())
    assert torch.allclose(estimate.z, alpha.unsqueeze(2) * latents(), atol=1e-6)
    assert torch.allclose(estimate.shares, torch.tensor(1 / 3))


def test_shares_begin_as_ratios_of_what_the_codec_decodes():
    codec = PatchCodec(PatchConfig(channels=8))
    patches = torch.randn(50, 512, generator=generator(5)) * torch.linspace(2, 0.1, 512)
    codec = PatchCodec.fit(patches, codec.config)
    network = StemUNet(StemUNetConfig(**{**vars(CONFIG), "bands": 128}))
    network.begin_with(codec.basis, codec.scale)
    for layer in (network.scores, network.readout):
        nn.init.zeros_(layer.bias)
    shares = network.shares(torch.zeros(BATCH, 6, 64, 2 * FRAMES), latents(), EVERYONE)
    amplitudes = (codec.decode(latents()[:, :-1]) - codec.decode(torch.zeros_like(latents()[:, :-1]))).exp()
    assert torch.allclose(shares, amplitudes / amplitudes.sum(1, keepdim=True), atol=1e-4)


def test_a_saved_network_is_the_same_network(tmp_path: Path):
    network = StemUNet(
        StemUNetConfig(
            widths=(6, 8, 8),
            told=12,
            trunk_width=16,
            trunk_depth=1,
            trunk_heads=2,
            frame_features=features_of(1),
            programs=PROGRAMS,
            styles=("a",),
        )
    )
    nn.init.normal_(network.outward.weight)
    model = Model(PatchCodec(PatchConfig()), StemDenoiser(network, CosineSchedule()), None, STEMS)
    save_model(model, tmp_path / "model", torch.float32)
    again = load_model(tmp_path / "model", half=False)
    z, at, all_ = (
        torch.randn(1, 6, 128, 8, generator=generator(0)),
        torch.full((1, 6, 8), 0.5),
        torch.ones(1, 6).bool(),
    )
    assert torch.equal(again(z, at, all_).z, model(z, at, all_).z) and again.styles == ("a",)


def test_bands_that_cannot_be_halved_are_refused():
    with pytest.raises(ValueError, match="cannot be halved"):
        StemUNet(StemUNetConfig(bands=12, widths=(4, 4, 4)))
