"""The clips that an evening learns from: the songs at varied speeds, and now and then the built-in band.

Seven songs are soon learned by heart: which stem does what when, not how it sounds. So they are moved by some
semitones, and most mixtures are put together of stems of different songs (``remix`` of the recipes). The band keeps
other music in mind; it plays the soundfont that comes along.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from importlib.util import find_spec

import numpy as np

from msgld.data.records.augment import Augmented
from msgld.data.scores import Band, ScoreSource
from msgld.data.source import Clip, Mixed, Source
from msgld.data.stem_folders.song_set import SongSet
from msgld.data.transposed import Transposed
from msgld.music.render.presets import SHIPPED

RECORDS = 0.1
"""Fraction of the clips that are made to sound like other records: the songs already sound like records."""

SEMITONES = 1.0
"""The farthest that clips of the songs are moved."""

OTHER_MUSIC = 0.25
"""Fraction of the clips that the band plays."""


def clips_of(folder: SongSet, known: Collection[str]) -> Source:
    """The source to learn from.

    Args:
        folder: of the songs, a source of its clips.
        known: stems that the model had before; the band plays no others.
    """
    own: Source = Transposed(folder, SEMITONES)
    if band_can_play():
        own = Mixed([(own, 1 - OTHER_MUSIC), (OtherMusic(folder.stems, known), OTHER_MUSIC)])
    return Augmented(own, RECORDS)


def band_can_play() -> bool:
    """Whether what the band needs is installed; songs alone will do."""
    return all(find_spec(name) for name in ("symusic", "tinysoundfont"))


class OtherMusic:
    """The built-in band. New stems are absent from what it plays: their instruments, if any, are in ``other``.

    Args:
        stems: names and order of the stems.
        known: those among them that are not new.
    """

    def __init__(self, stems: tuple[str, ...], known: Collection[str]) -> None:
        self.stems = stems
        self._known = np.array([stem in known for stem in stems])
        self._band = ScoreSource(Band(), (SHIPPED,), stems=stems)

    def clip(self, seed: int, seconds: float) -> Clip:
        """The band's clip of this seed."""
        clip = self._band.clip(seed, seconds)
        return replace(clip, present=clip.present & self._known)
