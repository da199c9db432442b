"""A soundfont for tests, so that none of the system is needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from soundfonts.write import Preset, Zone, write_soundfont

from msgld.data.fonts import KITS


def save_soundfont(path: Path, rate: int = 22_050) -> Path:
    """Write a soundfont whose programs and drums are all a sine tone, at a key's pitch."""
    wave = 0.3 * np.sin(2 * np.pi * 220 * np.arange(rate) / rate)
    sound = Zone(wave.astype(np.float32), rate, 57)
    write_soundfont(path, path.stem, [Preset("tone", 0, [sound]), Preset("kit", 0, [sound], KITS)])
    return path
