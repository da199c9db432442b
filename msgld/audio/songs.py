"""What callers hand over as sound, a file or an array, checked and read front to back."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Protocol

import numpy as np

from msgld.audio.arrays import HIGHEST_RATE, LOWEST_RATE, ArrayReader, checked
from msgld.audio.reader import open_audio
from msgld.errors import AudioReadError, UsageError
from msgld.ranges import RANGES

Source = str | Path | tuple[np.ndarray, int]
"""A file, or (samples of shape (L,) or (channels, L) with full scale +-1, rate)."""


@dataclass(frozen=True)
class Excerpt:
    """A stretch of a sound, from ``start`` seconds to ``stop``, or to its end.

    Raises:
        UsageError: moments that are no numbers from 0 to 360,000, or in the wrong order.
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
class Noted:
    """A sound whose reader leaves its notes in ``notes`` whenever it is closed."""

    sound: Sound
    notes: list[str] = field(default_factory=list)


Sound = Source | Excerpt | Noted
"""A file, samples with their rate, or an excerpt of either; or one of them whose notes are kept."""


class Reader(Protocol):
    """Sound that is read front to back.

    Attributes:
        rate: samples per second. channels: of every block.
        frames: samples per channel; an estimate in some compressed files, 0 where even that is unknown.
    """

    rate: int
    channels: int
    frames: int

    def read(self, frames: int) -> np.ndarray:
        """The next ``frames`` frames, fewer only at the end: float32 (channels, n)."""
        ...


class OpenSound(Reader, Protocol):
    """A sound as :func:`opened` opens it.

    Attributes:
        notes: what the user should know of how the sound was read; complete once it has been read to its end.
    """

    @property
    def notes(self) -> tuple[str, ...]:
        """See above."""
        ...

    def skip(self, frames: int) -> int:
        """Pass over the next ``frames`` frames; how many there were, fewer only at the end."""
        ...


class ExcerptReader:
    """Reads a stretch of another reader's sound, which it skips to."""

    def __init__(self, reader: OpenSound, start: float, stop: float | None) -> None:
        self._reader = reader
        self.rate, self.channels = reader.rate, reader.channels
        self._start, self._stop, self._done, self._ended = start, stop, 0, False
        first = round(start * self.rate)
        self._left = math.inf if stop is None else round(stop * self.rate) - first
        self.frames = int(max(0, min(reader.frames - first, self._left)))
        if self._left < 1:
            raise AudioReadError(f"the excerpt from {start:g} to {stop:g} s holds no samples")
        if reader.skip(first) < first:
            raise AudioReadError(f"the excerpt begins at {start:g} s, after the sound has ended")

    @property
    def notes(self) -> tuple[str, ...]:
        """See :class:`OpenSound`."""
        if self._stop is None or not self._ended:
            return self._reader.notes
        end = self._start + self._done / self.rate
        return (
            *self._reader.notes,
            f"the sound ends at {end:.2f} s, before the excerpt's end at {self._stop:g} s",
        )

    def read(self, frames: int) -> np.ndarray:
        """See :class:`Reader`."""
        wanted = int(min(frames, self._left))
        block = self._reader.read(wanted)
        self._ended = self._ended or block.shape[1] < wanted
        if self._ended and not self._done and not block.shape[1]:
            raise AudioReadError(f"the excerpt begins at {self._start:g} s, where the sound has ended")
        self._done += block.shape[1]
        self._left -= block.shape[1]
        return block

    def skip(self, frames: int) -> int:
        """See :class:`Reader`."""
        done = self._reader.skip(int(min(frames, self._left)))
        self._done += done
        self._left -= done
        return done


@contextmanager
def opened(sound: Sound) -> Iterator[OpenSound]:
    """Open a sound for reading.

    Raises:
        AudioReadError: no such file, not audio, empty, of a rate that no song has, or samples that are not numbers.
        UsageError: an array of another shape or type.
    """
    if isinstance(sound, Noted):
        with opened(sound.sound) as reader:
            try:
                yield reader
            finally:
                if len(reader.notes) >= len(sound.notes):
                    sound.notes[:] = reader.notes
    elif isinstance(sound, Excerpt):
        with opened(sound.sound) as reader:
            yield ExcerptReader(reader, sound.start, sound.stop)
    elif isinstance(sound, str | Path):
        with open_audio(sound) as reader:
            if not LOWEST_RATE <= reader.rate <= HIGHEST_RATE:
                raise AudioReadError(
                    f"{sound} claims {reader.rate} samples a second, songs have {LOWEST_RATE} to {HIGHEST_RATE}: "
                    "export it again"
                )
            yield reader
    else:
        yield ArrayReader(*checked(sound))


def whole(sound: Sound) -> tuple[np.ndarray, int]:
    """All samples of a sound, float32 (channels, L), and its rate. Errors as :func:`opened`."""
    with opened(sound) as reader:
        blocks = [reader.read(1 << 20)]
        while blocks[-1].shape[1]:
            blocks.append(reader.read(1 << 20))
        return np.concatenate(blocks, axis=1), reader.rate


def name_of(sound: Sound) -> str:
    """What a record says of where a sound came from: the file's full path, or ``array``."""
    source = _source(sound)
    return str(Path(source).absolute()) if isinstance(source, str | Path) else "array"


def files_of(sounds: Iterable[Sound]) -> list[str | Path]:
    """The files that sounds are read from; arrays have none."""
    return [source for source in map(_source, sounds) if isinstance(source, str | Path)]


def _source(sound: Sound) -> Source:
    while isinstance(sound, Excerpt | Noted):
        sound = sound.sound
    return sound


def digest(sound: Sound) -> str | None:
    """SHA-256 of a whole file's content; None for an array."""
    source = _source(sound)
    if not isinstance(source, str | Path):
        return None
    content = hashlib.sha256()
    with open(source, "rb") as file:
        for block in iter(partial(file.read, 1 << 20), b""):
            content.update(block)
    return content.hexdigest()
