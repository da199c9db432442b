"""Protocols of recordings by name: whole songs of a folder, the stems that are compared, and the measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msgld.api import checks
from msgld.data.stem_folders.folder import open_set
from msgld.data.stem_folders.rules import parse_map
from msgld.data.stem_folders.song_set import SongSet
from msgld.data.stem_folders.whole import WholeSong, whole_songs
from msgld.errors import DataError, UsageError
from msgld.stems import OTHER

SIX = ("vocals", "drums", "bass", "guitar", "piano", OTHER)

Groups = dict[str, tuple[str, ...]]
"""Name of a compared stem -> the stems, of the set or of the model, whose sum it is."""


@dataclass(frozen=True)
class SongProtocol:
    """The protocol of a benchmark on recordings.

    Attributes:
        name: the value of ``--protocol``.
        source: where it is described.
        stems: of its songs.
        measures: the first one is the headline.
        split: folder of the test songs, where the set has it beside ``train``.
        complete: whether only songs that have all stems are measured.
        maps: stems of files, as ``--map`` takes them.
    """

    name: str
    source: str
    stems: tuple[str, ...]
    measures: tuple[str, ...]
    split: str = ""
    complete: bool = False
    maps: tuple[str, ...] = ()

    def folder(self, path: Path) -> Path:
        """The folder of the songs to measure."""
        split = bool(self.split) and all((path / name).is_dir() for name in ("train", self.split))
        return path / self.split if split else path

    def songs(self, stems: object) -> list[WholeSong]:
        """The songs to measure, of a path or of a folder that was opened with the protocol's stems.

        Raises:
            UsageError: neither, or a folder that was opened with other stems.
            DataError: no song, or none that has all stems.
        """
        if not isinstance(stems, SongSet):
            path = self.folder(checks.as_path("stems", stems))
            stems = open_set(path, self.stems, parse_map(self.maps, self.stems))
        if stems.stems != self.stems:
            raise UsageError(f"{self.name} is measured on a folder opened with {', '.join(self.stems)}")
        return whole_songs(stems, self.complete)

    def compared(self, stems: Sequence[str]) -> tuple[str, ...]:
        """The stems that are compared with a model of ``stems``. Raises DataError where there is none."""
        common = tuple(stem for stem in self.stems if stem in stems)
        if not common:
            raise DataError(f"this model has none of the protocol's stems: {', '.join(self.stems)}")
        return common


MUSDB18 = SongProtocol(
    "musdb18",
    "SiSEC 2018: Stoeter, Liutkus, Ito 2018, arXiv:1804.06267; museval 0.4",
    ("vocals", "drums", "bass", OTHER),
    ("sdr", "song-sdr", "si-sdri"),
    split="test",
)
"""SiSEC 2018 on the 50 test songs of MUSDB18: BSS Eval 4 as museval computes it, in windows of one second. Published
figures are medians over the windows of a song and then over songs; a mean over stems is that of the four medians.
Song SDR is the measure of the Music Demixing Challenge 2021 (Mitsufuji et al., arXiv:2108.13559).

The mixture is the sum of the stems. In MUSDB18-HQ it is the mixture's file, but for rounding; in ``.stem.mp4`` the
mixture's stream went through AAC by itself."""

MOISESDB = SongProtocol(
    "moisesdb",
    "Pereira et al. 2023, arXiv:2307.15913; github.com/moises-ai/moises-db, benchmark and defaults.py",
    SIX,
    ("song-sdr", "si-sdri"),
    complete=True,
    maps=("percussion/*=other",),
)
"""The six stems of MoisesDB's benchmark, on the songs that have all of them: SDR of whole songs, of which mean and
median are published. As there, all percussion is ``other``; this package's reader otherwise counts most as drums."""

SIX_STEMS = SongProtocol(
    "six",
    "the six stems of separators on the market; bleedless and fullness of ZFTurbo's Music-Source-Separation-Training",
    SIX,
    ("si-sdri", "song-sdr", "bleedless", "fullness"),
)
"""Vocals, drums, bass, guitar, piano and other, as HTDemucs (``htdemucs_6s``) and MVSep's leaderboard of six stems have
them, on any folder of songs. Stems that a song lacks are left out."""

SONG_PROTOCOLS: dict[str, SongProtocol] = {one.name: one for one in (MUSDB18, MOISESDB, SIX_STEMS)}


def grouped(compared: Sequence[str], stems: Sequence[str], pooled: Sequence[str] = ()) -> Groups:
    """The stems of a set or a model whose sums are compared: each itself, and all others as ``other``.

    Args:
        compared: names of the sums.
        stems: of the set or the model.
        pooled: stems that the set has no files of, but perhaps in its ``other``.
    """
    groups: Groups = {stem: (stem,) for stem in compared}
    if OTHER in compared:
        rest = tuple(stem for stem in stems if stem not in compared or stem in pooled)
        groups[OTHER] = (*(stem for stem in rest if stem != OTHER), OTHER)
    return groups
