"""Where the soundfonts are: those to train with, and the one that is kept for tests."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from msgld.data.font_file import programs_of, recordings_of
from msgld.data.frozen import heldout_recordings
from msgld.errors import DataError
from msgld.music.midi.parts import Part

HELD_OUT = "TimGM6mb.sf2"
"""The soundfont of the held-out set; no training renders with it, nor with one that shares its recordings."""

_SHARED = 0.05
"""Share of a soundfont's recordings that may be in the held-out one too; single ones are found in many."""

_SUFFIXES = (".sf2", ".sf3")
_FOLDERS = ("soundfonts", "sounds/sf2", "sounds/sf3")
_SHARES = "/usr/local/share:/usr/share:/opt/homebrew/share"


def find_soundfonts(path: Path | None = None, *, training: bool = True) -> list[Path]:
    """Return the soundfonts at ``path`` (a file or a folder), or those of the system, each file once.

    Args:
        path: an .sf2 or .sf3 file, a folder of them, or None for the folders where systems keep soundfonts:
            soundfonts/, sounds/sf2/ and sounds/sf3/ in XDG_DATA_HOME and in each of XDG_DATA_DIRS.
        training: leave out the held-out soundfont and its relatives (Csound's sf_GMbank.sf2 is one).

    Raises:
        DataError: nothing is found, or one of them cannot be read.
    """
    roots = [Path(path)] if path is not None else _system_folders()
    files = {file.resolve() for file in _files(roots)}
    fonts = sorted(file for file in files if not (training and related(file)))
    if files and not fonts:
        raise DataError(
            f"{path or 'the system'} has no soundfont but the held-out one or its relatives: add another"
        )
    if not fonts:
        where = str(path) if path is not None else "the system's folders"
        raise DataError(
            f"no soundfont in {where}: install fluid-soundfont-gm, or name an .sf2 file (--soundfont)"
        )
    return fonts


def _system_folders() -> list[Path]:
    own = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    shared = os.environ.get("XDG_DATA_DIRS") or _SHARES
    return [Path(root, folder) for root in (own, *shared.split(":")) if root for folder in _FOLDERS]


def related(font: Path) -> bool:
    """Return whether a soundfont is the held-out one, or has recordings of it: then it is no longer unheard."""
    if font.name.lower() == HELD_OUT.lower():
        return True
    own = recordings_of(font)
    return len(own & heldout_recordings()) > _SHARED * len(own)


def _files(roots: Iterable[Path]) -> Iterable[Path]:
    for root in roots:
        inside = [root] if root.is_file() else sorted(root.rglob("*"))
        yield from (file for file in inside if file.suffix.lower() in _SUFFIXES and file.is_file())


def heldout_soundfont() -> Path:
    """Return TimGM6mb.sf2, which the ``pretty_midi`` package carries (the package is found, not imported).

    Raises:
        DataError: pretty_midi is not installed, or this release of it lacks the file.
    """
    found = importlib.util.find_spec("pretty_midi")
    for folder in (found.submodule_search_locations or []) if found else []:
        font = Path(folder) / HELD_OUT
        if font.is_file():
            return font
    raise DataError(f"{HELD_OUT} is missing: run pip install pretty_midi")


def fitting(fonts: Sequence[Path], played: Iterable[Part]) -> list[Path]:
    """Return those soundfonts that have most of the programs that parts are played with: all of them, if any has.

    What a soundfont lacks is played with the nearest that it has; one of a few instruments has nothing near.
    """
    wanted = [None if part.is_drum else part.program for part in played]
    counts = [sum(kind in programs_of(font) for kind in wanted) for font in fonts]
    most = max(counts)
    return [font for font, count in zip(fonts, counts, strict=True) if count == most]
