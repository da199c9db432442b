"""Finds the songs in a folder and the stem of each file; refuses files whose stem is not clear."""

from __future__ import annotations

import json
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from pathlib import Path

from msgld.audio.files import LOSSLESS, folders, is_hidden, own_files, sounds
from msgld.data.findings import LEFT_OUT, PASSED_OVER, USED, Finding, named, relative
from msgld.data.slakh import METADATA, slakh_instruments
from msgld.data.song_names import read_names, titles_of
from msgld.data.stem_map import IGNORE, STEMS_FILE, StemMap
from msgld.data.stem_names import NOWHERE, Meaning, is_stem, read_words
from msgld.data.words import COMPLEMENT, MIXTURE, words_of
from msgld.errors import DataError

STEM_FILE = ".stem.mp4"
"""Ending of the files of MUSDB18, which hold the mixture and four stems as streams of one file."""

MOISES = "data.json"
"""Describes a song of MoisesDB, whose stems are folders of tracks."""


@dataclass(frozen=True)
class Found:
    """A song as it lies on the disk.

    Attributes:
        folder: of the song. files: stem and path of every file that is used.
        open: whether the stem ``other`` holds whatever the song has no other file for.
    """

    folder: Path
    files: tuple[tuple[str, Path], ...]
    open: bool = False

    @property
    def stems(self) -> set[str]:
        """The stems that the song has files of."""
        return {stem for stem, _ in self.files}


@dataclass
class _Search:
    """What has been seen so far; ``tracks`` are songs whose folders below belong to them."""

    root: Path
    stems: tuple[str, ...]
    rules: StemMap
    findings: list[Finding] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)
    foreign: dict[Path, str] = field(default_factory=dict)
    sounding: list[Path] = field(default_factory=list)
    tracks: list[Path] = field(default_factory=list)

    def note(self, path: Path, what: str, then: str) -> None:
        self.findings.append(Finding(relative(path, self.root), what, then))


def find_stems(root: Path, stems: tuple[str, ...], rules: StemMap) -> tuple[list[Found], list[Finding]]:
    """The songs in a folder or below it, in the order of their paths, and what is noteworthy.

    Raises:
        DataError: there is none, or the stem of a file is not clear; the line says what to do.
        UsageError: rules that contradict each other.
    """
    search = _Search(root, stems, rules)
    songs = [song for folder in folders(root) if (song := _song(folder, search)) is not None]
    _check_levels(search)
    if search.unclear:
        raise DataError(
            f"cannot tell the stem of {named(search.unclear)}: name it with --map FILE=STEM (or =mixture, "
            f"=ignore), or in a {STEMS_FILE} there or in {root}"
        )
    if not songs:
        raise DataError(_nothing(search))
    for folder in search.foreign:
        search.note(folder, "a data set of another layout", PASSED_OVER)
    return _without_results(songs, search), search.findings


def _without_results(songs: list[Found], search: _Search) -> list[Found]:
    """The songs that are no results of this program; all of them, where there is nothing else."""
    own = own_files(path for folder in folders(search.root) for path in folder.glob("*.json"))
    results = [song for song in songs if any(path.resolve() in own for _, path in song.files)]
    used = len(results) == len(songs)
    for song in results:
        search.note(song.folder, "stems that this program made", USED if used else PASSED_OVER)
    return songs if used else [song for song in songs if song not in results]


def _check_levels(search: _Search) -> None:
    """Refuse a folder for each stem, which would pass for a song each: ``song/bass/take.wav``."""
    siblings: dict[Path, dict[str, Path]] = {}
    for folder in search.sounding:
        words = words_of(folder.name)
        if folder != search.root and is_stem(words, search.stems):
            siblings.setdefault(folder.parent, {})[str(read_words(words, search.stems).stem)] = folder
    for parent, found in siblings.items():
        if len(found) > 1:
            raise DataError(
                f"{parent} has a folder for each stem ({named([one.name for one in found.values()])}): "
                "mix each of them to one file, such as bass.wav, and put these into the song's folder"
            )


def _nothing(search: _Search) -> str:
    if search.foreign:
        return next(iter(search.foreign.values()))
    hint = f"expected <song>/<stem>.wav with stems such as {', '.join(search.stems)}"
    if search.unnamed:
        hint = f"no stem name in {named(search.unnamed)}; {hint}, or name stems with --map FILE=STEM"
    return f"no stems in {search.root}: {hint}"


def _song(folder: Path, search: _Search) -> Found | None:
    """The song in a folder, None if there is none."""
    if any(folder.is_relative_to(track) for track in search.tracks[-1:]):
        return None
    if (folder / METADATA).is_file() or _is_moises(folder / MOISES):
        search.tracks.append(folder)
    foreign = _foreign(folder)
    if foreign:
        search.foreign[folder] = foreign
        return None
    song = _slakh(folder, search) if (folder / METADATA).is_file() else _named(folder, search)
    if song is None or not song.files:
        return None
    return song


def _foreign(folder: Path) -> str | None:
    """What to do about a data set that is laid out in another way; None where it is not."""
    if any(file.name.lower().endswith(STEM_FILE) for file in folder.iterdir()):
        return (
            f"{folder} holds MUSDB18 in {STEM_FILE} files: convert it with musdbconvert (pip install musdb), "
            "or get MUSDB18-HQ, then name that folder"
        )
    if _is_moises(folder / MOISES):
        return (
            f"{folder} is a song of MoisesDB, a folder of tracks for each stem: write one file a stem first, such as "
            "SONG/bass.wav (mix_stems of its Python package), then name that folder"
        )
    return None


