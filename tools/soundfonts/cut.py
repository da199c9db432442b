"""Cuts the soundfont that msgld renders with out of FluidR3_GM.sf2 (MIT licence, Frank Wen).

    apt-get download fluid-soundfont-gm && dpkg -x fluid-soundfont-gm_*.deb unpacked
    python tools/soundfonts/cut.py unpacked/usr/share/sounds/sf2/FluidR3_GM.sf2

Writes general.sf3 and presets.md into msgld/music/render/font, the same bytes at every run. Solo instruments become
mono (the left recording of a pair: a sum would cancel in part). What follows a loop that sounds to the end of a note
is left out. Guitars are damped when they are let go, and the choir is put in tune. Recordings are Ogg Vorbis, short
ones FLAC.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import soundfile

from msgld.music.render.sf2 import sf2_bytes
from msgld.music.render.soundfont import (
    DRUM_BANK,
    INSTRUMENT,
    SAMPLE,
    Instrument,
    Preset,
    Recording,
    SoundFont,
    Zone,
    open_soundfont,
)  # fmt: skip
from soundfonts.compress import compressed
from soundfonts.ogg import vorbis
from soundfonts.samples import cents_off

ROOT = Path(__file__).resolve().parents[2]

PROGRAMS = range(96)
"""Those of General MIDI that msgld's stems have; the others are effects and instruments of other traditions."""

KITS = (0, 8, 16, 24, 25, 32, 40)
"""Standard, room, power, electronic, TR-808, jazz, brush: most of their recordings are the same."""

WIDE = {0, 1, 3, 4, 48, 49, 50, 51, 52, 61, *range(88, 96)}
"""Programs that stay in stereo, as the kits do: pianos, sections, choir, pads."""

SHORT = 6_000
"""Samples up to which a recording is FLAC: Vorbis needs 4 kB for its tables alone, and blurs a loop of one cycle."""

DAMPED, LONGEST = range(24, 32), 2.4
"""Guitars, and the longest release of theirs, in seconds: the steel one would ring for 25 s after its notes."""

TUNED = (52,)
"""Programs whose recordings are put in tune, each by its own: the choir is up to 40 cents low."""

_PAN, _RELEASE, _COARSE, _FINE, _MODES, _ROOT = 17, 38, 51, 52, 54, 58
_RIGHT = 2
_LEFTOVER = 16  # samples kept after a loop
_OFFSETS = (0, 1, 2, 3, 4, 12, 45, 50)  # generators that move a recording's ends and loop


@dataclass
class Cut:
    """What is taken so far; places in it by places in the source."""

    font: SoundFont
    presets: list[Preset] = field(default_factory=list)
    instruments: list[Instrument] = field(default_factory=list)
    recordings: list[int] = field(default_factory=list)
    places: dict[tuple[int, bool, bool], int] = field(default_factory=dict)
    untuned: dict[int, float] = field(default_factory=dict)

    def take(self, bank: int, program: int) -> None:
        """Take a preset."""
        preset = self.font.presets[bank, program]
        wide, damped = bank == DRUM_BANK or program in WIDE, bank == 0 and program in DAMPED
        place = partial(self._instrument, wide=wide, damped=damped)
        zones = tuple(_choosing(zone, INSTRUMENT, place) for zone in preset.zones)
        if bank == 0 and program in TUNED:
            self._measure(zones)
        self.presets.append(Preset(preset.name, bank, program, zones))

    def _instrument(self, number: int, wide: bool, damped: bool) -> int:
        key = (number, wide, damped)
        if key not in self.places:
            source = self.font.instruments[number]
            zones = source.zones if wide else tuple(self._mono(source.zones))
            zones = tuple(_choosing(zone, SAMPLE, self._recording) for zone in zones)
            zones = tuple(_damped(zone) if damped else zone for zone in zones)
            self.places[key] = len(self.instruments)
            self.instruments.append(Instrument(source.name, zones))
        return self.places[key]

    def _recording(self, number: int) -> int:
        if number not in self.recordings:
            self.recordings.append(number)
        return self.recordings.index(number)

    def _measure(self, zones: Iterable[Zone]) -> None:
        """Remember how far recordings are off their keys."""
        for instrument in {zone.get(INSTRUMENT) for zone in zones} - {None}:
            for amounts in resolved(self.instruments[instrument]):
                number = self.recordings[amounts[SAMPLE]]
                one, wave = self.font.recordings[number], self.font.wave(number).astype(np.float32)
                cents = one.cents + _signed(amounts.get(_FINE, 0)) + 100 * _signed(amounts.get(_COARSE, 0))
                key = amounts.get(_ROOT, one.key) - cents / 100
                self.untuned[amounts[SAMPLE]] = cents_off(wave, one.rate, key, 60)

    def _mono(self, zones: Iterable[Zone]) -> Iterable[Zone]:
        for zone in zones:
            sample = zone.get(SAMPLE)
            kind = 1 if sample is None else self.font.recordings[sample].kind
            if kind != _RIGHT:
                yield zone if kind == 1 else _with(zone, _PAN, 0)


