"""Bars that no piece has, so that the codec learns to write down any bar and not those it was shown."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import torch

from msgld.music.bars import STEPS
from msgld.nets.bar_autoencoder import BarTensors


@dataclass(frozen=True)
class BarVariation:
    """How often a bar is varied.

    Attributes:
        turned: probability that its steps are moved round; of whole bars only.
        spliced: probability that it goes on as another bar of its stem from some step on.
        joined: probability that another bar of its stem sounds along.
        thinned: probability that some of its notes are left out.
        exchanged: probability, of drums, that pairs of instruments change places.
    """

    turned: float = 0.25
    spliced: float = 0.25
    joined: float = 0.1
    thinned: float = 0.25
    exchanged: float = 0.4


PLAIN = BarVariation(0, 0, 0, 0, 0)
"""Bars as they are."""


def varied(bars: BarTensors, config: BarVariation, rng: np.random.Generator, drums: int) -> BarTensors:
    """A batch with some of its bars varied; ``drums`` is the number of that stem."""
    partner = _partners(bars, rng)
    bars = _spliced(bars, partner, _chosen(bars, config.spliced, rng), rng)
    bars = _joined(bars, partner, _chosen(bars, config.joined, rng))
    bars = _turned(bars, _chosen(bars, config.turned, rng) & (bars.steps == STEPS), rng)
    bars = _thinned(bars, _chosen(bars, config.thinned, rng), rng)
    return _exchanged(bars, _chosen(bars, config.exchanged, rng) & (bars.stem == drums), rng)


def _chosen(bars: BarTensors, probability: float, rng: np.random.Generator) -> torch.Tensor:
    return torch.from_numpy(rng.random(len(bars.stem)) < probability)


def _partners(bars: BarTensors, rng: np.random.Generator) -> torch.Tensor:
    """For each bar another one of its stem and length, or itself."""
    partner = torch.arange(len(bars.stem))
    kinds = bars.stem * (STEPS + 1) + bars.steps
    for kind in kinds.unique():
        index = (kinds == kind).nonzero().squeeze(1)
        partner[index] = index[torch.from_numpy(rng.permutation(len(index)))]
    return partner


def _spliced(
    bars: BarTensors, partner: torch.Tensor, chosen: torch.Tensor, rng: np.random.Generator
) -> BarTensors:
    cut = torch.from_numpy(rng.integers(1, STEPS, len(bars.stem)))
    cut[~chosen] = STEPS
    late = torch.arange(STEPS) >= cut[:, None]
    other = bars.pick(partner)
    return replace(
        bars,
        onset=torch.where(late[..., None], other.onset, bars.onset),
        sounding=torch.where(late[..., None], other.sounding, bars.sounding),
        offset=torch.where(late, other.offset, bars.offset),
    )


def _joined(bars: BarTensors, partner: torch.Tensor, chosen: torch.Tensor) -> BarTensors:
    other, also = bars.pick(partner), chosen[:, None, None]
    return replace(
        bars,
        onset=torch.where(also, torch.maximum(bars.onset, other.onset), bars.onset),
        sounding=torch.where(also, torch.maximum(bars.sounding, other.sounding), bars.sounding),
        offset=torch.where(also[..., 0] & (bars.onset.amax(2) == 0), other.offset, bars.offset),
    )


def _turned(bars: BarTensors, chosen: torch.Tensor, rng: np.random.Generator) -> BarTensors:
    moved = torch.from_numpy(rng.integers(1, STEPS, len(bars.stem)))
    moved[~chosen] = 0
    source = (torch.arange(STEPS) - moved[:, None]) % STEPS
    wide = source[..., None].expand_as(bars.onset)
    return replace(bars, onset=bars.onset.gather(1, wide), sounding=bars.sounding.gather(1, wide),
                   offset=bars.offset.gather(1, source))  # fmt: skip


def _thinned(bars: BarTensors, chosen: torch.Tensor, rng: np.random.Generator) -> BarTensors:
    """Some pitches of a bar are left out."""
    fraction = torch.from_numpy(rng.uniform(0, 0.4, len(bars.stem)).astype(np.float32)) * chosen
    drawn = torch.from_numpy(rng.random((len(bars.stem), 1, bars.onset.shape[2]), dtype=np.float32))
    keys = drawn >= fraction[:, None, None]
    return replace(bars, onset=bars.onset * keys, sounding=bars.sounding * keys)


def _exchanged(bars: BarTensors, chosen: torch.Tensor, rng: np.random.Generator) -> BarTensors:
    onset, sounding = bars.onset.clone(), bars.sounding.clone()
    for index in chosen.nonzero().squeeze(1).tolist():
        used = sounding[index].amax(0).nonzero().squeeze(1)
        if len(used):
            one, other = int(used[rng.integers(len(used))]), int(rng.integers(14, 61))
            for plane in (onset, sounding):
                plane[index][:, [one, other]] = plane[index][:, [other, one]]
    return replace(bars, onset=onset, sounding=sounding)
