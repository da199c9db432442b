"""The ledger of a run: a file of JSON lines that says what was begun and how it ended.

Every line is on the disk before the work goes on, so the file is right after a power failure, too. A line that was cut
off there is passed over. Lines are of four kinds::

    {"run": ID, "work": HASH, "items": 60, "at": TIME}                         a run begins
    {"item": KEY, "begun": 1, "node": ADDRESS, "node_id": ID, "at": TIME}     its first attempt
    {"item": KEY, "end": "done", "attempts": 1, "at": TIME, ...}               how it ended
    {"run": ID, "counts": {"done": 60, "repeated": 0}, "at": TIME}             the run is over
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgld.errors import AudioWriteError

NAME = "ledger.jsonl"
"""Of the file, in the folder of the results."""


@dataclass
class Past:
    """What a ledger says of former runs of the same work.

    Attributes:
        begun: items that were begun at some time, whatever became of them.
        ends: item -> its last end and the facts about it.
        finished: whether the last of these runs went to its end.
    """

    begun: set[str] = field(default_factory=set)
    ends: dict[str, dict[str, Any]] = field(default_factory=dict)
    finished: bool = True


def hash_of(*parts: object) -> str:
    """What is to be done as a hash, from parts whose ``repr`` says everything about them."""
    return hashlib.sha256(repr(parts).encode(errors="backslashreplace")).hexdigest()[:16]


class Ledger:
    """A ledger on the disk.

    Args:
        path: of the file; None keeps nothing.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._run = f"{time.time_ns():x}"

    def begin(self, work: str, items: int) -> Past:
        """A run begins; what former runs of the same work did.

        Args:
            work: what is to be done, as a hash.
            items: their number.

        Raises:
            AudioWriteError: the ledger cannot be written.
        """
        past = self.past(work)
        self.write(run=self._run, work=work, items=items)
        return past

    def finish(self, counts: Mapping[str, int]) -> None:
        """The run went to its end; how many items ended how. Raises AudioWriteError as :meth:`begin`."""
        self.write(run=self._run, counts=dict(counts))

    def write(self, **line: Any) -> None:
        """Append a line, with the time, and wait until it is on the disk.

        Raises:
            AudioWriteError: it cannot be written.
        """
        if self.path is None:
            return
        text = json.dumps({**line, "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab+") as file:
                file.write(_break(file) + text.encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise AudioWriteError(
                f"cannot write the ledger {self.path}: {error.strerror or error}"
            ) from error

    def lines(self) -> Iterator[Mapping[str, Any]]:
        """All lines that are whole."""
        if self.path is None or not self.path.is_file():
            return
        with self.path.open("rb") as file:
            for line in file:
                try:
                    entry = json.loads(line)
                except ValueError:
                    continue
                if isinstance(entry, dict):
                    yield entry

    def past(self, work: str) -> Past:
        """What former runs of the same work did.

        Args:
            work: what was to be done, as a hash.
        """
        past, same = Past(), False
        for line in self.lines():
            if "work" in line:
                same = line["work"] == work
                past.finished = past.finished and not same
            elif same and "item" in line:
                past.begun.add(line["item"])
                if "end" in line:
                    past.ends[line["item"]] = dict(line)
            elif same and "counts" in line:
                past.finished = True
        return past


def _break(file: Any) -> bytes:
    """A line break where the last line was cut off."""
    size = file.seek(0, os.SEEK_END)
    if not size:
        return b""
    file.seek(size - 1)
    return b"" if file.read(1) == b"\n" else b"\n"