def resolved(instrument: Instrument) -> Iterable[dict[int, int]]:
    """Generators of each zone that chooses a recording, with those that hold for all."""
    common = {} if instrument.zones[0].get(SAMPLE) is not None else dict(instrument.zones[0].generators)
    for zone in instrument.zones:
        if zone.get(SAMPLE) is not None:
            yield {**common, **dict(zone.generators)}


def _signed(amount: int) -> int:
    return amount - 0x10000 if amount & 0x8000 else amount


def _damped(zone: Zone) -> Zone:
    longest = round(1200 * float(np.log2(LONGEST)))
    pairs = tuple((kind, min(_signed(amount), longest) & 0xFFFF if kind == _RELEASE else amount)
                  for kind, amount in zone.generators)  # fmt: skip
    return replace(zone, generators=pairs)


def _with(zone: Zone, kind: int, amount: int) -> Zone:
    others = [pair for pair in zone.generators if pair[0] != kind]
    return replace(zone, generators=(*others[:-1], (kind, amount), others[-1]))


def _choosing(zone: Zone, kind: int, place: Callable[[int], int]) -> Zone:
    pairs = tuple((each, place(amount) if each == kind else amount) for each, amount in zone.generators)
    return replace(zone, generators=pairs)


def shortened(cut: Cut) -> list[tuple[Recording, np.ndarray]]:
    """Recordings that were taken, as mono ones, without what no note plays."""
    loops: dict[int, bool] = {}
    for instrument in cut.instruments:
        for amounts in resolved(instrument):
            moved = any(amounts.get(kind) for kind in _OFFSETS)
            ends = amounts.get(_MODES) == 1 and not moved
            loops[amounts[SAMPLE]] = loops.get(amounts[SAMPLE], True) and ends
    found = []
    for place, number in enumerate(cut.recordings):
        one, wave = cut.font.recordings[number], cut.font.wave(number)
        if loops[place]:
            wave = wave[: one.loop[1] + _LEFTOVER]
        cents = int(np.clip(one.cents - _off(cut, place), -127, 127))
        found.append((replace(one, kind=one.kind & 7, cents=cents), wave))
    return found


def _off(cut: Cut, place: int) -> int:
    """Cents that a recording is off; both of a pair as much."""
    if place not in cut.untuned:
        return 0
    name = _unsided(cut, place)
    return round(float(np.mean([off for other, off in cut.untuned.items() if _unsided(cut, other) == name])))


def _unsided(cut: Cut, place: int) -> str:
    return cut.font.recordings[cut.recordings[place]].name.removesuffix("(L)").removesuffix("(R)")


def stream(wave: np.ndarray, rate: int, quality: float) -> bytes:
    """A recording as Vorbis, or as FLAC where that is shorter or the recording is short."""
    lossless = io.BytesIO()
    soundfile.write(lossless, wave, rate, format="FLAC", subtype="PCM_16", compression_level=1.0)
    if len(wave) <= SHORT:
        return lossless.getvalue()
    return min(vorbis(wave, rate, quality), lossless.getvalue(), key=len)


def table(cut: Cut, source: Path, made: bytes) -> str:
    """Which preset comes from where, as a page."""
    before, after = (hashlib.sha256(data).hexdigest() for data in (source.read_bytes(), made))
    lines = [
        "# Presets of general.sf3", "",
        f"All of them are cut out of {source.name} (Fluid R3, Frank Wen, MIT; see COPYING.txt)",
        "by tools/soundfonts/cut.py.",
        "",
        f"sha256 of the source: {before}",
        "",
        f"sha256 of general.sf3: {after}",
        "",
        "| bank | program | name there | channels |",
        "|---|---|---|---|",
    ]  # fmt: skip
    for one in cut.presets:
        wide = one.bank == DRUM_BANK or one.program in WIDE
        lines.append(f"| {one.bank} | {one.program} | {one.name} | {'as there' if wide else 'mono'} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Write the soundfont and its table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("--quality", type=float, default=0.4, help="of the recordings, 0 to 1")
    parser.add_argument("--out", type=Path, default=ROOT / "msgld/music/render/font")
    options = parser.parse_args()
    cut = Cut(open_soundfont(options.source))
    for bank, programs in ((0, PROGRAMS), (DRUM_BANK, KITS)):
        for program in programs:
            cut.take(bank, program)
    kept = shortened(cut)
    comment = (
        "Cut out of Fluid R3 (c) 2000-2002, 2008 Frank Wen, MIT licence: see COPYING.txt of the msgld package"
    )
    plain = sf2_bytes(cut.presets, cut.instruments, *zip(*kept, strict=True), "general", comment)
    small = compressed(plain, options.quality, stream)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "general.sf3").write_bytes(small)
    (options.out / "presets.md").write_text(table(cut, options.source, small), encoding="utf-8")
    print(
        f"{len(cut.presets)} presets, {len(kept)} recordings: {len(plain) / 1e6:.1f} -> {len(small) / 1e6:.2f} MB"
    )


if __name__ == "__main__":
    main()
