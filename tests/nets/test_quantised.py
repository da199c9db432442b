"""Products in 8 bits: near those in 32, for any shape, and models that compute with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import save_tiny_model, song
from torch import nn

import msgld
from msgld.nets.quantised import QuantisedLinear, is_there, quantise

pytestmark = pytest.mark.skipif(not is_there(), reason="this processor has no such products")


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("shape", [(1, 16), (7, 16), (2, 3, 5, 16)])
def test_products_are_near_those_in_32_bits(bias: bool, shape: tuple[int, ...]):
    torch.manual_seed(0)
    linear, x = nn.Linear(16, 24, bias=bias), torch.randn(shape)
    with torch.inference_mode():
        exact, made = linear(x), QuantisedLinear(linear)(x)
    assert made.shape == exact.shape and made.dtype == torch.float32
    assert (made - exact).std() < 0.03 * exact.std()
    assert not torch.equal(made, exact)


def test_a_row_of_small_weights_is_as_precise_as_the_others():
    torch.manual_seed(0)
    linear, x = nn.Linear(64, 2, bias=False), torch.randn(500, 64)
    with torch.no_grad():
        linear.weight[1] *= 1e-4
    with torch.inference_mode():
        exact, made = linear(x), QuantisedLinear(linear)(x)
    errors = (made - exact).std(0) / exact.std(0)
    assert errors.max() < 0.03


def test_all_linear_layers_are_replaced_and_nothing_else():
    network = nn.Sequential(nn.Linear(4, 4), nn.Sequential(nn.LayerNorm(4), nn.Linear(4, 2)))
    quantise(network)
    kinds = [type(module) for module in network.modules()]
    assert nn.Linear not in kinds and kinds.count(QuantisedLinear) == 2 and nn.LayerNorm in kinds


def test_a_model_takes_8_bits_where_16_are_slow_and_no_precision_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("msgld.checkpoint.bf16_is_fast", lambda device: False)
    folder, sound = save_tiny_model(tmp_path / "tiny"), (song(2.0, 44_100, 2), 44_100)
    exact, fast = msgld.load(folder, device="cpu", half=False), msgld.load(folder, device="cpu")
    assert fast.model.quantised and not exact.model.quantised
    one, other = (model.separate(sound) for model in (exact, fast))
    assert one.info["quantised"] is False and other.info["quantised"] is True
    assert np.abs(sum(other.stems.values()) + other.residual - sound[0]).max() < 1e-5
    for stem in one.stems:
        assert np.abs(one.stems[stem] - other.stems[stem]).max() < 0.1 * np.abs(one.stems[stem]).max()
