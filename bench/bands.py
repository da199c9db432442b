"""Four bands of eight songs and two test songs each, with sounds that train nothing: fine-tuning is measured on them.

The built-in band composes them, in one style a band, from seeds that no training draws. As on a record, each band has
one instrument a stem, all of them play in every song, and stand at the same place in all of them. The soundfonts are
the caller's: name four that the model has not been trained with.

    python bench/bands.py --out bands --soundfont sonivox.sf2 --soundfont freepats.sf2 --soundfont TimGM6mb.sf2 \
        --soundfont OPL-3_FM_128M.sf2
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import numpy as np
import soundfile

from msgld.data.frozen import RESERVED_SEED
from msgld.data.render import Renderer
from msgld.data.scores import band_song
from msgld.music.midi.parts import Part, length
from msgld.stems import RATE

SONGS, TESTS = 8, 2
"""Songs to learn from, and songs to test on, of each band."""

LONGEST = 120.0
"""Seconds of a song, at most."""

LOUDNESS = 10 ** (-18 / 20)
"""RMS of a song."""


@dataclass(frozen=True)
class BandOfOne:
    """A band.

    Attributes:
        name: of its folder.
        style: of its songs.
        programs: General MIDI program of each stem.
        places: of the stems in the image, -1 left to 1 right; a second part of a stem stands on the other side.
        other: the name under which its ``other`` is filed.
    """

    name: str
    style: str
    programs: Mapping[str, int]
    places: Mapping[str, float]
    other: str = "other"


BANDS = (
    BandOfOne(
        "rock", "rock", {"bass": 34, "drums": 16, "guitar": 30, "piano": 0, "other": 18},
        {"bass": 0.0, "drums": 0.0, "guitar": -0.6, "piano": 0.4, "other": 0.2},
    ),
    BandOfOne(
        "swing", "swing", {"bass": 32, "drums": 32, "guitar": 26, "piano": 0, "other": 66},
        {"bass": 0.1, "drums": 0.0, "guitar": 0.5, "piano": -0.4, "other": 0.0},
    ),
    BandOfOne(
        "disco", "disco", {"bass": 33, "drums": 0, "guitar": 27, "piano": 4, "other": 48},
        {"bass": 0.0, "drums": 0.0, "guitar": 0.4, "piano": -0.3, "other": -0.5}, "strings",
    ),
    BandOfOne(
        "synthpop", "synthpop", {"bass": 38, "drums": 25, "guitar": 28, "piano": 5, "other": 81},
        {"bass": 0.0, "drums": 0.0, "guitar": -0.4, "piano": 0.5, "other": 0.1},
    ),
)  # fmt: skip


def songs_of(band: BandOfOne) -> Iterator[tuple[Part, ...]]:
    """The parts of the band's pieces, one piece after another, without end; those in which all of its stems play."""
    for seed in count(RESERVED_SEED + 7000 + 1000 * BANDS.index(band)):
        parts = band_song(seed, band.style).parts
        if {part.stem for part in parts} >= set(band.programs):
            yield tuple(played(band, parts))


def played(band: BandOfOne, parts: Sequence[Part]) -> Iterator[Part]:
    """The parts of the band's stems, each with its instrument and at its place."""
    seen = Counter[str]()
    for part in (one for one in parts if one.stem in band.programs):
        place = band.places[part.stem] * (-1) ** seen[part.stem]
        seen[part.stem] += 1
        yield replace(part, program=band.programs[part.stem], pan=np.full(len(part), place), written=None)


def write_song(band: BandOfOne, parts: Sequence[Part], font: Path, folder: Path) -> None:
    """Render one song stem by stem, as FLAC of 16 bits."""
    renderer, seconds = Renderer(font, RATE), min(LONGEST, length(parts) + 1)
    stems = {
        name: renderer.render([part for part in parts if part.stem == name], 0.0, seconds)
        for name in band.programs
    }
    mixture = np.sum(list(stems.values()), axis=0)
    gain = min(LOUDNESS / float(np.sqrt(np.mean(mixture**2))), 0.98 / float(np.abs(mixture).max()))
    folder.mkdir(parents=True, exist_ok=True)
    for name, sound in stems.items():
        file = folder / f"{band.other if name == 'other' else name}.flac"
        soundfile.write(file, (gain * sound).T, RATE, subtype="PCM_16")


def make(fonts: Sequence[Path], out: Path) -> None:
    """Write ``out/BAND/songs/NN`` and ``out/BAND/tests/NN``; what is there stays."""
    for band, font in zip(BANDS, fonts, strict=True):
        for number, parts in zip(range(SONGS + TESTS), songs_of(band), strict=False):
            kind = "songs" if number < SONGS else "tests"
            folder = out / band.name / kind / f"{number:02d}"
            if not folder.exists():
                write_song(band, parts, font, folder)


def main() -> None:
    """Parse the command line and make the bands."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--soundfont", type=Path, action="append", required=True)
    options = parser.parse_args()
    make(options.soundfont, options.out)


if __name__ == "__main__":
    main()
