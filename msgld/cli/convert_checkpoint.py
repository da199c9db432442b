"""Converting from the command line: what was found as a table, then the model, then what to try with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgld.cli.console import Talk, shown
from msgld.cli.progress_bar import track
from msgld.errors import UsageError

if TYPE_CHECKING:
    from msgld.paper.convert.published import Found

_HEADINGS = ("part", "weights", "tensors", "parameters", "missing", "wrong shape", "not used")


@dataclass(frozen=True)
class Conversion:
    """What the options of ``msgld convert`` say; see their help."""

    checkpoint: Path | None
    autoencoder: Path | None
    vocoder: Path | None
    raw: bool
    width: int | None
    stems: str | None
    out: Path | None
    name: str | None
    half: bool
    overwrite: bool
    only_list: bool


def convert_files(settings: Conversion, talk: Talk) -> int:
    """Convert, or only list; the exit code.

    Raises:
        UsageError, ModelError: see their messages.
    """
    from msgld.paper.convert.published import Wanted, found

    if settings.out is None and not settings.only_list:
        raise UsageError("say where the model goes with --out FOLDER, or only look with --list")
    wanted = Wanted(
        settings.checkpoint, settings.autoencoder, settings.vocoder, settings.raw, settings.width,
        _stems(settings.stems),
    )  # fmt: skip
    with found(wanted) as files:
        _tell(files, talk, settings.only_list)
        if settings.only_list or settings.out is None:
            return int(any(part.faults.fatal for part in files.parts))
        _store(files, settings, settings.out)
        _announce(files, settings.out, talk)
    return 0


def _stems(text: str | None) -> tuple[str, ...] | None:
    if text is None:
        return None
    names = tuple(name.strip() for name in text.split(","))
    if not all(names) or len(set(names)) < len(names):
        raise UsageError(f"--stems {text}: name each stem once, with commas between them")
    return names


def _store(files: Found, settings: Conversion, out: Path) -> None:
    from msgld.paper.convert.store import store

    with track(out.name) as on_progress:
        store(
            files, out, name=settings.name, half=settings.half, overwrite=settings.overwrite,
            on_progress=on_progress,
        )  # fmt: skip


def _tell(files: Found, talk: Talk, every: bool) -> None:
    rows: list[tuple[str, ...]] = [_HEADINGS]
    for part in files.parts:
        faults = (len(part.faults.missing), len(part.faults.misshaped), len(part.faults.extra))
        counts = (len(part.shapes), part.parameters, *faults)
        rows.append((part.name, part.weights, *(f"{number:,}" for number in counts)))
        talk.record(**dict(zip(_HEADINGS, (part.name, part.weights, *counts), strict=True)))
    for line in _table(rows):
        talk.say(line)
    for group, number in files.left_out.items():
        talk.say(f"left out: {group} ({number} tensors)")
    if files.unknown:
        talk.say(f"left out: {len(files.unknown)} tensors that belong to nothing known")
    if every:
        for line in (*(line for part in files.parts for line in part.faults.lines()), *files.unknown):
            talk.say(line)


def _table(rows: list[tuple[str, ...]]) -> list[str]:
    """Columns side by side, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    texts = [[cell.ljust(width) for cell, width in zip(row[:2], widths, strict=False)] for row in rows]
    numbers = [[cell.rjust(width) for cell, width in zip(row[2:], widths[2:], strict=True)] for row in rows]
    return ["  ".join(text + number) for text, number in zip(texts, numbers, strict=True)]


def _announce(files: Found, out: Path, talk: Talk) -> None:
    size = sum(path.stat().st_size for path in out.iterdir())
    talk.record(model=out, stems=files.stems, bytes=size)
    if files.stems:
        talk.say(f"model in {shown(out)} ({size / 1e6:,.0f} MB): msgld separate song.mp3 --name {shown(out)}")
    else:
        talk.say(
            f"first stage in {shown(out)} ({size / 1e6:,.0f} MB): msgld train --first-stage {shown(out)}"
        )
