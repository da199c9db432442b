"""What the REAPER script runs in the background: ``python -m msgld.cli.reaper FOLDER``.

``FOLDER/job.json`` holds a list of requests; each is carried out by commands of ``msgld``, whose results stay in
FOLDER. ``progress.txt`` changes as long as the work goes on, a file ``cancel`` stops it, and ``result.txt`` appears at
its end: lines of cells with tabs between them, paths relative to FOLDER, times in seconds.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgld.errors import one_line

POLL = 0.2
"""Seconds between two looks at a running command."""

MIX = "mix"

Request = Mapping[str, Any]


class Failed(Exception):
    """A command failed, or the user stopped it; the message is for the user."""


@dataclass
class Runner:
    """The work in a folder.

    Attributes:
        folder: with ``job.json``.
        label: how far the work is, for the user.
        beats: signs of life so far.
    """

    folder: Path
    label: str = ""
    beats: int = 0

    def run(self) -> None:
        """Do all of it and write ``result.txt``."""
        self.report("starts")
        try:
            lines = ["done", *self._lines()]
        except Failed as error:
            lines = [f"failed\t{error}"]
        except Exception as error:  # the script has to hear of it, whatever it is
            lines = [f"failed\t{one_line(str(error) or type(error).__name__)}"]
        unfinished = self.folder / "result.part"
        unfinished.write_bytes(("\n".join(lines) + "\n").encode("utf-8", "surrogateescape"))
        os.replace(unfinished, self.folder / "result.txt")

    def report(self, line: str) -> None:
        """Give a sign of life and say what is done."""
        self.beats += 1
        with suppress(OSError):  # where REAPER reads it at this moment
            text = f"{self.beats}\t{self.label}{line}\n"
            (self.folder / "progress.txt").write_bytes(text.encode("utf-8", "replace"))

    def _lines(self) -> Iterator[str]:
        requests = json.loads((self.folder / "job.json").read_bytes().decode("utf-8", "surrogateescape"))
        for number, request in enumerate(requests, 1):
            self.label = f"{number}/{len(requests)} " if len(requests) > 1 else ""
            yield "piece"
            work = self._arrange if request["task"] == "arrange" else self._separate
            yield from work(request, self.folder / str(number))

    def _separate(self, request: Request, place: Path) -> Iterator[str]:
        """Separate, and go on from the stems as the task wants it."""
        task, stems = request["task"], request["stems"]
        ends = [name for name in ("from", "to") if name in request]
        stretch = [text for name in ends for text in (f"--{name}", f"{request[name]:.12g}")]
        wanted = ["--stems", stems] if stems and task != "replace" else []
        common = [*_common(request), "--out"]
        parts = self.msgld("separate", request["song"], *stretch, *wanted, *common, place / "stems")
        if task == "replace":
            parts = self.msgld("arrange", parts["folder"], "--make", stems, *common, place / "arranged")
        if task != "notes":
            yield from self._sounds(parts)
        if task in ("notes", "both"):
            parts = self.msgld("transcribe", parts["folder"], *common, place / "notes")
        if task != "stems":
            yield from self._notes(parts, stems.split(",") if task == "replace" else None)

    def _arrange(self, request: Request, place: Path) -> Iterator[str]:
        """Play the missing stems to those that are given."""
        given = [text for stem, file in request["given"].items() for text in ("--given", f"{stem}={file}")]
        wanted = ["--make", request["stems"]] if request["stems"] else []
        found = self.msgld("arrange", *given, *wanted, *_common(request), "--out", place / "arranged")
        made = [stem for stem in found["files"] if stem not in request["given"]]
        yield from self._sounds(found, made)
        yield from self._notes(found, made)

    def _sounds(self, found: Mapping[str, Any], stems: Collection[str] | None = None) -> Iterator[str]:
        for stem, file in found["files"].items():
            if stem != MIX and (stems is None or stem in stems):
                yield f"sound\t{stem}\t{Path(file).relative_to(self.folder).as_posix()}"

    def _notes(self, found: Mapping[str, Any], stems: Collection[str] | None = None) -> Iterator[str]:
        from msgld.api.daw import score_of

        score = score_of(Path(found["folder"]), found["run"])
        if score is None:
            return
        for stem, notes in score.notes.items():
            if not len(notes) or (stems is not None and stem not in stems):
                continue
            yield f"notes\t{stem}"
            spans = (score.timeline.at(beats) for beats in (notes.onset, notes.onset + notes.duration))
            columns = (one.tolist() for one in (*spans, notes.pitch, notes.velocity))
            for start, stop, pitch, velocity in zip(*columns, strict=True):
                yield f"note\t{max(0.0, start):.9f}\t{stop:.9f}\t{pitch}\t{velocity}"

    def msgld(self, *arguments: str | Path) -> dict[str, Any]:
        """Run a command; its record.

        Raises:
            Failed: it failed, or the user stopped it.
        """
        out, log = self.folder / "out.txt", self.folder / "log.txt"
        with out.open("wb") as results, log.open("wb") as remarks:
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "msgld", *map(str, arguments), "--json"], stdin=subprocess.DEVNULL,
                stdout=results, stderr=remarks, env={**os.environ, "PYTHONUTF8": "1"},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )  # fmt: skip
            try:
                self._watch(process, log)
            finally:
                if process.poll() is None:
                    process.kill()
                process.wait()
        if process.returncode:
            raise Failed(_complaint(log) or f"msgld {arguments[0]} ended with code {process.returncode}")
        found: dict[str, Any] = json.loads(out.read_text("utf-8").splitlines()[-1])
        return found

    def _watch(self, process: subprocess.Popen[bytes], log: Path) -> None:
        while process.poll() is None:
            if (self.folder / "cancel").exists():
                raise Failed("stopped")
            lines = _lines_of(log)
            self.report(lines[-1] if lines else "starts")
            time.sleep(POLL)


def _common(request: Request) -> list[str]:
    """Options of every command."""
    return ["--quality", request["quality"], *(["--name", request["model"]] if request["model"] else [])]


def _complaint(log: Path) -> str:
    """The error that a command printed last, without its sender; else its last line."""
    lines = _lines_of(log)
    found = [line.removeprefix("msgld: ") for line in lines if line.startswith("msgld: ")]
    return (found or lines or [""])[-1]


def _lines_of(log: Path) -> list[str]:
    lines = log.read_text("utf-8", "replace").splitlines()
    return [one_line(line).replace("\t", " ") for line in lines if line.strip()]


if __name__ == "__main__":
    Runner(Path(sys.argv[1])).run()
