"""Laws of the published modules: names, shapes and sizes, and what the U-Net does with mixtures and stems."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from contracts import verify_codec
from golden_vectors import filled, load_codec
from torch import Tensor, nn

from msgld.dsp.mel import AUDIOLDM
from msgld.errors import UsageError
from msgld.paper.autoencoder import KLCodec, KLConfig, diffusers_to_published, published_to_diffusers
from msgld.paper.hifigan import HifiGan, HifiGanConfig, fold_weight_norm, transformers_to_published
from msgld.paper.unet3d import PublishedUNet, UNetConfig

KEYS = Path(__file__).parents[1] / "golden"
SMALL = UNetConfig(model_channels=32, channel_mult=(1, 2), num_res_blocks=1, attention_resolutions=(2,))


def published(name: str) -> dict[str, tuple[int, ...]]:
    """Name -> shape of every tensor of a published module."""
    lines = (KEYS / f"keys_{name}.txt").read_text("utf-8").splitlines()
    split = (line.split("\t") for line in lines)
    return {key: tuple(int(size) for size in shape.strip("()").split(",") if size) for key, shape in split}


def shapes(state: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {key: tuple(value.shape) for key, value in state.items()}


def parameters(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def small_unet(config: UNetConfig = SMALL) -> PublishedUNet:
    network = PublishedUNet(config)
    network.load_state_dict(filled(network.state_dict()))
    return network.eval()


@pytest.fixture(scope="module")
def unet() -> PublishedUNet:
    return small_unet()


@pytest.mark.parametrize(("width", "size"), [(128, 305_165_444), (192, 686_513_860)])
def test_the_unet_has_the_published_tensors(width: int, size: int):
    with torch.device("meta"):
        network = PublishedUNet(UNetConfig(model_channels=width))
    assert shapes(network.state_dict()) == published(f"unet_{width}")
    assert parameters(network) == size


def test_the_autoencoder_has_the_published_tensors():
    with torch.device("meta"):
        codec = KLCodec(KLConfig())
    assert shapes(diffusers_to_published(codec.network.state_dict())) == published("vae")
    assert parameters(codec) == 55_376_873
    assert codec.channels == 128 and codec.frame_columns == 4 and codec.frame_samples == 640


def test_the_names_of_the_autoencoder_go_both_ways():
    state = {key: torch.empty(shape, device="meta") for key, shape in published("vae").items()}
    there = published_to_diffusers(state)
    assert shapes(diffusers_to_published(there)) == published("vae")
    assert there["encoder.mid_block.attentions.0.to_q.weight"].shape == (512, 512)


def test_the_vocoder_has_the_published_tensors():
    with torch.device("meta"):
        vocoder = HifiGan(HifiGanConfig())
    assert shapes(transformers_to_published(vocoder.network.state_dict())) == published("hifigan")
    assert parameters(vocoder) == 55_264_897


def test_folding_gives_the_published_folded_tensors():
    state = {key: torch.empty(shape, device="meta") for key, shape in published("hifigan_weightnorm").items()}
    assert shapes(fold_weight_norm(state)) == published("hifigan")


@pytest.mark.parametrize("layer", [nn.Conv1d(3, 5, 7), nn.ConvTranspose1d(6, 4, 8)])
def test_folding_agrees_with_torch(layer: nn.Module):
    normed = nn.utils.parametrizations.weight_norm(layer)
    with torch.no_grad():
        normed.parametrizations.weight.original0.mul_(1.7)
    state = {
        "weight_g": normed.parametrizations.weight.original0.detach(),
        "weight_v": normed.parametrizations.weight.original1.detach(),
        "bias": normed.bias.detach(),
    }
    folded = fold_weight_norm(state)
    assert torch.allclose(folded["weight"], normed.weight, atol=1e-6)
    assert folded["bias"] is state["bias"]


def test_no_mixture_is_a_mixture_of_zeros(unet: PublishedUNet):
    x, t = normal(2, 4, 3, 8, 4), torch.tensor([3, 700])
    with torch.no_grad():
        none, zeros, some = (unet(x, m, t) for m in (None, torch.zeros(2, 3, 8, 4), normal(2, 3, 8, 4)))
    assert torch.equal(none, zeros)
    assert (none - some).abs().max() > 0.01


def test_items_and_their_timesteps_do_not_see_each_other(unet: PublishedUNet):
    x, mixture, t = normal(3, 4, 2, 8, 4), normal(3, 2, 8, 4, seed=1), torch.tensor([3, 700, 999])
    with torch.no_grad():
        whole, alone = unet(x, mixture, t), unet(x[1:2], mixture[1:2], t[1:2])
    assert torch.allclose(whole[1:2], alone, atol=1e-4)


@pytest.mark.parametrize("stems", [1, 3, 7])
def test_any_number_of_stems(stems: int, unet: PublishedUNet):
    other = small_unet(replace(SMALL, stems=stems))
    with torch.no_grad():
        out = other(normal(1, stems, 2, 4, 4), None, torch.tensor([5]))
    assert out.shape == (1, stems, 2, 4, 4) and bool(out.isfinite().all())
    here, there = shapes(unet.state_dict()), shapes(other.state_dict())
    assert {key for key in here if here[key] != there[key]} == {
        "input_blocks.0.0.weight",
        "out.2.weight",
        "out.2.bias",
    }


def test_gradients_are_those_of_the_plain_arithmetic(unet: PublishedUNet):
    x = normal(1, 4, 2, 4, 4).double().requires_grad_()
    network = small_unet().double()
    mixture = normal(1, 2, 4, 4, seed=1).double()

    def loss(value: Tensor) -> Tensor:
        return network(value, mixture, torch.tensor([400])).square().sum()

    (gradient,) = torch.autograd.grad(loss(x), x)
    direction = normal(1, 4, 2, 4, 4, seed=2).double()
    step = 1e-5 * direction
    with torch.no_grad():
        slope = (loss(x + step) - loss(x - step)) / 2e-5
    assert torch.allclose(slope, (gradient * direction).sum(), rtol=1e-5)


@pytest.mark.parametrize("way", ["autocast", "weights"])
def test_16_bits_come_near(unet: PublishedUNet, way: str):
    x, mixture, t = normal(2, 4, 4, 8, 8), normal(2, 4, 8, 8, seed=1), torch.tensor([3, 700])
    network = small_unet().bfloat16() if way == "weights" else unet
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16, enabled=way == "autocast"):
        half = network(x, mixture, t)
    with torch.no_grad():
        exact = unet(x, mixture, t)
    assert half.dtype == torch.float32
    assert (half - exact).abs().max() < 0.05 * exact.abs().max()


def test_sizes_that_cannot_be_halved_are_refused(unet: PublishedUNet):
    with pytest.raises(UsageError, match="multiples of 2"):
        unet(normal(1, 4, 2, 5, 4), None, torch.tensor([5]))


def small_codec() -> KLCodec:
    codec = KLCodec(KLConfig(replace(AUDIOLDM, bands=16), base_channels=32, mults=(1, 2), res_blocks=1))
    load_codec(codec, filled(diffusers_to_published(codec.network.state_dict())), scale=0.3)
    return codec.eval().requires_grad_(False)


def test_the_codec_keeps_its_contract():
    verify_codec(small_codec())


def test_the_scale_is_undone_before_decoding():
    codec, mels = small_codec(), normal(1, 16, 8)
    decoded, scaled = codec.decode(codec.encode(mels)), codec.encode(mels)
    codec.scale.fill_(1.0)
    assert torch.allclose(codec.encode(mels) * 0.3, scaled, atol=1e-6)
    assert torch.allclose(codec.decode(codec.encode(mels)), decoded, atol=1e-4)


def test_a_generator_draws_from_the_posterior():
    codec, mels = small_codec(), normal(1, 16, 8).expand(400, -1, -1)
    mean, log_variance = codec.moments(mels[:1])
    draws = codec.encode(mels, torch.Generator().manual_seed(0)) / 0.3
    again = codec.encode(mels, torch.Generator().manual_seed(0)) / 0.3
    deviation = torch.exp(0.5 * log_variance).permute(0, 1, 3, 2).flatten(1, 2)
    assert torch.equal(draws, again)
    assert draws.std(0) == pytest.approx(deviation[0], rel=0.25)
    errors = (draws.mean(0) - mean.permute(0, 1, 3, 2).flatten(1, 2)[0]) / deviation[0]
    assert errors.abs().max() < 5 / 400**0.5


def test_the_vocoder_gives_a_hop_a_column():
    vocoder = HifiGan(HifiGanConfig(bands=8, initial_channels=32)).eval()
    mels = normal(2, 8, 6)
    assert vocoder.config.hop == 160
    whole = vocoder.network(mels.transpose(1, 2))
    assert torch.equal(vocoder(mels), whole[:, :960]) and whole.shape == (2, 960 + 32)
