"""Laws of the linear codec."""

from __future__ import annotations

import pytest
import torch
from contracts import verify_codec
from torch import Tensor

from msgld.dsp.codec import PatchCodec, PatchConfig
from msgld.dsp.mel import MelConfig, log_mel

MEL = MelConfig(bands=6)
P = 4 * MEL.bands
FULL = PatchConfig(MEL, frame_columns=4, channels=P)
SMALL = PatchConfig(MEL, frame_columns=4, channels=8)


def mels(items: int = 40, columns: int = 80) -> Tensor:
    """Log-mels (items, M, N) whose neighbours are correlated along both axes."""
    white = torch.randn(items, MEL.bands, columns, generator=torch.Generator().manual_seed(0))
    smooth = white.cumsum(1) + 0.5 * white.cumsum(2) / columns**0.5
    return smooth - 5


def fitted(config: PatchConfig) -> PatchCodec:
    return PatchCodec.fit(PatchCodec(config).to_patches(mels()).flatten(0, 1), config)


def test_it_is_a_codec_and_with_all_channels_lossless():
    verify_codec(fitted(SMALL))
    verify_codec(fitted(FULL), lossless=True)


def test_fewer_channels_keep_the_most_that_any_basis_can():
    codec = fitted(SMALL)
    patches = codec.to_patches(mels()).flatten(0, 1)
    error = (codec.decode(codec.encode(mels())) - mels()).square().sum()
    values = torch.linalg.svdvals(patches - patches.mean(0))
    assert error == pytest.approx(float(values[SMALL.channels :].square().sum()), rel=1e-3)


def test_what_was_decoded_is_encoded_to_itself():
    codec = fitted(SMALL)
    z = torch.randn(3, SMALL.channels, 5, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(codec.encode(codec.decode(z)), z, atol=1e-3)


@pytest.mark.parametrize("config", [SMALL, FULL])
def test_latents_of_the_data_are_white(config: PatchConfig):
    z = fitted(config).encode(mels()).transpose(1, 2).flatten(0, 1)
    assert z.mean(0).abs().max() < 1e-3
    assert torch.allclose(z.T @ z / len(z), torch.eye(config.channels), atol=1e-2)


def test_the_basis_is_orthonormal_and_the_scale_falls():
    codec = fitted(SMALL)
    assert torch.allclose(codec.basis @ codec.basis.T, torch.eye(SMALL.channels), atol=1e-5)
    assert (codec.scale.diff() <= 0).all()
    assert (codec.scale > 0).all()


def test_channels_without_variance_stay_finite():
    flat = torch.ones(50, P)
    codec = PatchCodec.fit(flat, FULL)
    assert codec.encode(mels()).isfinite().all()


def test_decoding_is_affine():
    codec = fitted(SMALL)
    a, b = torch.randn(2, 3, SMALL.channels, 5, generator=torch.Generator().manual_seed(1))
    mean = codec.decode(torch.zeros(3, SMALL.channels, 5))
    assert torch.allclose(codec.decode(a + b) + mean, codec.decode(a) + codec.decode(b), atol=1e-4)
    linear = torch.einsum("cp,c,bct->btp", codec.basis, codec.scale, a)
    assert torch.allclose(codec.to_patches(codec.decode(a) - mean), linear, atol=1e-4)


def test_a_frame_knows_only_its_own_columns():
    codec, one = fitted(SMALL), mels(1, 16)
    other = one.clone()
    other[..., 4:8] += 1
    changed = (codec.encode(one) != codec.encode(other)).any(1)[0]
    assert changed.tolist() == [False, True, False, False]


def test_audio_is_encoded_a_frame_for_every_four_hops():
    codec = PatchCodec(PatchConfig(MEL, channels=8))
    audio = torch.zeros(3, 2, 5 * codec.frame_samples)
    assert codec.encode(log_mel(audio, MEL)).shape == (3, 8, 5)


def test_weights_have_the_order_of_the_scale():
    codec = fitted(SMALL)
    assert codec.weights.shape == (codec.channels,) and torch.allclose(codec.weights.mean(), torch.ones(()))
    assert torch.allclose(codec.weights[0] / codec.weights[-1], codec.scale[0] / codec.scale[-1])


def test_the_state_holds_all_that_was_fitted():
    codec, other = fitted(SMALL), PatchCodec(SMALL)
    other.load_state_dict(codec.state_dict())
    assert torch.equal(other.encode(mels()), codec.encode(mels()))
