"""Soundfonts (SF2, SF3): where they are, which of them train, and their programs and recordings."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from msgld.data.frozen import heldout_names
from msgld.errors import DataError
from msgld.music.midi.parts import Part
from msgld.music.render.extract import keys_played
from msgld.music.render.soundfont import DRUM_BANK, RECORDING, chunks_at, open_soundfont

HELD_OUT = "TimGM6mb.sf2"
"""The soundfont of the held-out set; no training renders with it, nor with one that shares its recordings."""

_RELATED = 0.05
"""Fraction of a soundfont's recordings that may be in the held-out one too; single ones are in many."""

KITS = DRUM_BANK
"""The bank of drum kits."""

Sound = tuple[int, int]
"""Bank 0 and a program, or ``KITS`` and a drum's key."""

_COMPARED = 500  # samples of a recording that are compared; shorter ones, as of synthesised waves, are not

_SUFFIXES = (".sf2", ".sf3")
_FOLDERS = ("soundfonts", "sounds/sf2", "sounds/sf3")
_DATA_DIRS = "/usr/local/share:/usr/share:/opt/homebrew/share"


def find_soundfonts(path: Path | None = None) -> list[Path]:
    """The soundfonts at ``path`` (a file or a folder), or those of the system, each file once.

    The held-out soundfont and its relatives are left out (Csound's sf_GMbank.sf2 is one).

    Args:
        path: an .sf2 or .sf3 file, a folder of them, or None for the folders where systems keep soundfonts:
            soundfonts/, sounds/sf2/ and sounds/sf3/ in XDG_DATA_HOME and in each of XDG_DATA_DIRS.

    Raises:
        DataError: nothing is found, or one of them cannot be read.
    """
    roots = [Path(path)] if path is not None else _system_folders()
    files = {file.resolve() for file in _files(roots)}
    fonts = sorted(file for file in files if not related(file))
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
    shared = os.environ.get("XDG_DATA_DIRS") or _DATA_DIRS
    return [Path(root, folder) for root in (own, *shared.split(":")) if root for folder in _FOLDERS]


def related(font: Path) -> bool:
    """Whether a soundfont is the held-out one or has recordings of it, and so must not be trained with."""
    if font.name.lower() == HELD_OUT.lower():
        return True
    own = recordings_of(font)
    return len(own.intersection(heldout_names()["recordings"])) > _RELATED * len(own)


def _files(roots: Iterable[Path]) -> Iterable[Path]:
    for root in roots:
        inside = [root] if root.is_file() else sorted(root.rglob("*"))
        yield from (file for file in inside if file.suffix.lower() in _SUFFIXES and file.is_file())


def heldout_soundfont() -> Path:
    """TimGM6mb.sf2, which the ``pretty_midi`` package carries (the package is found, not imported).

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
    """The soundfonts that have most of what some parts play: those with all of it, if there are any.

    A missing program is played with the nearest one; a soundfont of few instruments has nothing near, and a missing
    drum is silent.
    """
    wanted = {sound for part in played for sound in _sounds(part)}
    counts = [len(wanted & sounds_of(font)) for font in fonts]
    most = max(counts)
    return [font for font, count in zip(fonts, counts, strict=True) if count == most]


def _sounds(part: Part) -> set[Sound]:
    if not part.is_drum:
        return {(0, part.program)}
    return {(KITS, int(key)) for key in np.unique(np.rint(part.pitch))}


@lru_cache(maxsize=256)
def sounds_of(font: Path) -> frozenset[Sound]:
    """The programs of a soundfont's first bank and the keys of its first drum kit.

    Raises:
        DataError: the file is not a soundfont.
    """
    opened = open_soundfont(font)
    programs = {place for place in opened.presets if place[0] == 0}
    kits = sorted(place for place in opened.presets if place[0] == KITS)
    keys = np.flatnonzero(keys_played(opened, opened.presets[kits[0]])).tolist() if kits else []
    return frozenset(programs | {(KITS, key) for key in keys})


@lru_cache(maxsize=256)
def recordings_of(font: Path) -> frozenset[str]:
    """Fingerprints (12 hex digits) of the beginnings of recordings; equal ones are the same recording.

    Raises:
        DataError: the file is not a soundfont.
    """
    chunks = chunks_at(font)
    marks, samples = set(), chunks[b"smpl"]
    for _, first, after, *_ in list(RECORDING.iter_unpack(bytes(chunks[b"shdr"])))[:-1]:
        if after - first >= _COMPARED:
            beginning = bytes(samples[2 * first : 2 * (first + _COMPARED)])
            marks.add(hashlib.sha256(beginning).hexdigest()[:12])
    return frozenset(marks)
