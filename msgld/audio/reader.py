"""Reading a file of any length piece by piece: by libsndfile or FFmpeg's libraries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from msgld.audio.fallback import Decoder, open_decoder
from msgld.errors import AudioReadError

MAX_CHANNELS = 8
LOUDEST = 1e10
"""Times full scale. Whole numbers of 32 bits that were written as floats stay below; damaged samples seldom do."""
_MOST_NOTES = 5  # places of damage that are named one by one


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise AudioReadError(f"{path} is a folder; give an audio file in it")
    if not path.exists():
        raise AudioReadError(f"there is no file {path}")
    if not path.is_file():
        raise AudioReadError(
            f"{path} is a pipe or a device, which can be read only once: save it to a file first"
        )
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise AudioReadError(f"{path} is empty (0 bytes)")
    except OSError as error:
        raise AudioReadError(f"cannot open {path}: {error.strerror}") from error


class AudioReader:
    """An open file; made by ``open_audio``.

    Attributes:
        path: of the file.
        rate: samples per second.
        channels: 1 to 8.
        frames: samples per channel. An estimate where ``exact`` is False; 0 where even that is unknown.
        exact: whether ``frames`` is what will be read, to the sample.
        subtype: libsndfile's name of the sample format (``PCM_16``, ``FLOAT``, ...) or FFmpeg's of the codec.
        damage: (start, stop) in seconds of what could not be decoded and was read as silence; grows while reading.
        notes: what the user should know of how the file was read, such as its damage; grows while reading.
    """

    def __init__(self, path: Path, decoder: Decoder) -> None:
        self.path = path
        self.rate = decoder.rate
        self.channels = decoder.channels
        self.frames = decoder.frames
        self.exact = decoder.exact
        self.subtype = decoder.subtype
        self._decoder = decoder
        self._done = 0

    def read(self, frames: int) -> np.ndarray:
        """The next ``frames`` frames, fewer only at the end, (channels, 0) after it.

        Returns:
            float32 (channels, n), n <= ``frames``; full scale is +-1.

        Raises:
            AudioReadError: damaged, cut short, without a single sample, or with samples that are no numbers.
        """
        block = np.ascontiguousarray(self._decoder.read(frames).T)
        self._check_numbers(block)
        self._done += block.shape[1]
        if block.shape[1] < frames:
            self._check_end()
        return block

    def skip(self, frames: int) -> int:
        """Pass over the next ``frames`` frames, to the sample.

        Returns:
            How many there were; fewer only at the end. Errors as :meth:`read`.
        """
        done = self._decoder.skip(frames)
        self._done += done
        if done < frames:
            self._check_end()
        return done

    @property
    def damage(self) -> tuple[tuple[float, float], ...]:
        """See above."""
        joined: list[tuple[int, int]] = []
        for start, stop in self._decoder.damage:
            if joined and joined[-1][1] == start:
                start = joined.pop()[0]
            joined.append((start, stop))
        return tuple((start / self.rate, stop / self.rate) for start, stop in joined)

    @property
    def notes(self) -> tuple[str, ...]:
        """See above."""
        places = self.damage
        lines = [f"damaged from {start:.2f} to {stop:.2f} s: silence was put there" for start, stop in places]
        if len(places) > _MOST_NOTES:
            seconds = sum(stop - start for start, stop in places)
            lines = [
                f"damaged in {len(places)} places from {places[0][0]:.2f} to {places[-1][1]:.2f} s, "
                f"{seconds:.2f} s in all: silence was put there"
            ]
        return (*self._decoder.remarks, *lines)

    def _check_numbers(self, block: np.ndarray) -> None:
        bad = ~np.isfinite(block).all(axis=0)
        if bad.any():
            seconds = (self._done + int(bad.argmax())) / self.rate
            raise AudioReadError(
                f"{self.path} has samples that are not numbers (NaN or infinite), first at {seconds:.3f} s; "
                "export it again"
            )
        if (peak := np.abs(block).max(initial=0.0)) > LOUDEST:
            raise AudioReadError(
                f"{self.path} has samples of up to {peak:.0e}, where full scale is 1; export it again"
            )

    def _check_end(self) -> None:
        if self._done == 0:
            raise AudioReadError(f"{self.path} holds no samples")
        if self.exact and self._done < self.frames:
            raise AudioReadError(
                f"{self.path} is cut short: {self._done / self.rate:.2f} of {self.frames / self.rate:.2f} s "
                "could be read; export or copy it again"
            )


@contextmanager
def open_audio(path: str | Path) -> Iterator[AudioReader]:
    """Open a file for reading piece by piece, in memory that does not depend on its length.

    Raises:
        AudioReadError: missing, a folder, empty, not audio, more than 8 channels; the line says what to do.
    """
    path = Path(path)
    _check_file(path)
    decoder = open_decoder(path)
    try:
        if not 1 <= decoder.channels <= MAX_CHANNELS:
            raise AudioReadError(
                f"{path} has {decoder.channels} channels, at most {MAX_CHANNELS} can be read; split it first"
            )
        if decoder.exact and decoder.frames == 0:
            raise AudioReadError(f"{path} holds no samples")
        yield AudioReader(path, decoder)
    finally:
        decoder.close()


def blocks(path: str | Path, frames: int) -> Iterator[np.ndarray]:
    """The file in pieces of ``frames`` frames, the last shorter: float32 (channels, n). Errors as reading."""
    with open_audio(path) as reader:
        while (block := reader.read(frames)).shape[1]:
            yield block
