"""Sources made of sources: a weighted mixture of them, stems that are augmented."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from msgld.data.augment import Augmentation, augment
from msgld.data.source import Clip, Source
from msgld.errors import UsageError


class Mixed:
    """Draws each clip from one of several sources.

    Args:
        sources: pairs of a source and its weight (0 or more, not all 0); all have the same stems.

    Raises:
        UsageError: no sources, different stems or no positive weight.
    """

    def __init__(self, sources: Sequence[tuple[Source, float]]) -> None:
        self._sources = [source for source, _ in sources]
        weights = np.array([weight for _, weight in sources], dtype=np.float64)
        if len({source.stems for source in self._sources}) != 1:
            raise UsageError("mix sources that have the same stems in the same order")
        if (weights < 0).any() or not weights.sum() > 0:
            raise UsageError("weights of sources are 0 or more, and one is above 0")
        self._edges = np.cumsum(weights / weights.sum())
        self.stems = self._sources[0].stems

    def clip(self, seed: int, seconds: float) -> Clip:
        """Return a clip of the source that the seed chooses."""
        # The choice must not share its random numbers with the source, which gets the seed itself.
        draw = np.random.default_rng([seed, 1]).random()
        index = min(int(np.searchsorted(self._edges, draw, side="right")), len(self._sources) - 1)
        return self._sources[index].clip(seed, seconds)


class Augmented:
    """Augments clips now and then.

    Args:
        source: where clips come from.
        probability: how often a clip is augmented.
        settings: which effects, how often, how strong.
    """

    def __init__(self, source: Source, probability: float, settings: Augmentation = Augmentation()) -> None:
        self.source, self.probability, self.settings = source, probability, settings
        self.stems = source.stems

    def clip(self, seed: int, seconds: float) -> Clip:
        """Return the source's clip of this seed, augmented or as it is."""
        clip = self.source.clip(seed, seconds)
        drawn = np.random.default_rng([seed, 3]).random()
        return augment(clip, seed, self.settings) if drawn < self.probability else clip
