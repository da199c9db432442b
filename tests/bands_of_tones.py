"""A band whose songs are tones, and evenings that last for moments."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from msgld.finetuning import evening
from msgld.training.denoiser.recipes import TINY
from msgld.training.recipe import PoolConfig, Stage
from msgld.training.refiner.part import TINY as TINY_REFINER

RATE = 44_100


def tone(hertz: float, seconds: float, seed: int) -> np.ndarray:
    """A tone that comes and goes, (L, 2)."""
    at = np.arange(round(seconds * RATE)) / RATE
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * (0.4 + 0.1 * seed) * at + seed)
    return np.repeat((0.2 * swell * np.sin(2 * np.pi * hertz * at)).astype(np.float32)[:, None], 2, 1)


def write_band(folder: Path, songs: int = 3, seconds: float = 4.0) -> Path:
    """Songs of bass, drums and strings, each stem a tone of its own; each song is a second longer than the last."""
    for number in range(songs):
        place = folder / f"song-{number}"
        place.mkdir(parents=True)
        for k, stem in enumerate(("bass", "drums", "strings")):
            sound = tone(110.0 * 4**k * 2 ** (number / 12), seconds + number, number + 3 * k)
            soundfile.write(place / f"{stem}.wav", sound, RATE)
    return folder


def shorten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let evenings use short crops, rendered by the process itself."""
    pool = PoolConfig(slots=4, seconds=2.0, workers=0)
    masks = replace(TINY, pool=pool, stages=(Stage(1.0, 2, 16),))
    recipes = {"denoiser": masks, "refiner": replace(TINY_REFINER, pool=pool)}
    find = evening.find
    monkeypatch.setattr(evening, "find", lambda part, name: (find(part)[0], recipes[part]))
