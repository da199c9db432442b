"""The score codec: what it learns, and the statistics of its latents."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from score_tiny import some_cells

from msgld.music.grid import from_roll, roll_of
from msgld.music.score import SCORE_STEMS
from msgld.nets.bar_autoencoder import BarAutoencoderConfig, bar_losses
from msgld.nets.score_codec import ScoreCodec, bar_tensors, cells_of

CONFIG = BarAutoencoderConfig(channels=16, step_width=16, width=64, depth=1)
STEPS = np.full(4, 16)


def test_it_learns_a_batch_by_heart() -> None:
    torch.manual_seed(0)
    codec, rng = ScoreCodec(CONFIG), np.random.default_rng(0)
    bars = bar_tensors([{stem: some_cells(rng, 4, 12) for stem in SCORE_STEMS}], [STEPS], SCORE_STEMS)
    optimiser = torch.optim.Adam(codec.parameters(), 5e-3)
    losses = []
    for _ in range(150):
        mean, logs = codec.autoencoder.encode(bars)
        parts = bar_losses(codec.autoencoder.decode(mean, bars.stem, bars.steps), bars, mean, logs)
        loss = parts["onset"] + parts["sounding"]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss))
    assert losses[-1] < 0.5 * losses[0]


def test_latents_have_unit_variance_once_it_is_fitted() -> None:
    torch.manual_seed(0)
    codec = ScoreCodec(CONFIG)
    scale = torch.linspace(0.1, 3, 16)
    mean, logs = 2 + scale * torch.randn(4000, 16), torch.linspace(-4, 0, 16).expand(4000, 16)
    codec.fit(mean, logs)
    sampled = (mean + (0.5 * logs).exp() * torch.randn(4000, 16) - codec.mean) / codec.scale
    assert sampled.mean(0) == pytest.approx(torch.zeros(16), abs=0.08)
    assert sampled.std(0) == pytest.approx(torch.ones(16), abs=0.05)
    assert float(codec.weights.mean()) == pytest.approx(1)
    signal = scale**2 / (scale**2 + logs[0].exp())
    assert codec.weights / codec.weights.sum() == pytest.approx(signal / signal.sum(), abs=0.01)


def test_decoded_certainties_are_the_notes_that_were_encoded() -> None:
    cells = some_cells(np.random.default_rng(0), 4)
    roll = roll_of(cells, STEPS)
    loud = np.where(roll.onset > 0, roll.onset, 0.5)
    decoded = cells_of((roll.onset > 0) * 1.0, roll.sounding * 1.0, loud, roll.offset, STEPS)
    expected = from_roll(roll, STEPS)
    for name, value in vars(expected).items():
        assert vars(decoded)[name] == pytest.approx(value), name


def test_bars_come_in_the_order_of_excerpts_stems_and_bars() -> None:
    rng = np.random.default_rng(0)
    excerpts = [{"drums": some_cells(rng, 4)}, {"bass": some_cells(rng, 4)}]
    bars = bar_tensors(excerpts, [STEPS, STEPS], ("bass", "drums"))
    assert bars.stem.tolist() == [0, 0, 0, 0, 1, 1, 1, 1] * 2
    loud = bars.onset.flatten(1).any(1).view(2, 2, 4).any(2)
    assert loud.tolist() == [[False, True], [True, False]]


def test_a_silent_bar_is_said_by_one_number_and_decoded_as_silence() -> None:
    torch.manual_seed(0)
    codec, rng = ScoreCodec(CONFIG), np.random.default_rng(0)
    bars = bar_tensors([{"bass": some_cells(rng, 4)}], [STEPS], ("bass", "piano"))
    z = codec.encode(bars)
    plays = bars.sounding.flatten(1).any(1)
    assert z.shape == (8, codec.channels) and len(codec.costs) == codec.channels
    assert ((z[:, 0] > 0) == plays).all() and plays.any() and not plays.all()
    assert not z[~plays, 1:].any()
    loud = torch.where(plays[:, None], z, torch.cat([z[:, :1], 9 * torch.randn(8, CONFIG.channels)], 1))
    onset, sounding, *_ = codec.decode(loud, bars.stem, bars.steps)
    assert not onset[~plays].any() and not sounding[~plays].any()
    assert onset[plays].all()
