"""Checks every file of a data set before work begins: whether it decodes, its length, and whether it is music."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soxr

from msgld.audio.read import FileStream, open_file
from msgld.audio.sound import HIGHEST_RATE, LOWEST_RATE
from msgld.data.stem_folders import StemStream
from msgld.errors import AudioReadError, DataError
from msgld.progress import Meter, OnProgress

LOUDEST = 64.0
"""A sample beyond this, 36 dB over full scale, is no sound: integers that were stored as floats, for example."""

_VERSION = 1
_BLOCK = 1 << 18
_PROBE = 4096
_PROBES = 12
_LAGS = 32
_NOISE_RMS, _NOISE_LIKENESS = 0.3, 0.08
_NUMBERS = (b"RIFF", b"FORM", b"RF64")
_WHOLE = ("PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32")


@dataclass(frozen=True)
class StemFile:
    """A file of a stem, or one of the audio streams of a file.

    Attributes:
        path: of the file.
        rate: samples per second.
        channels: of the file.
        frames: samples per channel, as they were counted.
        problem: why it cannot be used; empty if it can.
        remark: what its reader noticed.
        number: of the audio stream, from 0.
    """

    path: Path
    rate: int = 0
    channels: int = 0
    frames: int = 0
    problem: str = ""
    remark: str = ""
    number: int = 0

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.frames / self.rate

    def read(self, start: float, samples: int, rate: int) -> np.ndarray:
        """``samples`` samples at ``rate`` from ``start`` seconds on, float32 (2, samples); silence after its end.

        Raises:
            DataError: the file cannot be read any more, or has changed since the check.
        """
        first = min(round(start * self.rate), self.frames)
        # A little more than is needed, since resampling looks ahead.
        frames = min(-(-samples * self.rate // rate) + 64, self.frames - first)
        x = self._samples(first, frames).T if frames else np.zeros((0, 1), np.float32)
        if self.rate != rate and frames:
            x = soxr.resample(x, self.rate, rate)
        x = x[:samples, [0, min(1, x.shape[1] - 1)]].T
        return np.pad(x, ((0, 0), (0, samples - x.shape[1])))

    def _samples(self, first: int, frames: int) -> np.ndarray:
        """Samples of the file, float32 (channels, frames)."""
        try:
            with open_file(self.path, self.number) as sound:
                same = sound.rate == self.rate and sound.skip(first) == first
                x = sound.read(frames)
        except (AudioReadError, OSError) as error:
            raise DataError(f"{error} (the file could be read before)") from error
        if not same or x.shape[1] < frames:
            raise DataError(f"{self.path} has changed since it was checked: start again")
        return x


def examine(place: StemStream) -> StemFile:
    """Decode a file. Integer PCM needs no decoding: header and size are enough."""
    path, number = place
    try:
        with open_file(path, number) as sound:
            if not LOWEST_RATE <= sound.rate <= HIGHEST_RATE:
                return StemFile(path, problem=f"claims {sound.rate} samples a second", number=number)
            with path.open("rb") as file:
                plain = file.read(4) in _NUMBERS and sound.subtype in _WHOLE and sound.exact
            frames, problem = _probed(sound) if plain else _decoded(sound)
            if sound.damage:
                problem = f"is damaged at {sound.damage[0][0]:.1f} s"
            remark = "; ".join(sound.remarks)
            return StemFile(path, sound.rate, sound.channels, frames, problem, remark, number)
    except AudioReadError as error:
        return StemFile(path, problem=_short(error, path), number=number)
    except OSError as error:
        return StemFile(path, problem=f"cannot be opened ({error.strerror})", number=number)


def examine_all(
    places: Iterable[StemStream], cache: Path | None = None, on_progress: OnProgress | None = None
) -> dict[StemStream, StemFile]:
    """Examine many files, each once.

    Args:
        places: of the sounds.
        cache: a folder that keeps the results, by path, size and time of the files; None keeps nothing.
        on_progress: called with the megabytes done.
    """
    places = list(dict.fromkeys(places))
    stamps = {place: _stamp(place.path) for place in places}
    store = _Store(cache, [place.path for place in places])
    files = {place: known for place in places if (known := store.get(place, stamps[place])) is not None}
    fresh = [place for place in places if place not in files]
    meter = Meter(sum(stamps[place][0] for place in fresh) / 1e6, "MB", "checking stems", on_progress)
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        jobs = {pool.submit(examine, place): place for place in fresh}
        try:
            for job in as_completed(jobs):
                files[jobs[job]] = job.result()
                meter.advance(stamps[jobs[job]][0] / 1e6)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    store.keep([(files[place], stamps[place]) for place in places])
    return {place: files[place] for place in places}


def _short(error: AudioReadError, path: Path) -> str:
    """A reader's message without the file's name, which stands beside it, and without advice."""
    text = str(error).replace(str(path), "").split(";")[0].strip(" :")
    return text.removeprefix("cannot read").strip(" :") or "cannot be read"


def _probed(sound: FileStream) -> tuple[int, str]:
    """Length and problem of a file of whole numbers, by a few short looks."""
    step = max(sound.frames // _PROBES, _PROBE)
    looks = []
    for _ in range(0, max(sound.frames - _PROBE, 1), step):
        looks.append(sound.read(_PROBE))
        sound.skip(step - _PROBE)
    return sound.frames, _noise(looks)


def _decoded(sound: FileStream) -> tuple[int, str]:
    frames, peak, looks = 0, 0.0, []
    while (block := sound.read(_BLOCK)).shape[1]:
        frames += block.shape[1]
        peak = max(peak, float(np.abs(block).max()))
        looks.append(block[:, :_PROBE])
    return frames, f"has samples of {peak:.3g} times full scale" if peak > LOUDEST else _noise(looks)


def _noise(looks: Sequence[np.ndarray]) -> str:
    """The problem of a file of which most is as loud and as random as bytes that were no sound; else empty."""
    sounding = [look[0] for look in looks if look.shape[1] == _PROBE and look[0].any()]
    noise = sounding and sum(map(is_noise, sounding)) > len(sounding) / 2
    return "is white noise at full scale" if noise else ""


def is_noise(x: np.ndarray) -> bool:
    """Whether a look (n,) into a file is as loud and as random as bytes that were no sound."""
    power = float(np.mean(np.square(x)))
    if power < _NOISE_RMS**2:
        return False
    likeness = [abs(float(np.mean(x[lag:] * x[:-lag]))) / power for lag in range(1, _LAGS)]
    return max(likeness) < _NOISE_LIKENESS


def _key(path: Path, number: int) -> str:
    """The name of a sound in the store."""
    return str(path.absolute()) + (f"#{number}" if number else "")


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of change; zeros where the file cannot be seen."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


class _Store:
    """Results of the check, on the disk; a cache, so failures to read or write it are ignored."""

    def __init__(self, cache: Path | None, paths: Sequence[Path]) -> None:
        common = os.path.commonpath([path.absolute() for path in paths]) if paths else ""
        name = hashlib.sha256(common.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        self._path = cache / "checked" / f"{name}.json" if cache and paths else None
        self._files = self._read()

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads(self._path.read_text("utf-8")) if self._path else {}
            files = content["files"] if content["version"] == _VERSION else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return files if isinstance(files, dict) else {}

    def get(self, place: StemStream, stamp: tuple[int, int]) -> StemFile | None:
        """The result for a file that has not changed since."""
        known = self._files.get(_key(*place))
        try:
            return (
                StemFile(place.path, **known["facts"]) if known and tuple(known["stamp"]) == stamp else None
            )
        except (TypeError, KeyError):
            return None

    def keep(self, files: Sequence[tuple[StemFile, tuple[int, int]]]) -> None:
        """Write down the usable files and their stamps; files with a problem are looked at again."""
        content = {}
        for file, stamp in files:
            if not file.problem:
                facts = asdict(file)
                content[_key(facts.pop("path"), file.number)] = {"stamp": stamp, "facts": facts}
        if self._path is None:
            return
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}.part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps({"version": _VERSION, "files": content}), "utf-8")
            os.replace(fresh, self._path)
        except (OSError, ValueError):
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
