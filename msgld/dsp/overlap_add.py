"""Windows over songs of any length, and how sounds are joined: overlap-add, and cross-fades of equal power."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Window:
    """A stretch to be computed and the part of it that is kept, all in samples of the song.

    Attributes:
        start: where the model's input begins; may lie before the song.
        stop: its end; may lie after the song.
        keep_start: where the kept part begins, with ``fade`` samples of cross-fade.
        keep_stop: its end, with as many.
    """

    start: int
    stop: int
    keep_start: int
    keep_stop: int


@dataclass(frozen=True)
class WindowPlan:
    """Lays windows over a song.

    Attributes:
        length: of a window, in samples.
        context: samples at either side that are computed and discarded, without the fade.
        fade: samples of the cross-fade between neighbours.
    """

    length: int
    context: int
    fade: int

    @property
    def hop(self) -> int:
        """Samples from one window's start to the next one's."""
        return self.length - 2 * self.context - self.fade

    def windows(self, total: int | None = None) -> Iterator[Window]:
        """Windows that cover ``total`` samples, at least one, or go on; the first one begins before the song."""
        keep = -self.fade
        while True:
            start = keep - self.context
            yield Window(start, start + self.length, keep, keep + self.hop + self.fade)
            keep += self.hop
            if total is not None and keep >= total:
                return

    def ramp(self) -> Tensor:
        """Weights of the kept part of a window, (hop + fade,); their sum over neighbours is 1 everywhere."""
        up = (torch.arange(self.fade) + 0.5) / max(1, self.fade)
        up = torch.sin(up * torch.pi / 2).square()
        flat = torch.ones(self.hop - self.fade)
        return torch.cat([up, flat, 1 - up])


class Joiner:
    """Overlap-adds kept parts and returns finished samples; holds one cross-fade."""

    def __init__(self, plan: WindowPlan) -> None:
        self.plan = plan
        self.weights = plan.ramp()
        self.tail: Tensor | None = None

    def add(self, kept: Tensor) -> Tensor:
        """Join a kept part (..., hop + fade), which is changed, and return the finished (..., hop) samples.

        The very first ``fade`` samples lie before the song.
        """
        faded = kept.mul_(self.weights)
        if self.tail is not None:
            faded[..., : self.plan.fade] += self.tail
        self.tail = faded[..., self.plan.hop :].clone()
        return faded[..., : self.plan.hop]


def fade_in(samples: int) -> np.ndarray:
    """Weights that rise from 0 to 1, float32 (samples,); with their mirror image the powers sum to 1."""
    angles = (np.arange(samples, dtype=np.float32) + 0.5) * (np.pi / 2 / max(1, samples))
    return np.sin(angles).astype(np.float32)


def splice(old: np.ndarray, new: np.ndarray, first: int, last: int, fade: int) -> np.ndarray:
    """``old`` with samples ``first`` to ``last`` from ``new``, both (channels, L); outside it is ``old`` exactly.

    The cross-fades of ``fade`` samples lie inside the stretch, and only where sound adjoins it.
    """
    samples = old.shape[-1]
    fade = min(fade, (last - first) // 2)
    rise = np.zeros(samples, np.float32)
    rise[first:last] = 1
    if first > 0:
        rise[first : first + fade] = fade_in(fade)
    if last < samples:
        rise[last - fade : last] = fade_in(fade)[::-1]
    return new * rise + old * np.sqrt(1 - rise**2)


def join(sound: np.ndarray, piece: np.ndarray, begin: int, start: int, fade: int) -> None:
    """Put a piece that begins at ``begin`` into ``sound``, which is complete up to ``start``.

    They cross-fade where they are softest, in the latter half of their overlap: phases begin anew in each piece,
    which is inaudible in a pause.
    """
    overlap, fade = start - begin, min(fade, start - begin)
    old, fresh = sound[begin:start], piece[:overlap]
    half = min(overlap // 2, overlap - fade)
    power = (old[half:] ** 2 + fresh[half:] ** 2).astype(np.float64)
    low = half + int(np.argmin(running_sums(power, fade)))
    high = low + fade
    faded = old[low:high] * fade_in(fade)[::-1] + fresh[low:high] * fade_in(fade)
    sound[begin + low : begin + len(piece)] = piece[low:]
    sound[begin + low : begin + high] = faded


def running_sums(values: np.ndarray, width: int) -> np.ndarray:
    """Sums over every stretch of ``width`` in values (..., N), (..., N - width + 1)."""
    total = np.cumsum(np.pad(values, [(0, 0)] * (values.ndim - 1) + [(1, 0)]), -1)
    return total[..., width:] - total[..., : total.shape[-1] - width]
