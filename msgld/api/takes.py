"""What was made for a stem, placed and brought to the level of real stems."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from msgld.api.given import Given
from msgld.dsp.limiter import bounds_for, limited
from msgld.dsp.panning import gains_like, gains_of, place
from msgld.model import Model


@dataclass(frozen=True)
class Take:
    """What was made for one stem.

    Attributes:
        stem: its name. sound: (channels, L) at the result's rate, where the given stem or else the model puts it.
        before, after: latents (C, T), as they were given and as they were made.
    """

    stem: str
    sound: np.ndarray
    before: Tensor
    after: Tensor


Finish = Callable[[Take], np.ndarray]
"""What was made -> the finished stem (channels, L)."""


def at_level(model: Model, stem: str, given: Given, mono: np.ndarray, gain: float) -> np.ndarray:
    """What was made for a stem, mono (L,), in its place and at the level of real stems: (channels, L).

    Args:
        gain: by which the model heard what is given.
    """
    old = given.waves.get(stem)
    placed = place(mono, gains_of(stem) if old is None else gains_like(old, stem))
    peak = max((float(np.abs(wave).max(initial=0.0)) for wave in given.waves.values()), default=0.0)
    mixture = None if model.level is None else model.level / gain
    return limited(placed, given.rate, bounds_for(stem, mixture, old, given.rate, peak))
