"""Writing a file piece by piece; the target appears only when it is whole."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import soundfile

from msgld.errors import AudioWriteError, UsageError

_FORMATS = {
    ".wav": ("WAV", ("PCM_24", "FLOAT", "PCM_16")),
    ".flac": ("FLAC", ("PCM_24", "PCM_16")),
    ".ogg": ("OGG", ("VORBIS",)),
    ".mp3": ("MP3", ("MPEG_LAYER_III",)),
}
"""Container and subtypes of each ending; lossy formats have one subtype."""

_BITS = {"PCM_16": 16, "PCM_24": 24}
_VORBIS_ORDER = {3: [0, 2, 1], 5: [0, 2, 1, 3, 4], 6: [0, 2, 1, 4, 5, 3], 7: [0, 2, 1, 5, 6, 4, 3],
                 8: [0, 2, 1, 6, 7, 4, 5, 3]}  # fmt: skip
"""WAV's channel for each channel of Vorbis (Vorbis I specification, 4.3.9); the same where none is named."""

_BLOCK = 1 << 14  # frames; libsndfile's Vorbis encoder overflows its stack on very long ones
_WAV_LIMIT = 2**32 - 2**16  # bytes that the header of a plain WAV can count


def quantise(samples: np.ndarray, bits: int, rng: np.random.Generator | None = None) -> np.ndarray:
    """Round to integers of ``bits`` bits, in the upper bits of an int32; clips beyond full scale.

    Args:
        samples: float array, full scale +-1.
        bits: 16 or 24.
        rng: draws triangular dither of +-1 step (TPDF), which turns the rounding error into a steady hiss (Lipshitz et
            al., 1992, "Quantization and dither"); None for no dither. Samples that all are whole steps have no such
            error and are kept.
    """
    steps = samples.astype(np.float64) * 2.0 ** (bits - 1)
    if rng is not None and (steps != np.rint(steps)).any():
        steps += rng.random(steps.shape) - rng.random(steps.shape)
    limit = 2 ** (bits - 1)
    return np.clip(np.rint(steps), -limit, limit - 1).astype(np.int32) << (32 - bits)


class _Sink:
    """An unbuffered file for libsndfile that remembers the first error; libsndfile would lose it.

    After an error it takes everything and keeps nothing, so that libsndfile can close in peace.
    """

    def __init__(self, path: Path) -> None:
        self._file = path.open("xb+", buffering=0)
        self.error: OSError | None = None
        self.seek, self.tell, self.readinto = self._file.seek, self._file.tell, self._file.readinto

    def write(self, data: bytes) -> int:
        rest = memoryview(data)
        try:
            while rest and self.error is None:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            self.error = error
        return len(data)

    def close(self, *, keep: bool) -> None:
        """Close the file; where it is kept, only after its bytes have reached the disk."""
        try:
            if keep and self.error is None:
                os.fsync(self._file.fileno())
        finally:
            self._file.close()


def _quality(container: str, rate: int, bitrate: int) -> dict[str, Any]:
    """Libsndfile's options for the quality of a lossy format."""
    if container == "OGG":
        return {"compression_level": 0.2}  # Vorbis quality 8, about 256 kbit/s
    if container != "MP3":
        return {}
    # Libsndfile spreads its levels, 0 to 1, evenly over the bit rates of MPEG 1, 2 and 2.5, best first.
    least, most = (32, 320) if rate >= 32_000 else (8, 160) if rate >= 16_000 else (8, 64)
    level = min(1.0, max(0.0, (most - bitrate) / (most - least)))
    return {"bitrate_mode": "CONSTANT", "compression_level": level}


