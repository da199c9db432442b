"""The report of a preparation: one page that says what is wrong with which file, with pictures."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from msgld.data.shards import PICTURES
from msgld.data.stem_folders import Finding
from msgld.errors import one_line

MOST = 500
"""Songs, and files of the scan, that are shown; further ones are counted and stand in the manifest."""

_STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em;color:#222}
table{border-collapse:collapse}td,th{padding:.15em .8em .15em 0;text-align:left;vertical-align:top}
img{max-width:100%;height:auto;margin:.4em 0 1.2em}h2{margin-top:2em}h3{margin-bottom:.2em}"""


def write_page(
    file: IO[str],
    title: str,
    summary: Mapping[str, str],
    scanned: Iterable[Finding],
    songs: Iterable[Mapping[str, Any]],
    folder: Path,
) -> None:
    """Write the page, song by song.

    Args:
        file: to write to.
        title: of the page.
        summary: names and values of the table at its head.
        scanned: remarks on files and folders that belong to no song.
        songs: lines of the manifest; those without findings are passed over.
        folder: of the page, for the pictures that there are.
    """
    lines = _page(title, summary, scanned, songs, folder)
    file.writelines(f"{line}\n" for line in lines)


def _page(
    title: str,
    summary: Mapping[str, str],
    scanned: Iterable[Finding],
    songs: Iterable[Mapping[str, Any]],
    folder: Path,
) -> Iterator[str]:
    yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{_text(title)}</title>'
    yield f"<style>{_STYLE}</style><h1>{_text(title)}</h1>"
    yield _table((name, value) for name, value in summary.items())
    found = [(one.file, one.what, one.then) for one in _some(scanned)]
    if found:
        yield f"<h2>Files and folders</h2>{_table(found)}"
    shown = 0
    for song in songs:
        if not song.get("findings"):
            continue
        shown += 1
        if shown == 1:
            yield "<h2>Songs with findings</h2>"
        if shown <= MOST:
            yield from _song(song, folder)
    if shown > MOST:
        yield f"<p>and {shown - MOST} more, in songs.jsonl</p>"
    if not shown and not found:
        yield "<p>Nothing is wrong with any file.</p>"
    yield "</html>"


def _some(findings: Iterable[Finding]) -> Iterator[Finding]:
    for number, finding in enumerate(findings):
        if number == MOST:
            yield Finding(
                "further files", "are listed nowhere else: run the command on a part of the set", ""
            )
            return
        yield finding


def _song(song: Mapping[str, Any], folder: Path) -> Iterator[str]:
    yield f"<h3>{_text(song['song'])}</h3>"
    yield _table((_short(file), what, then) for file, what, then in song["findings"])
    picture = f"{PICTURES}/{song['number']:06}.png"
    if (folder / picture).is_file():
        yield f'<img src="{picture}" alt="waveforms of the stems" loading="lazy">'


def _short(path: str) -> str:
    """A file with the folder that it lies in."""
    return "/".join(Path(path).parts[-2:])


def _table(rows: Iterable[Iterable[str]]) -> str:
    cells = ("".join(f"<td>{_text(cell)}</td>" for cell in row) for row in rows)
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in cells)}</table>"


def _text(text: str) -> str:
    return html.escape(one_line(text))
