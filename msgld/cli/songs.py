"""Arguments of the command line: songs, folders of songs and patterns, and a name for each song's results."""

from __future__ import annotations

import glob
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgld.audio.files import folders, is_hidden, own_among, own_files_below, sounds
from msgld.errors import AudioReadError


@dataclass(frozen=True)
class Found:
    """Songs that were found.

    Attributes:
        songs: each once, in the order named.
        missing: arguments that lead to no song, each with the reason.
        passed_over: results of earlier runs, which lie in the named folders.
    """

    songs: tuple[Path, ...]
    missing: tuple[tuple[str, AudioReadError], ...] = ()
    passed_over: tuple[Path, ...] = ()


def find_songs(arguments: Sequence[str], out: Path) -> Found:
    """Expand files, folders (recursively) and patterns, since not every shell expands ``*``.

    A file that is named by itself is a song whatever it is. In a folder, results of this program are no songs (the
    record beside them tells), and neither is anything in ``out``.

    Args:
        arguments: as typed.
        out: where results go.
    """
    songs: dict[Path, Path] = {}
    missing, passed = [], []
    for argument in arguments:
        try:
            found, own = _expand(argument, out)
        except AudioReadError as error:
            missing.append((argument, error))
            continue
        passed += own
        for song in found:
            songs.setdefault(song.resolve(), song)
    return Found(tuple(songs.values()), tuple(missing), tuple(dict.fromkeys(passed)))


def _expand(argument: str, out: Path) -> tuple[list[Path], list[Path]]:
    """Songs, and results of earlier runs."""
    path = Path(argument)
    if path.is_dir():
        return _inside(path, out)
    if path.exists() or not glob.has_magic(argument):
        return [path], []
    matches = [Path(match) for match in sorted(glob.glob(argument, recursive=True))]
    if not matches:
        raise AudioReadError(f"nothing matches {argument}")
    # A pattern such as ** also matches folders, whose files it matches as well.
    files = [match for match in matches if match.is_file()]
    if files and "**" in argument:
        return _split_own(files, own_among(files))
    both = [] if files else [_inside(match, out) for match in matches]
    return files or [song for songs, _ in both for song in songs], [one for _, own in both for one in own]


def _split_own(files: Iterable[Path], own: set[Path]) -> tuple[list[Path], list[Path]]:
    """Files that are no results, and those that are."""
    songs: list[Path] = []
    results: list[Path] = []
    for file in files:
        (results if file.resolve() in own else songs).append(file)
    return songs, results


def _inside(folder: Path, out: Path) -> tuple[list[Path], list[Path]]:
    files, jsons = [], []
    for place in folders(folder):
        inside = [path for path in _listed(place) if path.is_file()]
        files += sorted(sounds(inside))
        jsons += [path for path in inside if path.suffix.lower() == ".json" and not is_hidden(path)]
    own = own_files_below(folder, jsons)
    target, root = out.resolve(), folder.resolve()
    if target != root and target.is_relative_to(root):
        own |= {file.resolve() for file in files if file.resolve().is_relative_to(target)}
    songs, results = _split_own(files, own)
    if not songs:
        what = (
            f"only {len(results)} results of earlier runs" if results else "no .wav, .flac, .mp3 or the like"
        )
        raise AudioReadError(f"no songs in the folder {folder}: it holds {what}")
    return sorted(songs), results


def _listed(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def track_names(songs: Sequence[Path]) -> list[str]:
    """A folder name for each song: its base name, and as many of its parents as set it apart from the others."""
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