def _is_moises(path: Path) -> bool:
    try:
        content = json.loads(path.read_text("utf-8"))
        return all("stemName" in stem for stem in content["stems"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def _slakh(folder: Path, search: _Search) -> Found:
    files, listed = [], slakh_instruments(folder)
    for file in sorted(sounds((folder / "stems").glob("*"))):
        if file.stem not in {one.name for one in listed}:
            search.note(file, "is not in the metadata", LEFT_OUT)
    for one in listed:
        if one.missing:
            search.note(folder / "stems" / one.name, "is missing, although the metadata list it", "absent")
        if one.file is None:
            continue
        ruled = search.rules.stem(one.file, folder)
        if one.dispute and ruled is None:
            search.note(one.file, one.dispute, f"{USED} as {one.stem}")
        files.append((ruled or (one.stem if one.stem in search.stems else "other"), one.file))
    return Found(folder, tuple((stem, file) for stem, file in files if stem in search.stems))


def _named(folder: Path, search: _Search) -> Found | None:
    """The song in a folder, its stems read from file names or mapped by the user."""
    every = sorted(file for file in folder.iterdir() if not (is_hidden(file) or file.is_dir()))
    files = list(sounds(every))
    search.sounding += [folder] if files else []
    ruled = {file: search.rules.stem(file, folder) for file in files}
    meant = dict(
        zip(files, read_names([file.stem for file in files], folder.name, search.stems), strict=True)
    )
    found = {file: ruled[file] or meant[file].stem for file in files}
    if not any(_counts(ruled[file], meant[file]) for file in files):
        search.unnamed += [relative(file, search.root) for file in files if found[file] is None]
        if files and not any(ruled.values()):
            search.note(folder, f"none of its {len(files)} sound files has a stem name", PASSED_OVER)
        return None
    twins = _twins([file for file in files if ruled[file] is None])
    for file, stem in found.items():
        _report(file, stem, meant[file], search)
    for file, twin in twins.items():
        search.note(file, f"the same name as {twin.name}", LEFT_OUT)
    _report_unread(set(every) - set(files), files, search)
    used = tuple((s, file) for file, s in found.items() if s in search.stems and file not in twins)
    if not any(ruled.values()):
        _check_one_song(folder, used, search.stems)
    _report_sums(used, search)
    return Found(folder, used, any(_is_open(ruled[file], meant[file]) for _, file in used))


def _check_one_song(folder: Path, used: Sequence[tuple[str, Path]], stems: tuple[str, ...]) -> None:
    """Refuse files of several songs in one folder, which would be added up: ``A - bass``, ``B - bass``."""
    songs: dict[tuple[str, ...], list[str]] = {}
    for title, (stem, _) in zip(titles_of([file.stem for _, file in used], stems), used, strict=True):
        songs.setdefault(title, []).append(stem)
    full = [title for title, found in songs.items() if len(set(found)) > 1]
    if len(full) > 1 and () not in songs and set.intersection(*(set(songs[title]) for title in full)):
        titles = named([" ".join(title) for title in full])
        raise DataError(
            f"{folder} seems to hold several songs ({titles}): put the files of each into a folder of its own, or "
            "name their stems with --map if it is one song"
        )


def _is_open(ruled: str | None, meant: Meaning) -> bool:
    """Whether a file is ``other`` because it is the rest, not because of its instrument."""
    return meant.open if ruled is None else ruled == "other" and meant.stem is None


def _twins(files: Sequence[Path]) -> dict[Path, Path]:
    """Files that have the name of another one but for the ending, and that one; the better format is kept."""
    best: dict[str, Path] = {}
    for file in sorted(files, key=lambda file: (file.suffix.lower() not in LOSSLESS, file.name)):
        best.setdefault(file.stem.casefold(), file)
    return {file: best[file.stem.casefold()] for file in files if best[file.stem.casefold()] != file}


def _report_unread(rest: AbstractSet[Path], files: Sequence[Path], search: _Search) -> None:
    """Report files that have a stem's name and an ending that is no sound's, where no sound has the name."""
    names = {file.stem.casefold() for file in files}
    for file in sorted(rest):
        if file.stem.casefold() not in names and is_stem(words_of(file.stem), search.stems):
            search.note(file, f"{file.suffix or 'no ending'}: no sound that can be read", PASSED_OVER)


def _report_sums(used: Sequence[tuple[str, Path]], search: _Search) -> None:
    """Report where a stem has a file of its own and further ones, which may be its parts: ``drums``, ``kick``."""
    for stem, file in used:
        others = [one.name for other, one in used if other == stem and one != file]
        if others and words_of(file.stem) == words_of(stem):
            search.note(file, f"added to other files of the same stem: {named(others)}", USED)


def _counts(ruled: str | None, meant: Meaning) -> bool:
    """Whether a file makes its folder a song's: a folder of unrelated recordings would be all ``other``."""
    if ruled is not None:
        return ruled not in (NOWHERE, IGNORE, MIXTURE)
    return meant.stem not in (None, "other", NOWHERE, MIXTURE, COMPLEMENT)


def _report(file: Path, stem: str | None, meant: Meaning, search: _Search) -> None:
    if stem is None:
        between = f" ({' or '.join(meant.candidates)})" if meant.candidates else ""
        search.unclear.append(f"{relative(file, search.root)}{between}")
    elif stem == COMPLEMENT:
        search.note(file, "a mixture without some stem, by its name", LEFT_OUT)
    elif stem == NOWHERE:
        search.note(file, f"no place among {', '.join(search.stems)}", LEFT_OUT)
