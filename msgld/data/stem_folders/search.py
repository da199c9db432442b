"""Finds the songs in a folder and the stem of each file; refuses files whose stem is not clear."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path

from msgld.audio.files import LOSSLESS, folders, is_hidden, own_files, sounds
from msgld.data.stem_folders import (
    LEFT_OUT,
    PASSED_OVER,
    USED,
    Finding,
    Found,
    Listed,
    StemStream,
    named,
    relative,
)
from msgld.data.stem_folders.manifest import ManifestSearch
from msgld.data.stem_folders.moises import is_moises, moises_tracks
from msgld.data.stem_folders.musdb import ORDER, is_stem_file, song_of, streams
from msgld.data.stem_folders.names import read_names, titles_of
from msgld.data.stem_folders.rules import STEMS_FILE, StemMap
from msgld.data.stem_folders.slakh import is_slakh, slakh_track
from msgld.data.stem_folders.splits import OMITTED, split_of
from msgld.data.stem_folders.words import COMPLEMENT, IGNORE, NOWHERE, Meaning, vocabulary, words_of
from msgld.errors import DataError
from msgld.stems import MIXTURE


def find_stems(root: Path, stems: tuple[str, ...], rules: StemMap) -> tuple[list[Found], list[Finding]]:
    """The songs in a folder or below it, in the order of their paths, and remarks.

    Raises:
        DataError: there is none, or the stem of a file is not clear; the line says what to do.
        UsageError: rules that contradict each other.
    """
    search = ManifestSearch(root, stems, rules) if root.is_file() else Search(root, stems, rules)
    found = search.songs()
    return _without_omitted(found, search.findings), search.findings


def same_music(found: Iterable[Found]) -> dict[str, str]:
    """For songs that are the same music as another one: path of the song's folder -> name of the one that stays.

    The first by name stays, which makes Slakh2100 its "redux" split (Manilow et al.): each MIDI file once.
    """
    first: dict[str, str] = {}
    for song in found:
        if song.twin:
            first[song.twin] = min(first.get(song.twin, song.name), song.name)
    return {
        str(song.folder): first[song.twin] for song in found if song.twin and first[song.twin] != song.name
    }


def _without_omitted(found: list[Found], findings: list[Finding]) -> list[Found]:
    """The songs that the set does not omit, by its folders or because they are the same music as another."""
    twins = same_music(found)
    kept = [song for song in found if song.split != OMITTED and str(song.folder) not in twins]
    if not kept:
        return found
    for song in found:
        if song.split == OMITTED:
            findings.append(Finding(song.name, "is omitted from the set", LEFT_OUT))
        elif str(song.folder) in twins:
            findings.append(Finding(song.name, f"the same music as {twins[str(song.folder)]}", LEFT_OUT))
    return kept


_MOST_UNNAMED = 100
"""Files without a stem's name that are kept for a message."""


@dataclass(frozen=True)
class _File:
    """A sound file: its stem by the user's rules, if any, and the meaning of its name."""

    path: Path
    ruled: str | None
    meant: Meaning

    @property
    def stem(self) -> str | None:
        return self.ruled or self.meant.stem

    @property
    def open(self) -> bool:
        """Whether it is ``other`` because it is the rest, not because of its instrument."""
        return self.meant.open if self.ruled is None else self.ruled == "other" and self.meant.stem is None

    @property
    def counts(self) -> bool:
        """Whether it makes its folder a song's: a folder of unrelated recordings would be all ``other``."""
        if self.ruled is not None:
            return self.ruled not in (NOWHERE, IGNORE, MIXTURE)
        return self.meant.stem not in (None, "other", NOWHERE, MIXTURE, COMPLEMENT)


