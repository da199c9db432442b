"""Four bands of eight songs and two test songs each, with sounds that train nothing: fine-tuning is measured on them.

The built-in band composes them, in one style a band, from seeds that no training draws; each band has one instrument a
stem, as real ones do. The soundfonts are the caller's: name four that the model has not been trained with.

    python bench/bands.py --out bands --soundfont sonivox.sf2 --soundfont freepats.sf2 --soundfont TimGM6mb.sf2 \
        --soundfont OPL-3_FM_128M.sf2
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
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
    """A band: its style, the program of each stem, and the name under which its ``other`` is filed."""

    name: str
    style: str
    programs: Mapping[str, int]
    other: str = "other"


BANDS = (
    BandOfOne("rock", "rock", {"bass": 34, "drums": 16, "guitar": 30, "piano": 0, "other": 18}),
    BandOfOne("swing", "swing", {"bass": 32, "drums": 32, "guitar": 26, "piano": 0, "other": 66}),
    BandOfOne("disco", "disco", {"bass": 33, "drums": 0, "guitar": 27, "piano": 4, "other": 48}, "strings"),
    BandOfOne("synthpop", "synthpop", {"bass": 38, "drums": 25, "guitar": 28, "piano": 5, "other": 81}),
)


def played(band: BandOfOne, seed: int) -> tuple[Part, ...]:
    """The parts of a piece, each with the band's own instrument; what it has no player for is left out."""
    song = band_song(RESERVED_SEED + seed, band.style)
    return tuple(
        replace(part, program=band.programs[part.stem], written=None)
        for part in song.parts
        if part.stem in band.programs
    )


def write_song(band: BandOfOne, number: int, font: Path, folder: Path) -> None:
    """Render one song stem by stem, as FLAC of 16 bits; stems that do not play are left out."""
    parts = played(band, 7000 + 100 * BANDS.index(band) + number)
    renderer, seconds = Renderer(font, RATE), min(LONGEST, length(parts) + 1)
    stems = {
        name: renderer.render([part for part in parts if part.stem == name], 0.0, seconds)
        for name in band.programs
    }
    mixture = np.sum(list(stems.values()), axis=0)
    gain = min(LOUDNESS / float(np.sqrt(np.mean(mixture**2))), 0.98 / float(np.abs(mixture).max()))
    folder.mkdir(parents=True, exist_ok=True)
    for name, sound in stems.items():
        if np.any(sound):
            file = folder / f"{band.other if name == 'other' else name}.flac"
            soundfile.write(file, (gain * sound).T, RATE, subtype="PCM_16")


def make(fonts: Sequence[Path], out: Path) -> None:
    """Write ``out/BAND/songs/NN`` and ``out/BAND/tests/NN``; what is there stays."""
    for band, font in zip(BANDS, fonts, strict=True):
        for number in range(SONGS + TESTS):
            kind = "songs" if number < SONGS else "tests"
            folder = out / band.name / kind / f"{number:02d}"
            if not folder.exists():
                write_song(band, number, font, folder)


def main() -> None:
    """Parse the command line and make the bands."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--soundfont", type=Path, action="append", required=True)
    options = parser.parse_args()
    make(options.soundfont, options.out)


if __name__ == "__main__":
    main()
