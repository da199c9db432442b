"""Test-time augmentation: the song is separated at several pitches, and the stems are averaged.

A sample rate that is taken to be higher than it is shifts the song up, for free. Errors depend on pitch: pitch shifts
decorrelate them, time shifts and equalisation do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor

from msgld.audio.stream import AudioStream
from msgld.music.tuning import tuning

BLOCKS, BLOCK_SECONDS = 12, 5
"""The tuning is estimated from the first minute."""

IN_TUNE = 0.08
"""Semitones up to which a song counts as in tune: the error of the estimate for songs that are."""


@dataclass(frozen=True)
class PitchShift:
    """The pitches at which a song is separated.

    Attributes:
        semitones: up, one entry for each separation.
        tuned: bring the song to concert pitch first.
    """

    semitones: tuple[float, ...] = (0.0,)
    tuned: bool = False

    def rates(self, song: AudioStream) -> list[int]:
        """The rates that a song is taken to have, one for each separation.

        Args:
            song: at its beginning; it is read only if it is to be tuned.
        """
        sharp = tuning(_beginning(song), song.rate) if self.tuned else 0.0
        if abs(sharp) < IN_TUNE:
            sharp = 0.0
        return [round(song.rate * 2 ** ((shift - sharp) / 12)) for shift in self.semitones]


def _beginning(song: AudioStream) -> Iterator[Float32[np.ndarray, "channels n"]]:
    for _ in range(BLOCKS):
        block = song.read(BLOCK_SECONDS * song.rate)
        if not block.shape[1]:
            return
        yield block


def averaged(streams: Sequence[Iterator[Tensor]]) -> Iterator[np.ndarray]:
    """The mean of streams of the same total length, whose stretches (K, ..., n) may differ in length.

    The last track, the song itself, is the first stream's: all streams have the same, but a mean is rounded.
    """
    first, *others = streams
    if not others:
        yield from (stretch.numpy() for stretch in first)
        return
    takers = [_Taker(stream) for stream in others]
    for stretch in first:
        own = stretch[:-1]
        for taker in takers:
            own += taker.take(stretch.shape[-1])[:-1]
        own /= len(streams)
        yield stretch.numpy()


class _Taker:
    """Takes stretches of any length from a stream."""

    def __init__(self, stream: Iterator[Tensor]) -> None:
        self._stream = stream
        self._held: Tensor | None = None

    def take(self, samples: int) -> Tensor:
        """The next samples, (K, ..., n)."""
        while self._held is None or self._held.shape[-1] < samples:
            more = next(self._stream)
            self._held = more if self._held is None else torch.cat([self._held, more], -1)
        taken, self._held = self._held[..., :samples], self._held[..., samples:]
        return taken
