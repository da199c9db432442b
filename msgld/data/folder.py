"""Folders of recorded stems: one folder a song, one audio file a stem, as in MUSDB18 and Slakh2100."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import soxr

from msgld.data.slakh import METADATA, slakh_files
from msgld.data.source import Clip
from msgld.errors import DataError
from msgld.types import MIXTURE, RATE, STEMS

NAMES: Mapping[str, str] = {
    "bass": "bass",
    "drum": "drums",
    "percussion": "drums",
    "guitar": "guitar",
    "piano": "piano",
    "key": "piano",
    "keyboard": "piano",
    "vocal": "other",
    "voice": "other",
    "string": "other",
    "synth": "other",
    "organ": "other",
    "residual": "other",
}
"""Stems by what a file's name contains, in lower case. Any other name is a stem's own, or ``other``."""

CLIP_SECONDS = 10.24
"""Length of a stretch that is evaluated, as published."""

_MIXTURES = (MIXTURE, "mix", "master", "accompaniment", "instrumental", "no_vocals")
_TRIES = 8
_SOUNDING = 1e-3
"""A stretch whose mixture stays below this (RMS) is passed over."""


@dataclass(frozen=True)
class StemSong:
    """One song: its files by stem; files of one stem are added up."""

    name: str
    files: Mapping[str, tuple[Path, ...]]
    rate: int
    seconds: float


class StemFolder:
    """A source over ``<path>/<song>/<stem>.<wav, flac, ogg, ...>``, or over Slakh2100 as it is published.

    A song's missing stem is marked as not present. Songs may have any rate; files are read where they are needed.

    Args:
        path: the folder of song folders, or one song's folder.
        stems: names and order of the stems.
        rate: samples per second of the clips; other rates are resampled.

    Raises:
        DataError: no song with a known stem, or a file that is not audio.
    """

    def __init__(self, path: Path, stems: tuple[str, ...] = STEMS, rate: int = RATE) -> None:
        self.stems, self.rate, root = stems, rate, Path(path)
        if not root.is_dir():
            raise DataError(f"{root} is not a folder: name one that holds a folder for each song")
        found = (_song(folder, stems) for folder in [root, *sorted(p for p in root.rglob("*") if p.is_dir())])
        self.songs = tuple(song for song in found if song is not None)
        if not self.songs:
            raise DataError(
                f"no stems in {root}: expected <song>/<stem>.wav with stems such as {', '.join(stems)}"
            )

    def __len__(self) -> int:
        return len(self.songs)

    def clip(self, seed: int, seconds: float) -> Clip:
        """Return a stretch of a song, both drawn by the seed; silent stretches are avoided."""
        rng = np.random.default_rng(seed)
        song = self.songs[int(rng.integers(len(self.songs)))]
        for _ in range(_TRIES):
            clip = self.read(song, float(rng.uniform(0, max(song.seconds - seconds, 0))), seconds)
            if np.sqrt(np.mean(np.square(clip.stems.sum(axis=0)))) > _SOUNDING:
                break
        return clip

    def read(self, song: StemSong, start: float, seconds: float) -> Clip:
        """Return the stretch of a song from ``start`` (in seconds), with silence after the song's end."""
        stems = np.zeros((len(self.stems), 2, round(seconds * self.rate)), dtype=np.float32)
        for k, stem in enumerate(self.stems):
            for file in song.files.get(stem, ()):
                stems[k] += _read(file, start, stems.shape[2], self.rate)
        present = np.array([stem in song.files for stem in self.stems])
        return Clip(stems, present, self.rate, f"{song.name}@{start:.2f}", {"start": start})


class FolderClips:
    """All songs of a folder in stretches of one length, by number: the first of each song, then the second of each.

    What is left at a song's end is not used; a song shorter than a stretch is filled up with silence.
    """

    def __init__(self, folder: StemFolder, seconds: float = CLIP_SECONDS) -> None:
        self.folder, self.seconds = folder, seconds
        counts = [max(1, int(song.seconds / seconds)) for song in folder.songs]
        self._places = [
            (song, turn * seconds)
            for turn in range(max(counts))
            for song, count in zip(folder.songs, counts, strict=True)
            if turn < count
        ]

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: int) -> Clip:
        song, start = self._places[index]
        return self.folder.read(song, start, self.seconds)


def stem_of_file(name: str, stems: tuple[str, ...] = STEMS) -> str | None:
    """Return the stem that a file of this name (without its ending) holds, None for a mixture.

    ``vocals`` and whatever else the stems lack counts as ``other``, if there is such a stem; else it is None.
    """
    plain = name.lower().replace(" ", "_")
    if plain in _MIXTURES:
        return None
    if plain in stems:
        return plain
    singular = plain.rstrip("s")
    stem = next((NAMES[key] for key in NAMES if key in singular), "other")
    return stem if stem in stems else ("other" if "other" in stems else None)


def _song(folder: Path, stems: tuple[str, ...]) -> StemSong | None:
    """Return the song in a folder, None if it has no stem."""
    files: dict[str, list[Path]] = {}
    for stem, file in slakh_files(folder) if (folder / METADATA).exists() else _named(folder, stems):
        place = stem if stem in stems else "other"
        if place in stems:
            files.setdefault(place, []).append(file)
    # A folder of unrelated recordings would be all "other": a song has one stem at least that is not.
    if not set(files) - {"other"}:
        return None
    headers = [_header(file) for group in files.values() for file in group]
    seconds = max(header.frames / header.samplerate for header in headers)
    return StemSong(folder.name, {k: tuple(v) for k, v in files.items()}, headers[0].samplerate, seconds)


def _named(folder: Path, stems: tuple[str, ...]) -> list[tuple[str, Path]]:
    """The sounds in a folder by the stem that their names say."""
    endings = {f".{ending.lower()}" for ending in soundfile.available_formats()}
    sounds = [file for file in sorted(folder.iterdir()) if file.is_file() and file.suffix.lower() in endings]
    found = [(stem_of_file(file.stem, stems), file) for file in sounds]
    return [(stem, file) for stem, file in found if stem is not None]


def _header(file: Path) -> Any:
    try:
        return soundfile.info(file)
    except (soundfile.LibsndfileError, OSError) as error:
        raise DataError(f"{file} cannot be read as audio: repair or remove it ({error})") from error


def _read(file: Path, start: float, samples: int, rate: int) -> np.ndarray:
    """Return ``samples`` samples at ``rate`` from ``start`` seconds on, float32 (2, samples)."""
    try:
        with soundfile.SoundFile(file) as sound:
            first = min(round(start * sound.samplerate), sound.frames)
            sound.seek(first)
            # A little more than is needed, since resampling looks ahead.
            frames = -(-samples * sound.samplerate // rate) + 64
            x = sound.read(frames, dtype="float32", always_2d=True)
            own = sound.samplerate
    except (soundfile.LibsndfileError, OSError) as error:
        raise DataError(f"{file} cannot be read as audio: repair or remove it ({error})") from error
    if own != rate:
        x = soxr.resample(x, own, rate)
    x = x[:samples, [0, min(1, x.shape[1] - 1)]].T
    return np.pad(x, ((0, 0), (0, samples - x.shape[1])))
