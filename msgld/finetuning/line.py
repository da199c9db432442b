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
from msgld.model import Model

WAYS = (0.25, 0.5, 0.75, 1.0)
"""Fractions of the way that are tried, beside 0."""

NEAR = 0.15
"""dB by which a place nearer to the beginning may be worse and is still chosen: the less is forgotten."""


def between(before: Mapping[str, Tensor], after: Mapping[str, Tensor], way: float) -> dict[str, Tensor]:
    """Weights that are a fraction ``way`` of the way from ``before`` to ``after``."""
    return {
        name: torch.lerp(before[name].to(one), one, way) if one.is_floating_point() else one
        for name, one in after.items()
    }


def place(before: Path, after: Path, way: float, device: torch.device | str = "cpu") -> Model:
    """The model that is a fraction of the way from one to another, of the same stems and sizes.

    Args:
        before, after: folders of the models. What ``after`` has besides denoiser and refiner is as it is there.
        way: 0 to 1.
        device: of the model.
    """
    old, new = load_model(before, device), load_model(after, device)
    for one, other in _networks(old, new):
        other.load_state_dict(between(one.state_dict(), other.state_dict(), way))
    return new


def _networks(old: Model, new: Model) -> list[tuple[nn.Module, nn.Module]]:
    """The networks of two models that tuning trains."""
    pairs = [(old.denoiser.network, new.denoiser.network), (old.refiner, new.refiner)]
    return [(one, other) for one, other in pairs if one is not None and other is not None]


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
