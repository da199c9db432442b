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

from msgld.audio.read import FileStream, open_file
from msgld.audio.sound import HIGHEST_RATE, LOWEST_RATE
from msgld.errors import AudioReadError
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


@dataclass(frozen=True)
class Facts:
    """What is known of a file.

    Attributes:
        rate: samples per second. channels: of the file. frames: samples per channel, as they were counted.
        problem: why it cannot be used; empty if it can. remark: a note of its reader.
    """

    rate: int = 0
    channels: int = 0
    frames: int = 0
    problem: str = ""
    remark: str = ""


def examine(path: Path) -> Facts:
    """Decode a file and return what it holds. Integer PCM needs no decoding: header and size are enough."""
    try:
        with open_file(path) as sound:
            if not LOWEST_RATE <= sound.rate <= HIGHEST_RATE:
                return Facts(problem=f"claims {sound.rate} samples a second")
            frames, problem = _probed(sound) if _is_plain(path, sound) else _decoded(sound)
            if sound.damage:
                problem = f"is damaged at {sound.damage[0][0]:.1f} s"
            return Facts(sound.rate, sound.channels, frames, problem, "; ".join(sound.remarks))
    except AudioReadError as error:
        return Facts(problem=_short(error, path))
    except OSError as error:
        return Facts(problem=f"cannot be opened ({error.strerror})")


def examine_all(
    paths: Iterable[Path], cache: Path | None = None, on_progress: OnProgress | None = None
) -> dict[Path, Facts]:
    """The facts of many files, each looked through once.

    Args:
        cache: a folder that keeps what is known of sound files, by path, size and time; None keeps nothing.
        on_progress: called with the megabytes done.
    """
    paths = list(dict.fromkeys(paths))
    sizes = {path: _stamp(path) for path in paths}
    store = _Store(cache, paths)
    facts = {path: known for path in paths if (known := store.get(path, sizes[path])) is not None}
    fresh = [path for path in paths if path not in facts]
    meter = Meter(sum(sizes[path][0] for path in fresh) / 1e6, "MB", "checking stems", on_progress)
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        jobs = {pool.submit(examine, path): path for path in fresh}
        try:
            for job in as_completed(jobs):
                facts[jobs[job]] = job.result()
                meter.advance(sizes[jobs[job]][0] / 1e6)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    store.keep({path: (sizes[path], facts[path]) for path in paths})
    return facts


def _short(error: AudioReadError, path: Path) -> str:
    """A reader's message without the file's name, which stands beside it, and without advice."""
    text = str(error).replace(str(path), "").split(";")[0].strip(" :")
    return text.removeprefix("cannot read").strip(" :") or "cannot be read"


def _is_plain(path: Path, sound: FileStream) -> bool:
    with path.open("rb") as file:
        head = file.read(4)
    whole = sound.subtype in ("PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32")
    return head in _NUMBERS and whole and sound.exact


def _probed(sound: FileStream) -> tuple[int, str]:
    """Length and problem of a file of whole numbers, by a few short looks."""
    step = max(sound.frames // _PROBES, _PROBE)
    looks = []
    for _ in range(0, max(sound.frames - _PROBE, 1), step):
        looks.append(sound.read(_PROBE))
        sound.skip(step - _PROBE)
    return sound.frames, "is white noise at full scale" if _is_noise(looks) else ""


def _decoded(sound: FileStream) -> tuple[int, str]:
    frames, peak, looks = 0, 0.0, []
    while (block := sound.read(_BLOCK)).shape[1]:
        frames += block.shape[1]
        peak = max(peak, float(np.abs(block).max()))
        looks.append(block[:, :_PROBE])
    if peak > LOUDEST:
        return frames, f"has samples of {peak:.3g} times full scale"
    return frames, "is white noise at full scale" if _is_noise(looks) else ""


def _is_noise(looks: Sequence[np.ndarray]) -> bool:
    """Whether most of what sounds is as loud and as random as bytes that were no sound."""
    sounding = [look[0] for look in looks if look.shape[1] == _PROBE and look[0].any()]
    return bool(sounding) and sum(map(_is_random, sounding)) > len(sounding) / 2


def _is_random(x: np.ndarray) -> bool:
    power = float(np.mean(np.square(x)))
    if power < _NOISE_RMS**2:
        return False
    likeness = [abs(float(np.mean(x[lag:] * x[:-lag]))) / power for lag in range(1, _LAGS)]
    return max(likeness) < _NOISE_LIKENESS


def _stamp(path: Path) -> tuple[int, int]:
    """Size and time of change; zeros where the file cannot be seen."""
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


class _Store:
    """Facts of sound files on the disk; a cache, so failures to read or write it are ignored."""

    def __init__(self, cache: Path | None, paths: Sequence[Path]) -> None:
        common = os.path.commonpath([path.absolute() for path in paths]) if paths else ""
        name = hashlib.sha256(common.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        self._path = cache / "checked" / f"{name}.json" if cache and paths else None
        self._content = self._read()

    def _read(self) -> dict[str, Any]:
        try:
            content = json.loads(self._path.read_text("utf-8")) if self._path else {}
        except (OSError, ValueError):
            return {}
        if not isinstance(content, dict) or content.get("version") != _VERSION:
            return {}
        files = content.get("files")
        return files if isinstance(files, dict) else {}

    def get(self, path: Path, stamp: tuple[int, int]) -> Facts | None:
        """What is known of a file that has not changed since."""
        known = self._content.get(str(path.absolute()))
        try:
            return Facts(**known["facts"]) if known and tuple(known["stamp"]) == stamp else None
        except (TypeError, KeyError):
            return None

    def keep(self, facts: dict[Path, tuple[tuple[int, int], Facts]]) -> None:
        """Write down what can be used; files with a problem are looked at again."""
        files = {
            str(path.absolute()): {"stamp": stamp, "facts": asdict(one)}
            for path, (stamp, one) in facts.items()
            if not one.problem
        }
        if self._path is None or files == self._content:
            return
        fresh = self._path.with_name(f"{self._path.name}.{os.getpid()}.part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps({"version": _VERSION, "files": files}), "utf-8")
            os.replace(fresh, self._path)
        except (OSError, ValueError):
            with suppress(OSError):
                fresh.unlink(missing_ok=True)
