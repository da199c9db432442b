"""Arguments of the command line: stems, their files, songs, folders of songs."""

from __future__ import annotations

import glob
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgld.api.checks import check_stems
from msgld.audio.files import folders, is_hidden, own_among, own_files_below, sounds
from msgld.errors import AudioReadError, UsageError
from msgld.ranges import shown

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld


def stem_list(text: str | None) -> tuple[str, ...] | None:
    """``"bass, drums"`` as names; None stays None."""
    if text is None:
        return None
    names = tuple(dict.fromkeys(name.strip().lower() for name in text.split(",") if name.strip()))
    if not names:
        raise UsageError("name at least one stem, such as bass,drums")
    return names


def pairs(texts: Sequence[str], option: str, form: str, example: str) -> dict[str, str]:
    """``["bass=b.wav"]`` as a mapping.

    Args:
        texts: the values of a repeated option.
        option: such as ``--given``.
        form: such as ``STEM=FILE``, for messages; so is ``example``.

    Raises:
        UsageError: not of that form, or a stem named twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, _, value = text.partition("=")
        name = name.strip().lower()
        if not (name and value):
            raise UsageError(f"{option} takes {form}, such as {option} {example}, not {text!r}")
        if name in found:
            raise UsageError(f"{option} names {name} twice")
        found[name] = value
    return found


def stem_files(texts: Sequence[str], option: str) -> dict[str, Path]:
    """``["bass=b.wav"]`` as stems and files.

    Raises:
        UsageError: not of that form, or a stem named twice.
        AudioReadError: there is no such file.
    """
    named = pairs(texts, option, "STEM=FILE", "bass=bass.wav")
    files = {stem: Path(os.path.expanduser(path)) for stem, path in named.items()}
    for file in files.values():
        if not file.is_file():
            raise AudioReadError(f"there is no file {file}")
    return files


def stems_in(folder: Path, stems: Sequence[str]) -> dict[str, Path]:
    """The files named after a stem in a folder, as msgld writes them.

    Raises:
        AudioReadError: there is no such folder, none in it, or two files of one stem.
    """
    if not folder.is_dir():
        raise AudioReadError(f"there is no folder {folder}")
    files: dict[str, Path] = {}
    for path in sorted(sounds(folder.iterdir())):
        stem = path.stem.lower()
        if stem in files:
            raise AudioReadError(f"{folder} holds {files[stem].name} and {path.name}: remove one of them")
        if stem in stems:
            files[stem] = path
    if not files:
        raise AudioReadError(f"no stems in {folder}: it holds no file named {stems[0]}.wav or the like")
    return {stem: files[stem] for stem in stems if stem in files}


Stems = Mapping[str, Path]
"""Stem -> its file."""


def music_in(
    place: Path | None, given: Sequence[str] | None, open_model: Callable[[], Msgld]
) -> tuple[Path | Stems, Msgld]:
    """A song, or stems from a folder and from ``--given``, and the model.

    Args:
        place: a song, or a folder of stems.
        given: values of ``--given``; mistakes in them are reported before the model loads.
        open_model: loads the model.

    Raises:
        UsageError: neither or both, or unknown stems.
        AudioReadError: there is no such file or folder, or no stem in the folder.
    """
    named = stem_files(given or (), "--given")
    if place is None and not named:
        raise UsageError(
            "give stems to start from: --given bass=bass.wav, or a folder with bass.wav; or a song"
        )
    if place is not None and not place.exists():
        raise AudioReadError(f"there is no file or folder {place}")
    if place is not None and named and not place.is_dir():
        raise UsageError("give a song, or stems by --given, not both")
    model = open_model()
    check_stems(named, model.makes)
    if place is not None and not place.is_dir():
        return place, model
    return {**(stems_in(place, model.makes) if place else {}), **named}, model


_STRETCH = re.compile(r"(\d+(?:\.\d+)?)(s?)\s*(?:-|to)\s*(\d+(?:\.\d+)?)(s?)")


def read_stretch(replay: str | None, start: float | None, stop: float | None) -> dict[str, Any]:
    """The stretch of a piece that is made, as arguments of :meth:`msgld.Msgld.arrange`; empty for all of it.

    Args:
        replay: bars such as ``9-12``, or seconds such as ``8s-12s``.
        start: second; the old way.
        stop: likewise.

    Raises:
        UsageError: it cannot be read, or ends before it begins.
    """
    if replay is None:
        check_stretch(start, stop)
        given = {"start": start, "stop": stop}
        return {name: value for name, value in given.items() if value is not None}
    if start is not None or stop is not None:
        raise UsageError("choose one of --replay and --from, --to")
    found = _STRETCH.fullmatch(replay.strip())
    whole = found is not None and "." not in found[1] + found[3]
    if found is None or not (whole or (found[2] or found[4])):
        raise UsageError(f"--replay takes bars such as 9-12, or seconds such as 8s-12s, not {shown(replay)}")
    if found[2] or found[4]:
        first, last = float(found[1]), float(found[3])
        check_stretch(first, last, ("--replay", "its end"))
        return {"start": first, "stop": last}
    return {"replay": (int(found[1]), int(found[3]))}


def check_stretch(
    start: float | None, stop: float | None, names: tuple[str, str] = ("--from", "--to")
) -> None:
    """Raise UsageError where a stretch ends before it begins."""
    if stop is not None and stop <= (start or 0.0):
        raise UsageError(f"{names[1]} {stop:g} has to lie after {names[0]} {start or 0.0:g}")


def name_of(music: Path | Stems) -> str:
    """A name for a result: the song's; the stems' folder if files are called after stems, else the first file's."""
    if isinstance(music, Path):
        name = music.resolve().stem
    else:
        stem, first = next(iter(music.items()))
        path = first.resolve()
        name = path.parent.name if path.stem.lower() == stem else path.stem
    return name.strip().rstrip(". ") or "song"


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
