"""Blocks of sound: 16 bits in FLAC, which takes a third of the space and is decoded 1,000 times as fast as it plays.

Whole numbers of 16 bits come back as they were. A block beyond full scale is halved until it fits; its gain is kept.
"""

from __future__ import annotations

import io

import numpy as np
import soundfile

_FULL = 32768.0
_COMPRESSION = 0.5  # more takes twice the time for two percent


def encode(samples: np.ndarray, rate: int) -> tuple[bytes, float]:
    """A FLAC of stereo samples (2, n), and the power of two by which it is to be multiplied."""
    peak = float(np.abs(samples).max(initial=0.0))
    gain = 2.0 ** max(0, int(np.ceil(np.log2(peak)))) if peak > 1 else 1.0
    whole = np.clip(np.rint(samples.T * (_FULL / gain)), -_FULL, _FULL - 1).astype(np.int16)
    with io.BytesIO() as memory:
        with soundfile.SoundFile(
            memory, "w", rate, 2, "PCM_16", format="FLAC", compression_level=_COMPRESSION
        ) as file:
            file.write(whole)
        return memory.getvalue(), gain


def decode(block: bytes, first: int, stop: int, gain: float) -> np.ndarray:
    """Samples ``first`` to ``stop`` of a block, float32 (2, n).

    Raises:
        soundfile.SoundFileError: it is damaged.
    """
    samples, _ = soundfile.read(io.BytesIO(block), dtype="float32", always_2d=True, start=first, stop=stop)
    return samples.T * np.float32(gain)
