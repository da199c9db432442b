"""Damaged files of ten formats: does what follows the damage keep its time, or is the file refused in one line?

    python bench/damage.py --count 2000 --out research/figures

Files of four seconds are cut, zeroed, sprinkled with wrong bits, shortened in the middle, or joined with themselves.
What is read is compared with the sound of the whole file, block by block: each block that can be recognised has to lie
within a millisecond of its place, and nothing may be missing without a word. Everything else is a failure; the exit
code is 1 then.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
from encoded import encode
from inprocess import Decoding
from whole import read

from msgld.audio import ffmpeg
from msgld.errors import AudioReadError

SECONDS = 4.0
FORMATS: dict[str, dict[str, Any]] = {
    "x.wav": {"subtype": "PCM_16"}, "x.flac": {"subtype": "PCM_16"}, "x.aiff": {"subtype": "PCM_16"},
    "x.mp3": {"codec": "libmp3lame", "bit_rate": 96_000}, "bare.mp3": {
        "codec": "libmp3lame", "bit_rate": 96_000, "muxer": {"write_xing": "0"}},
    "x.ogg": {"subtype": "VORBIS"}, "x.opus": {"codec": "libopus", "bit_rate": 96_000, "rate": 48_000},
    "x.m4a": {"codec": "aac", "bit_rate": 96_000}, "x.mka": {"codec": "aac", "bit_rate": 96_000,
        "muxer": {"cluster_time_limit": "500"}},
    "x.aac": {"codec": "aac", "bit_rate": 96_000}, "x.webm": {"codec": "libopus", "bit_rate": 96_000, "rate": 48_000},
    "x.wma": {"codec": "wmav2", "bit_rate": 96_000},
}  # fmt: skip
WAYS = ("cut", "zeroed", "flipped", "shortened", "joined")
RECOGNISED = 0.6  # correlation of a block that is the same sound
LATEST = 0.001  # seconds of a shift that cannot be heard
GOOD = ("kept", "refused", "noted")


@dataclass(frozen=True)
class Case:
    """One damaged file: its format, the way of damage, and its number."""

    name: str
    way: str
    index: int


@dataclass(frozen=True)
class Verdict:
    """What became of it: ``kept``, ``refused``, ``noted`` (shorter, and said so), or a failure and what it was."""

    kind: str
    text: str = ""


def source(rate: int) -> np.ndarray:
    """Swelling noise below 3 kHz, (1, n): where a piece of it belongs is seen to the sample."""
    samples = round(rate * SECONDS)
    spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal(samples))
    spectrum[np.fft.rfftfreq(samples, 1 / rate) > 3000] = 0
    noise = np.fft.irfft(spectrum, samples) * (0.6 - 0.4 * np.cos(np.arange(samples) * 14 / rate))
    return (0.4 * noise / np.abs(noise).max())[None].astype(np.float32)


def whole_files(folder: Path) -> dict[str, bytes]:
    """Every format, whole."""
    files = {}
    for name, given in FORMATS.items():
        options = dict(given)
        rate = options.pop("rate", 22_050)
        if "codec" in options:
            encode(folder / name, source(rate), rate, options.pop("codec"), **options)
        else:
            soundfile.write(folder / name, source(rate).T, rate, options["subtype"])
        files[name] = (folder / name).read_bytes()
    return files


def damaged(data: bytes, case: Case, seed: int) -> bytes:
    """The bytes of a case; the first tenth is left alone, as what it says of the start has no substitute."""
    rng = np.random.default_rng([seed, case.index])
    start = len(data) // 10
    at = int(rng.integers(start, len(data) - 64))
    size = min(int(rng.integers(16, 4000)), len(data) - at - 1)
    body = bytearray(data)
    if case.way == "cut":
        del body[at:]
    elif case.way == "zeroed":
        body[at : at + size] = bytes(size)
    elif case.way == "shortened":
        del body[at : at + size]
    elif case.way == "joined":
        body += data
    else:
        for place in rng.integers(at, at + size, int(rng.integers(1, 33))):
            body[place] ^= 1 << int(rng.integers(8))
    return bytes(body)


def lags(heard: np.ndarray, whole: np.ndarray, rate: int) -> list[tuple[float, float | None]]:
    """(time, shift) of blocks of the whole sound in what was heard, in seconds; None where not recognised."""
    size, reach = rate // 8, rate // 3
    found: list[tuple[float, float | None]] = []
    for at in range(0, len(whole) - size + 1, size):
        block = whole[at : at + size]
        first = max(0, at - reach)
        near = heard[first : at + size + reach]
        shift = None
        if len(near) >= size:
            length = len(near) + size
            products = np.fft.irfft(np.fft.rfft(near, length) * np.fft.rfft(block, length).conj(), length)
            energy = np.cumsum(np.concatenate([[0.0], near.astype(np.float64) ** 2]))
            power = energy[size:] - energy[:-size]
            match = products[: len(power)] / np.sqrt(np.maximum(power, 1e-9) * (block**2).sum())
            best = int(match.argmax())
            shift = (first + best - at) / rate if match[best] > RECOGNISED else None
        found.append((at / rate, shift))
    return found


def judged(path: Path, whole: np.ndarray, rate: int, case: Case) -> Verdict:
    """Read a damaged file and compare it with the whole one."""
    try:
        got = read(path)
    except AudioReadError as error:
        return Verdict("refused" if "\n" not in str(error) else "two lines", str(error))
    except Exception as error:
        return Verdict("traceback", f"{type(error).__name__}: {error}")
    heard, wanted = got.samples[0], np.concatenate([whole, whole]) if case.way == "joined" else whole
    late = [
        (at, shift) for at, shift in lags(heard, wanted, rate) if shift is not None and abs(shift) > LATEST
    ]
    if late:
        return Verdict("shifted", f"{late[0][1]:.4f} s from {late[0][0]:.2f} s on; remarks: {got.remarks}")
    if len(heard) < len(wanted) - LATEST * rate:
        kind = "noted" if got.remarks else "cut in silence"
        return Verdict(kind, f"{len(heard) / rate:.3f} of {len(wanted) / rate:.3f} s")
    return Verdict("kept")


def cases(count: int) -> list[Case]:
    """Cases that spread evenly over formats and ways."""
    kinds = [(name, way) for name in FORMATS for way in WAYS if way != "joined"]
    kinds += [(name, "joined") for name in FORMATS]
    joined = [Case(name, "joined", index) for index, name in enumerate(FORMATS)]
    others = [kind for kind in kinds if kind[1] != "joined"]
    return joined + [Case(*others[index % len(others)], index) for index in range(len(FORMATS), count)]


class Bench:
    """Reads cases one after the other; the sounds of the whole files are decoded once."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._folder, self._seed = folder, seed
        self._files = whole_files(folder)
        ffmpeg.subprocess.Popen = Decoding  # type: ignore[misc, assignment]
        self._whole = {name: read(folder / name) for name in FORMATS}

    def verdict(self, case: Case) -> Verdict:
        """What becomes of one case."""
        path = self._folder / f"damaged-{case.name}"
        path.write_bytes(damaged(self._files[case.name], case, self._seed))
        whole = self._whole[case.name]
        return judged(path, whole.samples[0], whole.rate, case)


