"""Making music: where results go, and saying what was made."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgld.api.encoding import Encoding
from msgld.api.folder import check_sources, holds_result
from msgld.api.naming import PLAIN
from msgld.cli.console import Talk, shown
from msgld.cli.naming import part_of
from msgld.cli.targets import check_out
from msgld.errors import AudioWriteError

if TYPE_CHECKING:
    from msgld.api.result import Result


@dataclass(frozen=True)
class Target:
    """Where and how results are written.

    Attributes:
        out: folder of the results; each gets ``out / model / name``.
        overwrite: replace a result of that name; otherwise it is refused.
    """

    out: Path
    encoding: Encoding = Encoding()
    overwrite: bool = False

    def check(self) -> None:
        """Raise AudioWriteError, before anything is computed, where ``out`` cannot be a folder."""
        check_out(self.out)

    def folder(
        self, model: str, name: str, seed: int | None = None, sources: Mapping[str, Path] | None = None
    ) -> Path:
        """The folder of a result.

        Args:
            seed: becomes part of the name, unless it is None or 0, so that further seeds go beside the first.
            sources: the stems that it is made from; they are never replaced.

        Raises:
            AudioWriteError: there is a result already, which may not be replaced, or holds the sources.
        """
        folder = self.out / part_of(model) / (part_of(name) + (f"-seed{seed}" if seed else ""))
        if not self.overwrite and (folder.is_file() or holds_result(folder)):
            raise AudioWriteError(
                f"{folder} exists already; use --overwrite, another --seed or another --out"
            )
        check_sources(folder, PLAIN, (), (sources or {}).values())
        return folder


def make(work: Callable[..., Result], folder: Path, target: Target, talk: Talk, task: str) -> None:
    """Do the work, which takes ``on_progress``, with a bar; save its result and say where it is."""
    from msgld.cli.progress_bar import spoken, track

    started = time.monotonic()
    with track(folder.name) as on_progress:
        result = work(on_progress=on_progress)
        saved = result.save(folder, encoding=target.encoding, overwrite=target.overwrite)
    for line in saved.run.get("remarks", ()):
        talk.note(line)
    seconds = result.mix.shape[-1] / result.rate
    took = spoken(time.monotonic() - started)
    talk.say(f"{shown(saved.folder)} ({seconds:.1f} s of {', '.join(result.stems)}) in {took}")
    talk.record(status="done", task=task, folder=saved.folder, files=saved.files, run=saved.run)


def name_of(files: Mapping[str, Path]) -> str:
    """A name for what is made from stems: their folder's where files are called after stems, else the first's."""
    stem, first = next(iter(files.items()))
    path = first.resolve()
    name = path.parent.name if path.stem.lower() == stem else path.stem
    return name.strip().rstrip(". ") or "song"
