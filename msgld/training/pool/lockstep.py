"""Clips that a run of steps draws from: how many crops were drawn decides it, however fast they are rendered.

Clip i lies in slot i modulo the number of slots. After d crops the clips before v(d) = first + d / reuse (rounded down)
have come into view, and the last ``window`` of them are drawn from. Drawing waits until they are all there. Workers
render ahead into the slots that are not in view, so that no clip is replaced while crops are drawn from it. A clip that
cannot be used keeps its number, and nothing is drawn from it.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch

from msgld.errors import TrainingError
from msgld.training.recipe import PoolConfig

AHEAD = 8
"""One slot in so many is never in view, as workers render ahead into it."""

TRIES = 2
"""Times that a clip may end its worker, or cannot be read, before it counts as unusable."""


class Lockstep:
    """The view of a pool, and the clips that cannot be used.

    Args:
        config: of the pool.
        first: clips in view before the first crop is drawn.
        bad: numbers of clips that could not be used, of a run that goes on.

    Attributes:
        window: clips in view, at most.
        good: bool (slots,), whether the clip that a slot holds can be used; workers write it.
        bad: numbers of the clips that have been in view and cannot be used, ascending.
        counted: the clips before this one are in ``bad`` if they belong there.
    """

    def __init__(self, config: PoolConfig, first: int, bad: Iterable[int] = ()) -> None:
        self.slots, self.reuse = config.slots, config.reuse
        self.window = max(1, config.slots - max(1, config.slots // AHEAD))
        self.first = max(1, min(first, self.window))
        self.good = torch.ones(config.slots, dtype=torch.bool).share_memory_()
        self.bad = list(bad)
        self.counted = 0

    def begin(self, drawn: int) -> int:
        """The first clip in view when so many crops are drawn."""
        return max(0, self.end(drawn) - self.window)

    def end(self, drawn: int) -> int:
        """The first clip that is not in view yet."""
        return self.first + int(drawn / self.reuse)

    def usable(self, drawn: int) -> np.ndarray:
        """Slots of the clips in view that can be used, in the order of the clips.

        Raises:
            TrainingError: there is none.
        """
        slots = np.arange(self.begin(drawn), self.end(drawn)) % self.slots
        usable = slots[self.good.numpy()[slots]]
        if not len(usable):
            raise TrainingError(
                f"none of {len(slots)} clips could be used: see the lines above, and repair or remove the files"
            )
        return usable

    def count(self, drawn: int) -> None:
        """Note the unusable clips that have come into view."""
        end, good = self.end(drawn), self.good.numpy()
        self.bad += [clip for clip in range(self.counted, end) if not good[clip % self.slots]]
        self.counted = max(self.counted, end)

    def is_bad(self, clip: int, ahead: int) -> bool:
        """Whether a clip before the one that is rendered now, ``ahead``, is known to be unusable."""
        kept = ahead - self.slots <= clip
        return clip in self.bad or (kept and not bool(self.good[clip % self.slots]))
