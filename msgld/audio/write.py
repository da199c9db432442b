"""Writing a file piece by piece; the target appears only when it is whole."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import soundfile

from msgld.errors import AudioWriteError, UsageError

_BITS = {"PCM_16": 16, "PCM_24": 24}
_SUBTYPES = {".wav": ("PCM_24", "FLOAT", "PCM_16"), ".flac": ("PCM_24", "PCM_16"), ".ogg": (), ".mp3": ()}
_LOSSY = {".ogg": ("OGG", "VORBIS"), ".mp3": ("MP3", "MPEG_LAYER_III")}
_VORBIS_ORDER = {
    3: [0, 2, 1],
    5: [0, 2, 1, 3, 4],
    6: [0, 2, 1, 4, 5, 3],
    7: [0, 2, 1, 5, 6, 4, 3],
    8: [0, 2, 1, 6, 7, 4, 5, 3],
}
"""Which channel of a WAV each channel of Vorbis is (Vorbis I specification, 4.3.9); where none is named, the same."""

_BLOCK = 1 << 14  # frames; libsndfile's Vorbis encoder overflows its stack on very long ones
_WAV_LIMIT = 2**32 - 2**16  # bytes that the header of a plain WAV can count


def common_gain(stems: Iterable[np.ndarray]) -> float:
    """The one gain for all stems of a piece that keeps each of them within full scale.

    One gain for all, so that their balance stays and they still sum to the (equally scaled) mixture.

    Args:
        stems: float arrays of any shape; full scale is +-1.

    Returns:
        1.0 where nothing would clip, else 1 / the largest magnitude.
    """
    peak = max((float(np.abs(stem).max(initial=0.0)) for stem in stems), default=0.0)
    return 1.0 / peak if peak > 1.0 else 1.0


def quantise(samples: np.ndarray, bits: int, rng: np.random.Generator | None = None) -> np.ndarray:
    """Round to integers of ``bits`` bits, kept in the upper bits of an int32; clips beyond full scale.

    Args:
        samples: float array, full scale +-1.
        bits: 16 or 24.
        rng: where given, triangular dither of +-1 step (TPDF) is drawn from it and added, which turns the
            rounding error into a steady hiss (Lipshitz et al., 1992, "Quantization and dither"). Samples that all
            are whole steps have no such error and are kept.
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
    """What libsndfile is told of a lossy format's quality."""
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
        seed: of the dither.
        bitrate: of .mp3, kbit/s at most.

    Raises:
        UsageError: an ending or a subtype that cannot be written.
        AudioWriteError: the file exists, or the target is not writable; before any block is asked for.
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
        seed: int = 0,
        bitrate: int = 320,
    ) -> None:
        self.path = Path(path)
        self._overwrite = overwrite
        self._channels = channels
        suffix, self._subtype = _checked(self.path, subtype)
        self._rng = np.random.default_rng(seed) if self._subtype == "PCM_16" else None
        self._check_target()
        self._temp = self.path.with_name(f".msgld-{uuid.uuid4().hex[:12]}.part")
        self._thread = ThreadPoolExecutor(1)
        size = (frames or 0) * channels * 4
        container = _LOSSY[suffix][0] if suffix in _LOSSY else suffix[1:].upper()
        if container == "WAV" and size > _WAV_LIMIT:
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
        """Append ``block``, float (channels, n). Beyond +-1 the integer formats clip: see ``common_gain``.

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
        """Close what is open and delete the unfinished file, whatever went wrong before."""
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
    """The lower-case ending of ``path`` and the libsndfile subtype to write."""
    suffix = path.suffix.lower()
    if suffix not in _SUBTYPES:
        raise UsageError(f"cannot write {path.name}: name it .wav, .flac, .ogg or .mp3")
    if suffix in _LOSSY:
        return suffix, _LOSSY[suffix][1]
    if subtype not in _SUBTYPES[suffix]:
        raise UsageError(f"{suffix} cannot be written as {subtype}: choose {', '.join(_SUBTYPES[suffix])}")
    return suffix, subtype


def write(
    path: str | Path,
    samples: np.ndarray,
    rate: int,
    *,
    subtype: str = "PCM_24",
    overwrite: bool = False,
    seed: int = 0,
) -> None:
    """Write ``samples``, float (channels, L), to one file. Arguments and errors: see ``AudioWriter``."""
    channels, frames = samples.shape
    with AudioWriter(
        path, rate, channels, subtype=subtype, overwrite=overwrite, frames=frames, seed=seed
    ) as writer:
        writer.write(samples)
