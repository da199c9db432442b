"""A source whose clips are transposed by their speed, as tape is: higher and shorter, or lower and longer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from msgld.data.source import Clip, Source, origin_of
from msgld.dsp.resample import resample
from msgld.music.conditions import OPEN


class Transposed:
    """Another source, transposed: a few songs become many, whose stems still belong together.

    Args:
        source: of the clips.
        semitones: the farthest that a clip is moved to either side; how far is drawn evenly.
    """

    def __init__(self, source: Source, semitones: float) -> None:
        self.source, self.semitones, self.stems = source, semitones, source.stems

    def clip(self, seed: int, seconds: float) -> Clip:
        """The source's clip of this seed, moved; its key and tempo are not known, and its notes are left out."""
        drawn = np.random.default_rng([seed, 7]).uniform(-self.semitones, self.semitones)
        speed = 2 ** (drawn / 12)
        clip = self.source.clip(seed, seconds * speed)
        samples = round(seconds * clip.rate)
        moved = resample(clip.stems, clip.rate, round(clip.rate / speed))[..., :samples]
        stems = np.pad(moved, ((0, 0), (0, 0), (0, samples - moved.shape[-1]))).astype(np.float32)
        meta = clip.meta | {"transposed": float(drawn)}
        return replace(clip, stems=stems, meta=meta, conditions=OPEN, played=None, rest=None)

    def origin(self, seed: int) -> str:
        """The piece that a clip is of; empty where the source cannot tell."""
        return origin_of(self.source, seed)
