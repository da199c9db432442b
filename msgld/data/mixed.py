"""Sources made of sources: a weighted mixture of them, stems that are augmented, what sources tell of themselves."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from msgld.data.augment import Augmentation, augment
from msgld.data.source import Clip, Source, checked
from msgld.errors import UsageError


def music_seconds(source: object) -> float | None:
    """How much music a source draws from, in seconds; None if that is not known or without end.

    A source tells it by ``seconds``, or by ``songs`` that have ``seconds`` each.
    """
    songs = getattr(source, "songs", None)
    if songs is not None:
        return float(sum(song.seconds for song in songs))
    return getattr(source, "seconds", None)


def origin_of(source: object, seed: int) -> str:
    """The piece that the clip of this seed is of, if the source can tell by ``origin(seed)``; else empty."""
    tell = getattr(source, "origin", None)
    return str(tell(seed)) if tell else ""


def missing_file(source: object) -> Path | None:
    """A file that a source was made of and that is gone or out of reach, if there is one.

    Sources whose ``songs`` list ``every`` file are looked at, and those inside of other sources.
    """
    for song in getattr(source, "songs", ()):
        for file in getattr(song, "every", ()):
            if not file.path.exists():
                return Path(file.path)
    inner = [*getattr(source, "sources", ()), *([source.source] if hasattr(source, "source") else [])]
    found = (missing_file(one) for one in inner)
    return next((path for path in found if path is not None), None)


class Mixed:
    """Draws each clip from one of several sources.

    Args:
        sources: pairs of a source and its weight (0 or more, not all 0); all have the same stems.

    Raises:
        UsageError: no sources, different stems or no positive weight.
    """

    def __init__(self, sources: Sequence[tuple[Source, float]]) -> None:
        self.sources = [source for source, _ in sources]
        weights = np.array([weight for _, weight in sources], dtype=np.float64)
        if len({source.stems for source in self.sources}) != 1:
            raise UsageError("mix sources that have the same stems in the same order")
        if (weights < 0).any() or not weights.sum() > 0:
            raise UsageError("weights of sources are 0 or more, and one is above 0")
        self._edges = np.cumsum(weights / weights.sum())
        self.stems = self.sources[0].stems

    def clip(self, seed: int, seconds: float) -> Clip:
        """Return a clip of the source that the seed chooses."""
        return self._chosen(seed).clip(seed, seconds)

    def _chosen(self, seed: int) -> Source:
        # The choice must not share its random numbers with the source, which gets the seed itself.
        draw = np.random.default_rng([seed, 1]).random()
        index = min(int(np.searchsorted(self._edges, draw, side="right")), len(self.sources) - 1)
        return self.sources[index]

    @property
    def seconds(self) -> float | None:
        """How much music there is, in seconds; None if one of the sources does not end."""
        amounts = [music_seconds(source) for source in self.sources]
        known = [amount for amount in amounts if amount is not None]
        return sum(known) if len(known) == len(amounts) else None

    def origin(self, seed: int) -> str:
        """The piece that a clip is of; empty where its source cannot tell."""
        return origin_of(self._chosen(seed), seed)


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
        """Return the source's clip of this seed, augmented or not; BadClip before effects hide bad samples."""
        clip = checked(self.source.clip(seed, seconds), self.stems)
        drawn = np.random.default_rng([seed, 3]).random()
        return augment(clip, seed, self.settings) if drawn < self.probability else clip

    @property
    def seconds(self) -> float | None:
        """How much music the source has, in seconds; None if that is not known or without end."""
        return music_seconds(self.source)

    def origin(self, seed: int) -> str:
        """The piece that a clip is of; empty where the source cannot tell."""
        return origin_of(self.source, seed)
