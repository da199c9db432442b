"""A page of spectrograms, one below the other, with their names, frequencies and seconds.

Pillow draws it in a fiftieth of the time that matplotlib takes, most of which is its import.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

WIDTH, HEIGHT = 960, 124
"""Pixels of a spectrogram."""
LEFT, RIGHT, TOP, BOTTOM, GAP = 124, 16, 10, 40, 10
"""Pixels around the spectrograms, and between them."""
SIZE, SMALL = 14, 11
"""Of the letters of names and numbers."""
TICK = 4
LETTERS = 14
"""Of a name; longer ones are cut off."""

INK, PAPER = (0, 0, 0), (255, 255, 255)

HEAT = np.array([
    (0, 0, 4), (28, 16, 68), (79, 18, 123), (129, 37, 129), (181, 54, 122),
    (229, 80, 100), (251, 135, 97), (254, 194, 135), (252, 253, 191),
])  # fmt: skip
"""Colours from silence to the loudest, evenly spaced: magma of van der Walt and Smith, CC0."""


@dataclass(frozen=True)
class Axes:
    """What all rows share.

    Attributes:
        seconds: of the sound.
        marks: names of frequencies and their places from the bottom of a row, 0, to its top, 1.
    """

    seconds: float
    marks: Mapping[str, float]


def draw_rows(rows: Mapping[str, np.ndarray], axes: Axes, path: Path) -> None:
    """Write spectrograms as a PNG.

    Args:
        rows: by name, brightness 0 to 1, (bands from the lowest, columns).
        axes: of all.
        path: of the picture.
    """
    from PIL import Image, ImageDraw

    height = TOP + len(rows) * (HEIGHT + GAP) - GAP + BOTTOM
    page = Image.new("RGB", (LEFT + WIDTH + RIGHT, height), PAPER)
    pen = ImageDraw.Draw(page)
    for number, (name, row) in enumerate(rows.items()):
        top = TOP + number * (HEIGHT + GAP)
        image = Image.fromarray(coloured(row[::-1]))
        page.paste(image.resize((WIDTH, HEIGHT), Image.Resampling.BOX), (LEFT, top))
        _label(pen, name, axes.marks, top)
    _seconds(pen, axes.seconds, height - BOTTOM)
    page.save(path, format="PNG", compress_level=3)


def coloured(brightness: np.ndarray) -> np.ndarray:
    """Brightness 0 to 1, (...) -> colours, uint8 (..., 3)."""
    places = np.clip(brightness, 0, 1) * (len(HEAT) - 1)
    parts = [np.interp(places, np.arange(len(HEAT)), part) for part in HEAT.T]
    return np.rint(np.stack(parts, -1)).astype(np.uint8)


def _label(pen: ImageDraw, name: str, marks: Mapping[str, float], top: int) -> None:
    """The name of a row on its left, and its frequencies."""
    from PIL import ImageFont

    short = name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"
    pen.text((8, top), short, INK, ImageFont.load_default(SIZE))
    font = ImageFont.load_default(SMALL)
    for text, place in marks.items():
        y = top + (1 - place) * (HEIGHT - 1)
        pen.line(((LEFT - TICK, y), (LEFT - 1, y)), INK)
        if y > top + SIZE + SMALL:  # below the name
            pen.text((LEFT - TICK - 2, y), text, INK, font, anchor="rm")


def _seconds(pen: ImageDraw, seconds: float, y: int) -> None:
    """The axis of time."""
    from PIL import ImageFont

    font, step = ImageFont.load_default(SMALL), even_step(seconds)
    for number in range(int(seconds / step) + 1):
        x = LEFT + number * step / seconds * (WIDTH - 1)
        pen.line(((x, y), (x, y + TICK)), INK)
        pen.text((x, y + TICK + 2), f"{number * step:g}", INK, font, anchor="mt")
    pen.text((LEFT + WIDTH / 2, y + 20), "seconds", INK, font, anchor="mt")


def even_step(length: float, most: int = 10) -> float:
    """A step of 1, 2 or 5 times a power of ten, of which a length has at most so many."""
    power = 10.0 ** np.floor(np.log10(length / most))
    return float(next(power * one for one in (1, 2, 5, 10) if length / (power * one) <= most))