_BENCH: Bench | None = None


def _begin(folder: str, seed: int) -> None:
    global _BENCH
    _BENCH = Bench(Path(folder), seed)


def _judge(case: Case) -> Verdict:
    assert _BENCH is not None
    return _BENCH.verdict(case)


def run(count: int, seed: int, limit: float = 60.0) -> dict[str, Any]:
    """Judge ``count`` cases; figures by format and way, and the failures.

    Files are decoded in a worker process rather than in one for each; where the worker dies or hangs, that is counted.
    """
    begun, rows = time.perf_counter(), []
    with tempfile.TemporaryDirectory() as folder:
        pool = ProcessPoolExecutor(1, initializer=_begin, initargs=(folder, seed))
        for case in cases(count):
            try:
                verdict = pool.submit(_judge, case).result(limit)
            except (BrokenProcessPool, TimeoutError) as error:
                verdict = Verdict("crash" if isinstance(error, BrokenProcessPool) else "hang")
                pool.shutdown(wait=False, cancel_futures=True)
                pool = ProcessPoolExecutor(1, initializer=_begin, initargs=(folder, seed))
            rows.append((case, verdict))
        pool.shutdown()
    table = {
        name: {way: dict(Counter(v.kind for c, v in rows if (c.name, c.way) == (name, way))) for way in WAYS}
        for name in FORMATS
    }
    failures = [{**asdict(case), **asdict(verdict)} for case, verdict in rows if verdict.kind not in GOOD]
    return {
        "files": count, "seed": seed, "seconds": round(time.perf_counter() - begun, 1),
        "outcomes": dict(Counter(verdict.kind for _, verdict in rows)), "table": table, "failures": failures,
        "passed": not failures,
    }  # fmt: skip


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("research/figures"))
    options = parser.parse_args()
    figures = run(options.count, options.seed)
    print(json.dumps(figures, indent=1))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "damage.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    return 0 if figures["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
