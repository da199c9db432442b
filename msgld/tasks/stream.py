"""A song of any length, as a file or an array, into its stems: several passes averaged, known stems kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from msgld.audio.fitted import FittedReader
from msgld.audio.songs import Reader, Sound, opened
from msgld.model import Model
from msgld.music.tuning import tuning
from msgld.tasks.noise_maps import Settings
from msgld.tasks.separate import Layout
from msgld.tasks.song import separate_song

BLOCKS, BLOCK_SECONDS = 12, 5
"""From the first minute a song's tuning is heard."""

IN_TUNE = 0.08
"""Semitones up to which a song is left as it is: by so much are songs misheard that are in tune."""


class ReaderSong:
    """A reader as a :class:`msgld.tasks.song.Song`."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.rate, self.channels = reader.rate, reader.channels

    def read(self, samples: int) -> Tensor:
        """The next samples, (channels, n)."""
        return torch.from_numpy(np.array(self._reader.read(samples), np.float32))


def separated(
    model: Model,
    song: Sound,
    known: Mapping[str, Sound],
    settings: Settings,
    layouts: Sequence[Layout],
    level: float = 0.0,
) -> Iterator[np.ndarray]:
    """Separate a song stretch by stretch.

    Args:
        song: the mixture.
        known: stems that are known; brought to the song's rate, channels and length.
        layouts: one for each pass; the passes' answers are averaged.
        level: of the mixture, 0 to 1.

    Yields:
        float32 (K, channels, n), front to back: the model's stems, known ones as they were given, then the song.
    """
    with ExitStack() as stack:
        streams = []
        for layout in _at_concert_pitch(song, layouts):
            reader = stack.enter_context(opened(song))
            readers = _fitted(stack, model, known, reader)
            given = {track: ReaderSong(fitted) for track, fitted in readers.items()}
            streams.append(separate_song(model, ReaderSong(reader), settings, layout, given, level))
        exact = _fitted(stack, model, known, reader)
        for stretch in averaged(streams):
            for track, fitted in exact.items():
                stretch[track] = _padded(fitted, stretch.shape[-1])
            yield stretch


def _at_concert_pitch(song: Sound, layouts: Sequence[Layout]) -> Sequence[Layout]:
    """The layouts, those that are to be tuned by as much faster as the song is too low."""
    if not any(layout.tuned for layout in layouts):
        return layouts
    with opened(song) as reader:
        higher = tuning(_beginning(reader), reader.rate)
    if abs(higher) < IN_TUNE:
        return layouts
    return [replace(layout, varispeed=layout.varispeed - higher * layout.tuned) for layout in layouts]


def _beginning(reader: Reader) -> Iterator[np.ndarray]:
    for _ in range(BLOCKS):
        block = reader.read(BLOCK_SECONDS * reader.rate)
        if not block.shape[1]:
            return
        yield block


def _fitted(
    stack: ExitStack, model: Model, known: Mapping[str, Sound], song: Reader
) -> dict[int, FittedReader]:
    """The known stems by track, opened anew."""
    return {
        model.stems.index(stem): FittedReader(stack.enter_context(opened(sound)), song.rate, song.channels)
        for stem, sound in known.items()
    }


def _padded(reader: Reader, samples: int) -> np.ndarray:
    block = reader.read(samples)
    return np.pad(block, ((0, 0), (0, samples - block.shape[1])))


def averaged(streams: Sequence[Iterator[Tensor]]) -> Iterator[np.ndarray]:
    """The mean of streams of the same total length, whose stretches (K, ..., n) may differ in length.

    The last track, the song itself, is the first stream's: it is the same in all of them, but a mean is rounded.
    """
    first, *others = streams
    takers = [_Taker(stream) for stream in others]
    for stretch in first:
        total = stretch.clone()
        for taker in takers:
            total += taker.take(stretch.shape[-1])
        mean = total / len(streams)
        mean[-1] = stretch[-1]
        yield mean.numpy()


class _Taker:
    """Takes as much from a stream as is asked for."""

    def __init__(self, stream: Iterator[Tensor]) -> None:
        self._stream = stream
        self._held: Tensor | None = None

    def take(self, samples: int) -> Tensor:
        while self._held is None or self._held.shape[-1] < samples:
            more = next(self._stream)
            self._held = more if self._held is None else torch.cat([self._held, more], -1)
        taken, self._held = self._held[..., :samples], self._held[..., samples:]
        return taken
