"""Damaged files of every format through the decoder: is each one read, or refused in one line?

    python bench/fuzz.py --count 10000 --out research/figures

Small valid files are cut, spliced, and sprinkled with wrong bits; others are noise from the start. Worker processes
read each with a time limit. Any traceback, crash, hang, or leak of memory, file handles or processes is a failure:
the exit code is 1 then, and the inputs are kept in --keep. Input i of a seed is the same on every machine that has
the same encoders.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
from mutate import mutate, valid_files

from msgld.audio.read import open_file
from msgld.errors import AudioReadError

BLOCK = 1 << 16
WARM_UP = 50  # inputs of a worker after which its memory has to stay
LEAK_MB = 48.0  # growth of a worker's memory that is no longer chance
GOOD = ("ok", "refused")


@dataclass(frozen=True)
class Outcome:
    """What became of one input.

    Attributes:
        kind: ``ok``, ``refused``, ``traceback``, ``hang``, ``crash`` or ``leak``.
        text: what was said. frames: that were read.
        memory: of the worker afterwards, in MB.
    """

    kind: str
    text: str = ""
    frames: int = 0
    memory: float = 0.0


def read_all(path: Path) -> int:
    """Read a file to its end as every task does; its length."""
    total = 0
    with open_file(path) as file:
        while (block := file.read(BLOCK)).shape[1]:
            total += block.shape[1]
    return total


def judge(path: Path, read: Callable[[Path], int]) -> Outcome:
    """Read one file and see what is left behind."""
    before = _handles()
    try:
        outcome = Outcome("ok", frames=read(path))
    except AudioReadError as error:
        outcome = Outcome("refused" if "\n" not in str(error) else "traceback", str(error))
    except Exception as error:
        outcome = Outcome("traceback", f"{type(error).__name__}: {error}")
    with suppress(ChildProcessError):
        os.waitpid(-1, os.WNOHANG)  # raises where there is no child, dead or alive
        outcome = Outcome("leak", f"a process is left behind after: {outcome.text or 'ok'}")
    if _handles() > before:
        outcome = Outcome("leak", f"a file is left open after: {outcome.text or 'ok'}")
    return Outcome(outcome.kind, outcome.text, outcome.frames, _memory())


def _handles() -> int:
    return len(os.listdir("/proc/self/fd"))


def _memory() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _family(process: int) -> list[int]:
    """A process and all that it has begun."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(stat.parent.name)] = int(stat.read_text().rpartition(")")[2].split()[1])
    family = [process]
    for one in family:
        family += [child for child, parent in parents.items() if parent == one]
    return family


def work(pipe: Connection, read: Callable[[Path], int]) -> None:
    """A worker's life: paths in, outcomes out."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libmpg123 complains there on its own
    pipe.send(None)
    with suppress(EOFError):
        while True:
            pipe.send(judge(pipe.recv(), read))


class Worker:
    """A process that reads files, begun anew after a hang or a crash."""

    def __init__(self, read: Callable[[Path], int], limit: float) -> None:
        self._read, self._limit = read, limit
        self.memory: list[float] = []
        self.growth = 0.0
        self._begin()

    def _begin(self) -> None:
        self._pipe, theirs = get_context("spawn").Pipe()
        self._process = get_context("spawn").Process(target=work, args=(theirs, self._read), daemon=True)
        self._process.start()
        theirs.close()
        self._pipe.recv()  # it is ready
        self.memory = []

    def read(self, path: Path) -> Outcome:
        """The outcome of one file."""
        self._pipe.send(path)
        try:
            outcome = self._pipe.recv() if self._pipe.poll(self._limit) else Outcome("hang")
        except (EOFError, ConnectionError):
            self._process.join()
            outcome = Outcome("crash", f"exit code {self._process.exitcode}")
        if outcome.kind in ("hang", "crash"):
            self.end()
            self._begin()
        else:
            self.memory.append(outcome.memory)
        return outcome

    def end(self) -> None:
        """End the process, and note how much its memory grew after the first inputs."""
        kept = self.memory[WARM_UP:]
        tenth = len(kept) // 10
        if tenth:
            self.growth = max(self.growth, float(np.median(kept[-tenth:]) - np.median(kept[:tenth])))
        for process in _family(self._process.pid or 0):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        self._process.join()
        self._pipe.close()


def fuzz(
    count: int, seed: int, *, jobs: int = 1, limit: float = 20.0,
    read: Callable[[Path], int] = read_all, keep: Path | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Read ``count`` inputs; figures of how they went, with each failure's index, format and words."""
    files, begun = valid_files(), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        share = partial(_share, files, seed, limit, read, keep, Path(folder))
        with ThreadPoolExecutor(jobs) as pool:
            shares = list(pool.map(share, [range(job, count, jobs) for job in range(jobs)]))
    rows = sorted(row for rows, _ in shares for row in rows)
    failures = [
        dict(zip(("index", "format", "kind", "text"), row, strict=True)) for row in rows if row[2] not in GOOD
    ]
    by_format = {name: dict(Counter(row[2] for row in rows if row[1] == name)) for name in sorted(files)}
    growth = max(growth for _, growth in shares)
    return {
        "inputs": count, "seed": seed, "formats": len(files), "seconds": round(time.perf_counter() - begun, 1),
        "outcomes": dict(Counter(row[2] for row in rows)), "by_format": by_format,
        "memory_growth_mb": round(growth, 1), "failures": failures,
        "passed": not failures and growth < LEAK_MB,
    }  # fmt: skip


def _share(
    files: dict[str, bytes], seed: int, limit: float, read: Callable[[Path], int],
    keep: Path | None, folder: Path, indices: Sequence[int],
) -> tuple[list[tuple[int, str, str, str]], float]:  # fmt: skip
    worker, rows = Worker(read, limit), []
    for index in indices:
        name, data = mutate(files, seed, index)
        path = folder / f"{index}-{name}"
        path.write_bytes(data)
        outcome = worker.read(path)
        rows.append((index, name, outcome.kind, outcome.text))
        if outcome.kind not in GOOD and keep:
            keep.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, keep)
        path.unlink()
    worker.end()
    return rows, worker.growth


def main() -> int:
    """Fuzz and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--limit", type=float, default=20.0, help="seconds for one input")
    parser.add_argument("--keep", type=Path, default=None, help="folder for inputs that failed")
    parser.add_argument("--out", type=Path, default=Path("research/figures"))
    options = parser.parse_args()
    figures = fuzz(
        options.count, options.seed, jobs=options.jobs, limit=options.limit,
        keep=options.keep,
    )  # fmt: skip
    print(json.dumps({key: value for key, value in figures.items() if key != "by_format"}, indent=1))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "fuzz.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    return 0 if figures["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
