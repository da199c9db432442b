"""What the user names on the command line: songs, folders, patterns, stems and their files."""

from __future__ import annotations

import glob
import math
import os
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from msgld.errors import AudioReadError, UsageError

AUDIO = frozenset({
    ".wav", ".wave", ".w64", ".rf64", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc",
    ".caf", ".au", ".m4a", ".aac", ".wma", ".mp4", ".mkv", ".mov", ".webm",
})  # fmt: skip
"""Endings that are taken for songs inside a folder; a file named by itself may have any."""


def find_songs(arguments: Sequence[str], out: Path) -> tuple[list[Path], list[tuple[str, AudioReadError]]]:
    """Expand files, folders (recursively) and patterns, since not every shell expands ``*``.

    Args:
        arguments: as typed.
        out: where results go; what an earlier run left there is no song.

    Returns:
        The songs, each once, in the order named; and what could not be found, with the reason.
    """
    songs: dict[Path, Path] = {}
    missing = []
    for argument in arguments:
        try:
            for song in _expand(argument, out):
                songs.setdefault(song.resolve(), song)
        except AudioReadError as error:
            missing.append((argument, error))
    return list(songs.values()), missing


def _expand(argument: str, out: Path) -> list[Path]:
    path = Path(argument)
    if path.is_dir():
        return _inside(path, out)
    if path.exists() or not glob.has_magic(argument):
        return [path]
    matches = [Path(match) for match in sorted(glob.glob(argument, recursive=True))]
    if not matches:
        raise AudioReadError(f"nothing matches {argument}")
    # A pattern such as ** also matches folders, whose files it matches as well.
    files = [match for match in matches if match.is_file()]
    return files or [song for match in matches for song in _inside(match, out)]


def _inside(folder: Path, out: Path) -> list[Path]:
    own = out.resolve() if out.resolve() != folder.resolve() else None
    songs = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in AUDIO and path.is_file() and not path.name.startswith(".")
        and not (own and own.is_relative_to(folder.resolve()) and path.resolve().is_relative_to(own))
    ]  # fmt: skip
    if not songs:
        raise AudioReadError(f"no audio in the folder {folder}: it holds no .wav, .flac, .mp3 or the like")
    return songs


def track_names(songs: Sequence[Path]) -> list[str]:
    """A folder name for each song: its base name, and as much of its parents' as tells it from the others."""
    names = [_name(song, 0) for song in songs]
    for depth in range(1, max((len(song.resolve().parts) for song in songs), default=0)):
        for group in _collisions(names):
            for i in group:
                names[i] = _name(songs[i], depth)
    for group in _collisions(names):  # same folder, another ending
        for i in group:
            names[i] = f"{names[i]} ({songs[i].suffix.lstrip('.')})"
    for group in _collisions(names):  # Song.wav beside song.wav
        for number, i in enumerate(group[1:], start=2):
            names[i] = f"{names[i]} {number}"
    return names


def _name(song: Path, depth: int) -> str:
    parents = song.resolve().parent.parts[1:]
    parts = [*parents[max(0, len(parents) - depth) :], song.stem]
    # Windows cannot make folders that end in a space or a dot.
    return " - ".join(part.strip() for part in parts).rstrip(". ") or "song"


def _collisions(names: Sequence[str]) -> list[list[int]]:
    """Positions that share a name, as file systems that ignore case see it."""
    places: defaultdict[str, list[int]] = defaultdict(list)
    for i, name in enumerate(names):
        places[name.casefold()].append(i)
    return [group for group in places.values() if len(group) > 1]


def stem_list(text: str | None) -> tuple[str, ...] | None:
    """``"bass, drums"`` as names; None stays None."""
    if text is None:
        return None
    names = tuple(dict.fromkeys(name.strip().lower() for name in text.split(",") if name.strip()))
    if not names:
        raise UsageError("name at least one stem, such as bass,drums")
    return names


def number_list(text: str | None, option: str) -> tuple[float, ...] | None:
    """``"0, 0.5"`` as numbers, each once; None stays None.

    Raises:
        UsageError: something else, or nothing.
    """
    if text is None:
        return None
    try:
        numbers = tuple(dict.fromkeys(float(part) for part in text.split(",") if part.strip()))
    except ValueError:
        numbers = ()
    if not numbers or not all(math.isfinite(number) for number in numbers):
        raise UsageError(f"{option} takes numbers, such as 0,0.5,1, not {text!r}")
    return numbers


def stem_files(pairs: Sequence[str], option: str) -> dict[str, Path]:
    """``["bass=b.wav"]`` as a mapping.

    Raises:
        UsageError: not of that form, or a stem named twice. AudioReadError: there is no such file.
    """
    files: dict[str, Path] = {}
    for pair in pairs:
        name, equals, path = pair.partition("=")
        name = name.strip().lower()
        if not (name and equals and path):
            raise UsageError(f"{option} takes STEM=FILE, such as {option} bass=bass.wav, not {pair!r}")
        if name in files:
            raise UsageError(f"{option} names {name} twice")
        files[name] = Path(os.path.expanduser(path))
        if not files[name].is_file():
            raise AudioReadError(f"there is no file {files[name]}")
    return files


def stems_in(folder: Path, stems: Sequence[str]) -> dict[str, Path]:
    """The files named after a stem in a folder, as msgld writes them.

    Raises:
        AudioReadError: there is no such folder, or none in it.
    """
    if not folder.is_dir():
        raise AudioReadError(f"there is no folder {folder}")
    found = {path.stem.lower(): path for path in sorted(folder.iterdir()) if path.suffix.lower() in AUDIO}
    files = {stem: found[stem] for stem in stems if stem in found}
    if not files:
        raise AudioReadError(f"no stems in {folder}: it holds no file named {stems[0]}.wav or the like")
    return files
