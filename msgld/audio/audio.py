"""Sound files as arrays: the one module to import for reading, writing and resampling."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from msgld.audio.reader import AudioReader, blocks, open_audio
from msgld.audio.writer import AudioWriter, common_gain, write
from msgld.dsp.resample import resample, resampled_length

__all__ = [
    "Audio",
    "AudioReader",
    "AudioWriter",
    "blocks",
    "common_gain",
    "open_audio",
    "read",
    "resample",
    "resampled_length",
    "write",
]

_BLOCK = 1 << 20  # frames


@dataclass(frozen=True)
class Audio:
    """A sound file in memory.

    Attributes:
        samples: float32 (channels, L), full scale +-1.
        rate: samples per second.
        subtype: how the file stored them: ``PCM_16``, ``PCM_24``, ``FLOAT``, ``vorbis``, ``aac``, ...
        notes: what the user should know of how the file was read, such as damage that was read as silence.
    """

    samples: np.ndarray
    rate: int
    subtype: str
    notes: tuple[str, ...] = ()

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[0])

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return float(self.samples.shape[1] / self.rate)


def read(path: str | Path, rate: int | None = None) -> Audio:
    """Read a whole file: wav, flac, ogg, mp3, m4a, video and more.

    Args:
        path: of the file.
        rate: resample to this rate; None keeps the file's own.

    Raises:
        AudioReadError: missing, a folder, empty, not audio, without samples, cut short, damaged, more than 8
            channels, or with samples that are no numbers. Its one line says what to do.
    """
    pieces = []
    with open_audio(path) as reader:
        while (piece := reader.read(_BLOCK)).shape[1]:
            pieces.append(piece)
        notes = reader.notes
    samples = np.concatenate(pieces, axis=1)
    own = reader.rate
    samples = samples if rate is None else resample(samples, own, rate)
    return Audio(samples, rate or own, reader.subtype, notes)
