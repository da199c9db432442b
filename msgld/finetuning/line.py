"""The lines between the weights that training began with and those that it ended with, one for each part.

Weights on them keep most of what both ends can do (Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"). How
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

Place = tuple[float, float]
"""How far the denoiser and the refiner have gone, 0 to 1."""

BEGIN, END = (0.0, 0.0), (1.0, 1.0)
"""Both ends of the lines."""

PLACES = ((0.0, 0.15), (0.3, 0.15), (0.0, 0.3), (0.6, 0.3))
"""Places that are tried, beside the beginning, in the order of what a model forgets there.

The denoiser goes farther, as it forgets less (measured: docs/numbers.md).
"""

NEAR = 0.05
"""dB by which an earlier place may be worse and is still chosen: the less is forgotten."""


def place(before: Path, after: Path, at: Place, device: torch.device | str = "cpu") -> Model:
    """The model between one and another.

    Args:
        before: folder of a model.
        after: folder of the model that was trained on from it.
        at: how far its denoiser and its refiner have gone.
        device: of the model.
    """
    return between(load_model(before, device, half=False), load_model(after, device), *at)


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


def choose(score: Callable[[Place], float], start: float, places: Sequence[Place] = PLACES) -> Place:
    """The place with the highest score, or an earlier one that is nearly as good.

    Args:
        score: of a place, in dB; called for each.
        start: the score at the beginning.
        places: as :data:`PLACES`.
    """
    scores = {BEGIN: start} | {one: score(one) for one in places}
    best = max(scores.values())
    return next(one for one, value in scores.items() if value >= best - NEAR)
