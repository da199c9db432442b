"""A picture of one song's stems: the waveform of each, its peak and its loudness, drawn by Pillow."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from msgld.data.shards import BLOCK
from msgld.data.shards.audit import CLIPPED, COLUMNS

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

    from msgld.data.shards.audit import StemAudit
    from msgld.data.shards.song import PackedSong

WIDTH, HEIGHT = 800, 44
"""Pixels of a strip."""
LEFT, RIGHT, GAP, BOTTOM = 100, 190, 6, 22
"""Pixels around the strips, and between them."""

INK, PAPER, GROUND = (40, 40, 40), (255, 255, 255), (238, 238, 238)
USED, LOST, CLIP = (52, 101, 164), (170, 170, 170), (204, 0, 0)
"""Colours of a stem that is used, of one that is set aside, and of what is at full scale."""

_LETTERS = 14


def draw_song(packed: PackedSong, rate: int, path: Path) -> None:
    """Write the picture of a song as a PNG; nothing where no stem could be read."""
    from PIL import Image, ImageDraw

    measures = {stem: one for stem, one in packed.measures.items() if one.columns}
    if not measures:
        return
    size = (LEFT + WIDTH + RIGHT, len(measures) * (HEIGHT + GAP) + BOTTOM)
    page = Image.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(page)
    scale = max(1.0, *(one.peak for one in measures.values() if math.isfinite(one.peak)))
    columns = max(len(one.columns) for one in measures.values()) * COLUMNS
    for number, (stem, measure) in enumerate(measures.items()):
        colour = USED if stem in packed.stems else LOST
        _strip(pen, number * (HEIGHT + GAP), stem, measure, (columns, scale), colour)
    _seconds(pen, columns * BLOCK / COLUMNS / rate, packed.frames / rate, size[1] - BOTTOM)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    page.save(part, format="PNG", compress_level=6)
    os.replace(part, path)


def _strip(
    pen: ImageDraw,
    top: int,
    stem: str,
    measure: StemAudit,
    extent: tuple[int, float],
    colour: tuple[int, int, int],
) -> None:
    """A stem's waveform between its name and its figures.

    Args:
        extent: columns of the whole strip, and the peak that fills it.
    """
    from PIL import ImageFont

    font, (columns, scale) = ImageFont.load_default(12), extent
    middle = top + HEIGHT / 2
    pen.rectangle((LEFT, top, LEFT + WIDTH - 1, top + HEIGHT - 1), GROUND)
    for x, peak in enumerate(_drawn(np.concatenate(measure.columns), columns)):
        half = min(1.0, float(peak) / scale) * (HEIGHT / 2 - 1)
        pen.line(((LEFT + x, middle - half), (LEFT + x, middle + half)), CLIP if peak >= CLIPPED else colour)
    name = stem if len(stem) <= _LETTERS else f"{stem[: _LETTERS - 1]}…"
    pen.text((8, middle), name, INK, font, anchor="lm")
    pen.text((LEFT + WIDTH + 8, middle), _figures(measure), INK, font, anchor="lm")


def _drawn(peaks: np.ndarray, columns: int) -> np.ndarray:
    """Peaks for the pixels of a strip, each the largest of those that it stands for."""
    padded = np.pad(peaks, (0, columns - len(peaks)))
    edges = np.linspace(0, columns, WIDTH + 1)
    firsts = np.minimum(edges[:-1].astype(int), columns - 1)
    return np.maximum.reduceat(padded, firsts)


def _figures(measure: StemAudit) -> str:
    if not measure.peak > 0:
        return "silent"
    peak, rms = (20 * math.log10(max(value, 1e-10)) for value in (measure.peak, measure.rms))
    return f"peak {peak:.1f}, RMS {rms:.1f} dBFS"


def _seconds(pen: ImageDraw, drawn: float, seconds: float, y: int) -> None:
    """Marks for whole minutes, or for tens of seconds of a short song."""
    from PIL import ImageFont

    font = ImageFont.load_default(11)
    step = 60 if seconds > 120 else 10
    step *= max(1, math.ceil(seconds / step / 12))
    for at in range(0, int(seconds) + 1, step):
        x = LEFT + at / drawn * (WIDTH - 1)
        pen.line(((x, y), (x, y + 4)), INK)
        pen.text((x, y + 5), f"{at // 60}:{at % 60:02}", INK, font, anchor="mt")
