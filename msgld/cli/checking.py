"""Checks folders of stems before work begins, and prints a table of problems."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from msgld.api.store import cache_folder
from msgld.cli.console import Console, table, track

if TYPE_CHECKING:
    from msgld.data.stem_folders import Finding
    from msgld.data.stem_folders.song_set import SongSet

MOST = 20
"""Rows that are shown of one folder."""


def checked_folders(
    paths: Sequence[Path],
    stems: tuple[str, ...],
    maps: Sequence[str],
    console: Console,
    usual: Sequence[str] = (),
) -> list[SongSet]:
    """Open folders of stems, check all files, and print which are used and which are not.

    Args:
        paths: of the folders.
        stems: of the model.
        maps: values of ``--map``.
        console: for the report.
        usual: further maps, which may match nothing.

    Raises:
        DataError: a folder has nothing that can be used, a stem is not clear, or a map matches no file.
        UsageError: a map that cannot be read.
    """
    from msgld.data.stem_folders.folder import open_folders

    label = ", ".join(path.name or str(path) for path in paths)
    with track(label) if paths else nullcontext() as on_progress:
        found = open_folders(paths, stems, maps, cache_folder(), on_progress, usual)
    for folder in found:
        console.remark(*report(folder))
    return found


def report(folder: SongSet) -> list[str]:
    """A table of the findings, the most serious first, and a line about the files in use."""
    from msgld.data.stem_folders import LEFT_OUT, PASSED_OVER, SET_ASIDE

    order = {SET_ASIDE: 0, LEFT_OUT: 1, PASSED_OVER: 2}
    rows = _rows(sorted(folder.findings, key=lambda finding: order.get(finding.then, 3)))
    lines = table(rows[:MOST]) if rows else []
    if len(rows) > MOST:
        lines.append(f"and {len(rows) - MOST} more")
    aside = len(folder.findings_of(SET_ASIDE))
    used = f"{folder.place}: {counted(len(folder), 'song')}, {counted(folder.files, 'file')} used"
    return [*lines, f"{used}; {counted(aside, 'file')} set aside" if aside else used]


def _rows(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """A row for each kind of finding, with all its files."""
    from msgld.data.stem_folders import named

    files: dict[tuple[str, str], list[str]] = {}
    for finding in findings:
        files.setdefault((finding.what, finding.then), []).append(finding.file)
    return [
        {"file": named(names), "what": what, "what happens": then} for (what, then), names in files.items()
    ]


def counted(number: int, noun: str) -> str:
    """A number of things: ``1 file``, ``2 files``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"
