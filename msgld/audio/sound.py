"""The sounds that callers may pass: a file, samples with their rate, or an excerpt of either."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from msgld.audio.read import LOUDEST, MAX_CHANNELS, open_file
from msgld.audio.stream import ArrayStream, AudioStream, ExcerptStream
from msgld.errors import AudioReadError, UsageError
from msgld.ranges import RANGES

LOWEST_RATE, HIGHEST_RATE = 1000, 768_000
"""Samples per second that a song may have."""

Source = str | Path | tuple[np.ndarray, int]
"""A file, or (samples of shape (L,) or (channels, L) with full scale +-1, rate)."""

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Excerpt:
    """A stretch of a sound.

    Attributes:
        sound: a file, or samples with their rate.
        start: in seconds.
        stop: in seconds; None for the end of the sound.

    Raises:
        UsageError: times that are no numbers from 0 to 360,000, or in the wrong order.
    """

    sound: Source
    start: float = 0.0
    stop: float | None = None

    def __post_init__(self) -> None:
        start = RANGES["start"].check("an excerpt's start", self.start)
        stop = None if self.stop is None else RANGES["stop"].check("an excerpt's stop", self.stop)
        if stop is not None and start >= stop:
            raise UsageError(f"an excerpt begins before it ends, not from {start:g} to {stop:g} s")


@dataclass(frozen=True)
class Remarked:
    """A sound that keeps its stream's remarks whenever the stream is closed.

    Attributes:
        sound: to open.
        remarks: of the stream that was read furthest.
    """

    sound: Sound
    remarks: list[str] = field(default_factory=list)


Sound = Source | Excerpt | Remarked
"""A file, samples with their rate, an excerpt of either, or one of them with its remarks kept."""


@contextmanager
def open_stream(sound: Sound) -> Iterator[AudioStream]:
    """Open a sound for reading from its start.

    Raises:
        AudioReadError: no such file, not audio, empty, an implausible rate, or samples that are not numbers.
        UsageError: an array of the wrong shape or type.
    """
    if isinstance(sound, Remarked):
        with open_stream(sound.sound) as stream:
            try:
                yield stream
            finally:
                if len(stream.remarks) >= len(sound.remarks):
                    sound.remarks[:] = stream.remarks
    elif isinstance(sound, Excerpt):
        with open_stream(sound.sound) as stream:
            yield ExcerptStream(stream, sound.start, sound.stop)
    elif isinstance(sound, str | Path):
        with open_file(sound) as file:
            if not LOWEST_RATE <= file.rate <= HIGHEST_RATE:
                raise AudioReadError(
                    f"{sound} claims {file.rate} samples a second, songs have {LOWEST_RATE} to {HIGHEST_RATE}: "
                    "export it again"
                )
            yield file
    else:
        yield ArrayStream(*checked(sound))


def read_all(sound: Sound) -> tuple[np.ndarray, int]:
    """All samples of a sound, float32 (channels, L), and its rate. Errors as :func:`open_stream`."""
    with open_stream(sound) as stream:
        blocks = [stream.read(_BLOCK)]
        while blocks[-1].shape[1]:
            blocks.append(stream.read(_BLOCK))
        return np.concatenate(blocks, axis=1), stream.rate


def checked(sound: object) -> tuple[np.ndarray, int]:
    """Samples as float32 (channels, L) and their rate.

    Raises:
        UsageError: no pair of samples and rate, or the wrong shape or type.
        AudioReadError: no samples, or samples that are NaN, infinite or above ``read.LOUDEST``.
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
        tall = samples.shape[1] <= MAX_CHANNELS
        hint = "pass its transpose" if tall else f"at most {MAX_CHANNELS} can be used"
        raise UsageError(
            f"an array (channels, L) of shape {samples.shape} has {samples.shape[0]} channels: {hint}"
        )


def file_of(sound: Sound) -> Path | None:
    """The file that a sound is read from; None for an array."""
    while isinstance(sound, Excerpt | Remarked):
        sound = sound.sound
    return Path(sound) if isinstance(sound, str | Path) else None


def name_of(sound: Sound) -> str:
    """A sound's origin in records: the file's full path, or ``array``."""
    file = file_of(sound)
    return str(file.absolute()) if file else "array"


def sha256(sound: Sound) -> str | None:
    """SHA-256 of a whole file's content; None for an array.

    Raises:
        AudioReadError: the file cannot be read.
    """
    file = file_of(sound)
    try:
        if file is None:
            return None
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise AudioReadError(f"cannot read {name_of(sound)}: {error.strerror or error}") from error