class AudioWriter:
    """A file being written, in a ``with`` block: at its end the file appears, after an error nothing does.

    Args:
        path: the target; its ending chooses the format: .wav, .flac, .ogg (Vorbis) or .mp3.
            Missing folders are made.
        rate: samples per second.
        channels: of the blocks to come, in the order of WAV (left, right, centre, LFE, ...).
        subtype: ``PCM_24``, ``PCM_16`` (dithered) or ``FLOAT`` (wav only); .ogg and .mp3 ignore it.
        overwrite: whether an existing file may be replaced.
        frames: the length to come where it is known; a WAV beyond 4 GB needs it (written as RF64).
        bitrate: of .mp3, kbit/s at most.

    Raises:
        UsageError: an ending or a subtype that cannot be written.
        AudioWriteError: the file exists, or the target is not writable; before any block is written.
    """

    def __init__(
        self,
        path: str | Path,
        rate: int,
        channels: int,
        *,
        subtype: str = "PCM_24",
        overwrite: bool = False,
        frames: int | None = None,
        bitrate: int = 320,
    ) -> None:
        self.path, self._overwrite, self._channels = Path(path), overwrite, channels
        container, self._subtype = _checked(self.path, subtype)
        self._rng = np.random.default_rng(0) if self._subtype == "PCM_16" else None
        self._check_target()
        self._temp = self.path.with_name(f".msgld-{uuid.uuid4().hex[:12]}.part")
        self._thread = ThreadPoolExecutor(1)
        if container == "WAV" and (frames or 0) * channels * 4 > _WAV_LIMIT:
            container = "RF64"
        self._open(rate, container, _quality(container, rate, bitrate))

    def _check_target(self) -> None:
        if self.path.is_dir():
            raise AudioWriteError(f"{self.path} is a folder; give a file name")
        if self.path.exists() and not self._overwrite:
            raise AudioWriteError(f"{self.path} exists already; allow overwriting or choose another name")

    def _open(self, rate: int, container: str, quality: dict[str, Any]) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._sink = _Sink(self._temp)
        except OSError as error:
            raise AudioWriteError(f"cannot write to {self.path.parent}: {error.strerror}") from error
        try:
            self._file = self._undisturbed(
                soundfile.SoundFile,
                self._sink, "w", rate, self._channels, self._subtype, format=container, **quality,
            )  # fmt: skip
        except soundfile.LibsndfileError as error:
            self._thread.shutdown()
            self._sink.close(keep=False)
            self._temp.unlink()
            raise self._failure(
                error, f"; {container} may not hold {self._channels} channels at {rate} Hz"
            ) from error

    def _undisturbed(self, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        """Call libsndfile in a thread of its own, as Ctrl-C strikes the main thread alone.

        Libsndfile calls back to the sink; an interruption in there would be printed and then forgotten.
        """
        return self._thread.submit(call, *arguments, **named).result()

    def write(self, block: np.ndarray) -> None:
        """Append ``block``, float (channels, n). The integer formats clip beyond +-1.

        Raises:
            AudioWriteError: the disk is full, or the samples are not all numbers.
        """
        if block.shape[0] != self._channels:
            raise UsageError(f"a block of {block.shape[0]} channels for a file of {self._channels}")
        if not np.isfinite(block).all():
            raise AudioWriteError(f"samples for {self.path} are NaN or infinite; nothing was written")
        for start in range(0, block.shape[1], _BLOCK):
            self._write_piece(np.ascontiguousarray(block[:, start : start + _BLOCK].T, np.float32))

    def _write_piece(self, piece: np.ndarray) -> None:
        bits = _BITS.get(self._subtype)
        if self._subtype == "VORBIS":
            piece = piece[:, _VORBIS_ORDER.get(self._channels, range(self._channels))]
        data = quantise(piece, bits, self._rng) if bits else piece
        try:
            self._undisturbed(self._file.write, data)
        except soundfile.LibsndfileError as error:
            raise self._failure(error) from error
        self._check_sink()

    def _check_sink(self) -> None:
        if self._sink.error is not None:
            raise self._failure(self._sink.error) from self._sink.error

    def _failure(self, error: BaseException, hint: str = "") -> AudioWriteError:
        cause = self._sink.error or error
        reason = str(getattr(cause, "strerror", None) or getattr(cause, "error_string", cause)).rstrip(".")
        return AudioWriteError(f"cannot write {self.path}: {reason}{hint}")

    def _commit(self) -> None:
        """Put the whole file in place: flushed to the disk, then renamed over the target in one step."""
        try:
            self._undisturbed(self._file.close)
            self._sink.close(keep=True)
            self._check_sink()
            self._check_target()  # another process may have been quicker
            os.replace(self._temp, self.path)
        except (OSError, soundfile.LibsndfileError) as error:
            raise self._failure(error) from error

    def _discard(self) -> None:
        """Close all that is open and delete the unfinished file, whatever went wrong before."""
        with suppress(OSError, soundfile.LibsndfileError):
            self._undisturbed(self._file.close)
        self._thread.shutdown()
        self._sink.close(keep=False)
        self._temp.unlink(missing_ok=True)

    def __enter__(self) -> AudioWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._commit()
        finally:
            self._discard()  # after a commit there is nothing left to do


def _checked(path: Path, subtype: str) -> tuple[str, str]:
    """Libsndfile's names of the container and the subtype to write."""
    suffix = path.suffix.lower()
    if suffix not in _FORMATS:
        raise UsageError(f"cannot write {path.name}: name it .wav, .flac, .ogg or .mp3")
    container, subtypes = _FORMATS[suffix]
    subtype = subtypes[0] if len(subtypes) == 1 else subtype
    if subtype not in subtypes:
        raise UsageError(f"{suffix} cannot be written as {subtype}: choose {', '.join(subtypes)}")
    return container, subtype


def write(
    path: str | Path, samples: np.ndarray, rate: int, *, subtype: str = "PCM_24", overwrite: bool = False
) -> None:
    """Write ``samples``, float (channels, L), to one file. Arguments and errors: see :class:`AudioWriter`."""
    channels, frames = samples.shape
    with AudioWriter(path, rate, channels, subtype=subtype, overwrite=overwrite, frames=frames) as writer:
        writer.write(samples)
