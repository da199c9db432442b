"""Varied bars are bars: what sounds where nothing began went on, drums stay drums, the rest is as it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from score_tiny import some_cells

from msgld.music.score import SCORE_STEMS
from msgld.nets.bar_autoencoder import BarTensors
from msgld.nets.score_codec import bar_tensors
from msgld.training.score.augment import PLAIN, BarVariation, varied

DRUMS = SCORE_STEMS.index("drums")


def bars() -> BarTensors:
    rng = np.random.default_rng(0)
    cells = [{stem: some_cells(rng, 8) for stem in SCORE_STEMS} for _ in range(2)]
    made = bar_tensors(cells, [np.array([16, 16, 16, 12, 12, 16, 16, 8])] * 2, SCORE_STEMS)
    return replace(made, onset=made.onset * made.used()[..., None])


def same(one: BarTensors, other: BarTensors) -> bool:
    return all(torch.equal(a, b) for a, b in zip(vars(one).values(), vars(other).values(), strict=True))


def test_plain_bars_stay_as_they_are() -> None:
    assert same(varied(bars(), PLAIN, np.random.default_rng(0), DRUMS), bars())


@pytest.mark.parametrize("name", ["turned", "spliced", "joined", "thinned", "exchanged"])
def test_each_variation_changes_bars_and_keeps_their_kind(name: str) -> None:
    made = varied(bars(), replace(PLAIN, **{name: 1.0}), np.random.default_rng(0), DRUMS)
    assert not same(made, bars())
    assert torch.equal(made.stem, bars().stem)
    assert torch.equal(made.steps, bars().steps)
    assert bool((made.sounding[made.onset > 0] == 1).all())
    assert set(made.sounding.unique().tolist()) <= {0.0, 1.0}


def test_turning_keeps_the_notes_of_whole_bars_and_leaves_short_ones() -> None:
    before = bars()
    made = varied(before, replace(PLAIN, turned=1.0), np.random.default_rng(0), DRUMS)
    assert torch.equal(made.onset.sum(1), before.onset.sum(1))
    short = before.steps < 16
    assert torch.equal(made.onset[short], before.onset[short])


def test_only_drums_exchange_instruments() -> None:
    before = bars()
    made = varied(before, replace(PLAIN, exchanged=1.0), np.random.default_rng(0), DRUMS)
    pitched = before.stem != DRUMS
    assert torch.equal(made.onset[pitched], before.onset[pitched])
    assert torch.equal((made.onset > 0).sum(2), (before.onset > 0).sum(2))


def test_the_usual_mixture_leaves_some_bars_plain() -> None:
    before = bars()
    made = varied(before, BarVariation(), np.random.default_rng(0), DRUMS)
    plain = (made.onset == before.onset).flatten(1).all(1)
    assert 0.1 < float(plain.float().mean()) < 0.9
