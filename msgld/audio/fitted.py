"""Sound brought to another rate and other channels as it is read."""

from __future__ import annotations

import numpy as np
import soxr

from msgld.audio.songs import Reader
from msgld.errors import UsageError


class FittedReader:
    """Reads another reader's sound at a rate and with channels of one's choice."""

    def __init__(self, reader: Reader, rate: int, channels: int) -> None:
        self._reader = reader
        self._same_rate = reader.rate == rate
        self._stream = soxr.ResampleStream(reader.rate, rate, reader.channels, dtype="float32", quality="HQ")
        self._held = np.zeros((reader.channels, 0), np.float32)
        self._ended = False
        self.rate, self.channels = rate, channels
        self.frames = round(reader.frames * rate / reader.rate)

    def read(self, frames: int) -> np.ndarray:
        """See :class:`Reader`."""
        while self._held.shape[1] < frames and not self._ended:
            self._held = np.concatenate([self._held, self._more(frames)], axis=1)
        block, self._held = self._held[:, :frames], self._held[:, frames:]
        return as_channels(block, self.channels)

    def _more(self, frames: int) -> np.ndarray:
        wanted = max(1, round(frames * self._reader.rate / self.rate))
        block = self._reader.read(wanted)
        self._ended = block.shape[1] < wanted
        if self._same_rate:
            return block
        return self._stream.resample_chunk(np.ascontiguousarray(block.T), last=self._ended).T


def as_channels(samples: np.ndarray, channels: int) -> np.ndarray:
    """Samples (c, L) with another number of channels.

    Mono goes to all channels; else channels that are missing are silent. All go to mono as their mean, as a mono mix
    is made: what has opposite polarity in two channels is not in it.

    Raises:
        UsageError: more channels than asked for, and not to mono.
    """
    own = samples.shape[0]
    if own == channels:
        return samples
    if own == 1:
        return np.repeat(samples, channels, axis=0)
    if channels == 1:
        return samples.mean(axis=0, keepdims=True)
    if own > channels:
        raise UsageError(f"a sound of {own} channels does not go with one of {channels}; mix it down first")
    return np.concatenate([samples, np.zeros((channels - own, samples.shape[1]), samples.dtype)])
