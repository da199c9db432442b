"""Windows over songs of any length, and how sounds are joined: overlap-add, and cross-fades of equal power."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True)
class Window:
    """A stretch to be computed and the part of it that is kept, all in samples of the song.

    Attributes:
        start: where the model's input begins.
        stop: its end; may lie after the song.
        keep_start: where the kept part begins, with ``fade`` samples of cross-fade unless it is the first one.
        keep_stop: its end, with as many unless it is the last one.
    """

    start: int
    stop: int
    keep_start: int
    keep_stop: int


@dataclass(frozen=True)
class WindowPlan:
    """Lays windows over a song: the first one begins with it, the last one is the first that reaches its end.

    Attributes:
        length: of a window, in samples.
        context: samples at either side of a neighbour that are computed and discarded, without the fade.
        fade: samples of the cross-fade between neighbours.
    """

    length: int
    context: int
    fade: int

    @property
    def hop(self) -> int:
        """Samples from one window's start to the next one's."""
        return self.length - 2 * self.context - self.fade

    def windows(self) -> Iterator[Window]:
        """Windows from the beginning on, without end; what is kept of the last one goes on to the song's end."""
        for number in count():
            start = number * self.hop
            stop = start + self.length
            yield Window(start, stop, start + self.context if number else 0, stop - self.context)


class Joiner:
    """Overlap-adds kept parts and returns finished samples; holds one cross-fade."""

    def __init__(self, fade: int) -> None:
        self.fade = fade
        up = (torch.arange(fade) + 0.5) / max(1, fade)
        self.up = torch.sin(up * torch.pi / 2).square()
        self.tail: Tensor | None = None

    def add(self, kept: Tensor, last: bool = False) -> Tensor:
        """Join a kept part (..., n), which is changed, and return the finished samples: all but a fade's.

        Args:
            kept: longer than a fade.
            last: nothing follows, so that all of it is finished.
        """
        if self.tail is not None:
            kept[..., : self.fade].mul_(self.up).add_(self.tail)
        if last:
            return kept
        ready = kept.shape[-1] - self.fade
        self.tail = kept[..., ready:] * (1 - self.up)
        return kept[..., :ready]


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
