"""The line between the weights that training began with and those that it ended with.

Weights on it keep most of what both ends can do (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"). How
far to go is decided by the song that is set aside.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from msgld.checkpoint import load_model
from msgld.errors import ModelError
from msgld.model import Model
from msgld.training.more_stems import with_stems

WAYS = (0.1, 0.2, 0.3)
"""Fractions of the way that are tried, beside 0. Beyond, other music loses more than 0.3 dB (bench/finetune.py)."""

AHEAD = 2.0
"""How much faster the denoiser goes than the refiner: it forgets little (measured: docs/numbers.md)."""

NEAR = 0.05
"""dB by which a place nearer to the beginning may be worse and is still chosen: the less is forgotten."""


def place(before: Path, after: Path, way: float, device: torch.device | str = "cpu") -> Model:
    """The model that is a fraction of the way from one to another: the refiner's fraction, the denoiser goes ahead.

    Args:
        before: folder of a model.
        after: folder of the model that was trained on from it.
        way: 0 to 1.
        device: of the model.
    """
    old, new = load_model(before, device, half=False), load_model(after, device)
    return between(old, new, min(1.0, AHEAD * way), way)


def between(old: Model, new: Model, denoiser: float, refiner: float) -> Model:
    """The new model with a denoiser and a refiner between those of both.

    Args:
        old: as ``new`` was before it was trained on, maybe with fewer stems.
        new: is changed.
        denoiser: 0 for the old one, 1 for the new one.
        refiner: likewise.

    Raises:
        ModelError: the models are of different sizes.
    """
    old = with_stems(old, new.stems)
    move(new.denoiser.network, old.denoiser.network.state_dict(), denoiser)
    if new.refiner is not None and old.refiner is not None:
        move(new.refiner, old.refiner.state_dict(), refiner)
    return new


def move(network: nn.Module, old: Mapping[str, Tensor], way: float) -> None:
    """Put a network's weights ``way`` of the way from the old ones to its own; ModelError for another size."""
    new = network.state_dict()
    if {name: value.shape for name, value in new.items()} != {
        name: value.shape for name, value in old.items()
    }:
        raise ModelError("the old model's network is of another size")
    network.load_state_dict(on_line(old, new, way))


def on_line(old: Mapping[str, Tensor], new: Mapping[str, Tensor], way: float) -> dict[str, Tensor]:
    """Weights that are a fraction ``way`` of the way from old ones to new ones; whole numbers are the new ones."""
    return {
        name: torch.lerp(old[name].to(one), one, way) if one.is_floating_point() else one
        for name, one in new.items()
    }


def choose(score: Callable[[float], float], start: float, ways: Sequence[float] = WAYS) -> dict[float, float]:
    """Scores of the places that are tried, the chosen one first.

    It has the highest score, or is nearer to the beginning and nearly as good.

    Args:
        score: of a place, in dB; called for each way.
        start: the score of the place 0.
        ways: places that are tried.
    """
    scores = {0.0: start} | {way: score(way) for way in sorted(ways)}
    best = max(scores.values())
    chosen = min(way for way, value in scores.items() if value >= best - NEAR)
    return {chosen: scores.pop(chosen)} | scores