class Search:
    """Finds the songs in a folder; ``findings`` has the remarks so far."""

    def __init__(self, root: Path, stems: tuple[str, ...], rules: StemMap) -> None:
        self.root, self.stems, self.rules = root, stems, rules
        self.findings: list[Finding] = []
        self._unnamed: list[str] = []
        self._named_as_stems: list[Path] = []
        self._track: Path | None = None
        """The last song whose folders below belong to it."""

    def each(self, lenient: bool = False) -> Iterator[Found]:
        """The songs, one after another; a file whose stem is not clear is named in ``unclear`` and not used.

        Args:
            lenient: whether a folder that cannot be read is left out and said, in place of an error.

        Raises:
            DataError: the folder has a folder for each stem, or one cannot be read.
        """
        for folder in folders(self.root):
            try:
                songs = self._songs(folder)
            except DataError as error:
                if not lenient:
                    raise
                self._note(folder, str(error), LEFT_OUT)
                continue
            for song in songs:
                yield replace(song, split=song.split or split_of(song.folder / song.title, self.root))
        self._refuse_folders_of_stems()

    def songs(self) -> list[Found]:
        """All songs; a folder of this program's own results counts only where there is nothing else."""
        every = list(self.each())
        found = [song for song in every if song.files]
        unclear = [name for song in every for name in song.unclear]
        if unclear:
            raise DataError(
                f"cannot tell the stem of {named(unclear)}: name it with --map FILE=STEM (or =mixture, "
                f"=ignore), or in a {STEMS_FILE} there or in {self.root}"
            )
        if not found:
            raise DataError(self._nothing())
        own = own_files(path for folder in folders(self.root) for path in folder.glob("*.json"))
        results = [song for song in found if any(place.path.resolve() in own for _, place in song.files)]
        used = len(results) == len(found)
        for song in results:
            self._note(song.folder, "stems that this program made", USED if used else PASSED_OVER)
        return found if used else [song for song in found if song not in results]

    def _note(self, path: Path, what: str, then: str) -> None:
        self.findings.append(Finding(relative(path, self.root), what, then))

    def _refuse_folders_of_stems(self) -> None:
        """Refuse a folder for each stem, which would pass for a song each: ``song/bass/take.wav``."""
        siblings: dict[Path, dict[str, str]] = {}
        for folder in self._named_as_stems:
            siblings.setdefault(folder.parent, {})[str(self._stem_of(folder))] = folder.name
        for parent, found in siblings.items():
            if len(found) > 1:
                raise DataError(
                    f"{parent} has a folder for each stem ({named(list(found.values()))}): "
                    "mix each of them to one file, such as bass.wav, and put these into the song's folder"
                )

    def _stem_of(self, folder: Path) -> str | None:
        """The stem that a folder is named after; the set's own folder may have any name."""
        return None if folder == self.root else vocabulary(self.stems).stem(words_of(folder.name))

    def _nothing(self) -> str:
        hint = f"expected <song>/<stem>.wav with stems such as {', '.join(self.stems)}"
        if self._unnamed:
            hint = f"no stem name in {named(self._unnamed)}; {hint}, or name stems with --map FILE=STEM"
        return f"no stems in {self.root}: {hint}"

    def _songs(self, folder: Path) -> list[Found]:
        """The songs in a folder itself."""
        if self._track and folder.is_relative_to(self._track):
            return []
        if is_slakh(folder):
            files = sounds((folder / "stems").glob("*"))
            track = slakh_track(folder)
            found = self._listed(folder, track.instruments, files)
            return [replace(found, mixture=_stream(track.mixture), twin=track.twin)]
        if is_moises(folder):
            return [self._listed(folder, moises_tracks(folder, self.stems), sounds(folder.glob("*/*")))]
        single = [self._stem_file(path) for path in sorted(folder.glob("*.*")) if is_stem_file(path)]
        return [song for song in (*single, self._named(folder)) if song]

    def _listed(self, folder: Path, listed: Sequence[Listed], files: Iterable[Path]) -> Found:
        """A song of which a description lists the sounds; ``files`` are those that there are."""
        self._track = folder
        for file in sorted(set(files) - {one.file for one in listed}):
            self._note(file, "is not in the metadata", LEFT_OUT)
        found = []
        for one in listed:
            if one.missing:
                self._note(folder / one.name, "is missing, although the metadata list it", "absent")
            if one.file is None:
                continue
            ruled = self.rules.stem(one.file, folder)
            if one.dispute and ruled is None:
                self._note(one.file, one.dispute, f"{USED} as {one.stem}")
            found.append((ruled or (one.stem if one.stem in self.stems else "other"), StemStream(one.file)))
        return Found(folder, tuple(one for one in found if one[0] in self.stems))

    def _stem_file(self, path: Path) -> Found | None:
        """The song in a file whose streams are its stems; None where the user's rules leave it out."""
        if is_hidden(path) or self.rules.stem(path, path.parent):
            return None
        found, is_open = list[tuple[str, StemStream]](), False
        for number, (name, stem, rest) in enumerate(streams(path, self.stems), 1):
            if stem is None and number <= len(ORDER):
                stem = vocabulary(self.stems).stem((ORDER[number - 1],))
                self._note(path, f"stream {number} is named {name!r}", f"{USED} as {stem}")
            if stem is not None and stem in self.stems:
                found.append((stem, StemStream(path, number)))
                is_open |= rest
        return Found(path.parent, tuple(found), is_open, song_of(path), StemStream(path))

    def _named(self, folder: Path) -> Found | None:
        """The song in a folder, its stems read from file names or mapped by the user."""
        every = sorted(
            file for file in folder.iterdir() if not (is_hidden(file) or file.is_dir() or is_stem_file(file))
        )
        paths = list(sounds(every))
        if paths and self._stem_of(folder) is not None:
            self._named_as_stems.append(folder)
        meant = read_names([path.stem for path in paths], folder.name, self.stems)
        files = [
            _File(path, self.rules.stem(path, folder), one) for path, one in zip(paths, meant, strict=True)
        ]
        ruled = any(file.ruled for file in files)
        if not any(file.counts for file in files):
            unnamed = [relative(file.path, self.root) for file in files if file.stem is None]
            self._unnamed += unnamed if len(self._unnamed) < _MOST_UNNAMED else []
            if files and not ruled:
                self._note(folder, f"none of its {len(files)} sound files has a stem name", PASSED_OVER)
            return None
        twins = _twins([file.path for file in files if file.ruled is None])
        for file in files:
            self._report(file)
        for path, twin in twins.items():
            self._note(path, f"the same name as {twin.name}", LEFT_OUT)
        self._report_unread(set(every) - set(paths), paths)
        used = [file for file in files if file.stem in self.stems and file.path not in twins]
        found = Found(
            folder,
            tuple((str(file.stem), StemStream(file.path)) for file in used),
            any(file.open for file in used),
            mixture=_mixture(files),
            unclear=tuple(self._unclear(file) for file in files if file.stem is None),
        )
        if not ruled:
            self._refuse_several_songs(found)
        self._report_sums(found)
        return found

    def _refuse_several_songs(self, found: Found) -> None:
        """Refuse files of several songs in one folder, which would be added up: ``A - bass``, ``B - bass``."""
        songs: dict[tuple[str, ...], set[str]] = {}
        titles = titles_of([place.path.stem for _, place in found.files], self.stems)
        for title, (stem, _) in zip(titles, found.files, strict=True):
            songs.setdefault(title, set()).add(stem)
        full = [title for title, stems in songs.items() if len(stems) > 1]
        if len(full) > 1 and () not in songs and set.intersection(*(songs[title] for title in full)):
            raise DataError(
                f"{found.folder} seems to hold several songs ({named([' '.join(title) for title in full])}): put the "
                "files of each into a folder of its own, or name their stems with --map if it is one song"
            )

    def _unclear(self, file: _File) -> str:
        between = f" ({' or '.join(file.meant.candidates)})" if file.meant.candidates else ""
        return f"{relative(file.path, self.root)}{between}"

    def _report(self, file: _File) -> None:
        if file.stem == COMPLEMENT:
            self._note(file.path, "a mixture without some stem, by its name", LEFT_OUT)
        elif file.stem == NOWHERE:
            self._note(file.path, f"no place among {', '.join(self.stems)}", LEFT_OUT)

    def _report_unread(self, rest: AbstractSet[Path], paths: Sequence[Path]) -> None:
        """Report files with a stem's name and an ending that is no sound's, where no sound has the name."""
        names = {path.stem.casefold() for path in paths}
        for path in sorted(rest):
            if path.stem.casefold() not in names and vocabulary(self.stems).stem(words_of(path.stem)):
                self._note(path, f"{path.suffix or 'no ending'}: no sound that can be read", PASSED_OVER)

    def _report_sums(self, found: Found) -> None:
        """Report where a stem has a file of its own and further ones, which may be its parts: ``drums``, ``kick``."""
        for stem, place in found.files:
            others = [one.path.name for other, one in found.files if other == stem and one != place]
            if others and words_of(place.path.stem) == words_of(stem):
                self._note(place.path, f"added to other files of the same stem: {named(others)}", USED)


def _stream(path: Path | None) -> StemStream | None:
    return StemStream(path) if path else None


def _mixture(files: Sequence[_File]) -> StemStream | None:
    """The mixture among a song's files: the only one, or the one that is called so."""
    found = [file.path for file in files if file.stem == MIXTURE]
    exact = [path for path in found if path.stem.casefold() == MIXTURE]
    return _stream(next(iter(exact or (found if len(found) == 1 else [])), None))


def _twins(paths: Sequence[Path]) -> dict[Path, Path]:
    """Files with the name of another one but for the ending, and that one; the better format is kept."""
    best: dict[str, Path] = {}
    for path in sorted(paths, key=lambda path: (path.suffix.lower() not in LOSSLESS, path.name)):
        best.setdefault(path.stem.casefold(), path)
    return {path: best[path.stem.casefold()] for path in paths if best[path.stem.casefold()] != path}
