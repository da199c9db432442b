"""Samples that are in memory already, checked and read front to back as a file is."""

from __future__ import annotations

import numpy as np

from msgld.audio.reader import LOUDEST, MAX_CHANNELS
from msgld.errors import AudioReadError, UsageError

LOWEST_RATE, HIGHEST_RATE = 1000, 768_000
"""Samples a second that a song may have."""


class ArrayReader:
    """Reads samples (channels, L) that are in memory."""

    notes: tuple[str, ...] = ()

    def __init__(self, samples: np.ndarray, rate: int) -> None:
        self._samples = samples
        self._place = 0
        self.rate = rate
        self.channels, self.frames = samples.shape

    def read(self, frames: int) -> np.ndarray:
        """See :class:`Reader`."""
        block = self._samples[:, self._place : self._place + frames]
        self._place += block.shape[1]
        return block

    def skip(self, frames: int) -> int:
        """See :class:`Reader`."""
        return self.read(frames).shape[1]


def checked(sound: object) -> tuple[np.ndarray, int]:
    """Samples as float32 (channels, L) and their rate.

    Raises:
        UsageError: no pair of samples and rate, or of another shape or type.
        AudioReadError: no samples, or samples that are NaN, infinite or above ``reader.LOUDEST``.
    """
    if not (isinstance(sound, tuple) and len(sound) == 2):
        raise UsageError("a sound is the path of a file, or a pair (samples, rate)")
    samples, rate = np.asarray(sound[0]), sound[1]
    if not (isinstance(rate, int | np.integer) and LOWEST_RATE <= rate <= HIGHEST_RATE):
        raise UsageError(f"a rate is a whole number from {LOWEST_RATE} to {HIGHEST_RATE} Hz, not {rate!r}")
    _check_shape(samples)
    with np.errstate(over="ignore"):
        samples = np.atleast_2d(samples).astype(np.float32, copy=False)
    if not np.isfinite(samples).all():
        raise AudioReadError("the array has samples that are not numbers (NaN or infinite)")
    if (peak := np.abs(samples).max()) > LOUDEST:
        raise AudioReadError(f"the array has samples of up to {peak:.0e}; full scale is 1")
    return samples, int(rate)


def _check_shape(samples: np.ndarray) -> None:
    if not np.issubdtype(samples.dtype, np.floating):
        raise UsageError(
            f"samples are floats with full scale +-1, not {samples.dtype}: divide by full scale first"
        )
    if samples.ndim not in (1, 2):
        raise UsageError(f"samples have the shape (L,) or (channels, L), not {samples.shape}")
    if samples.size == 0:
        raise AudioReadError("the array holds no samples")
    if samples.ndim == 2 and samples.shape[0] > MAX_CHANNELS:
        hint = (
            "pass its transpose"
            if samples.shape[1] <= MAX_CHANNELS
            else f"at most {MAX_CHANNELS} can be used"
        )
        raise UsageError(
            f"an array (channels, L) of shape {samples.shape} has {samples.shape[0]} channels: {hint}"
        )
