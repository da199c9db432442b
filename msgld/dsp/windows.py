"""Windows over songs of any length, and how their results are joined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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
        """Join a kept part (..., hop + fade) and return the finished (..., hop) samples.

        The very first ``fade`` samples lie before the song.
        """
        faded = kept * self.weights
        if self.tail is not None:
            faded[..., : self.plan.fade] += self.tail
        self.tail = faded[..., self.plan.hop :].clone()
        return faded[..., : self.plan.hop]
