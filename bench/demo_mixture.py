"""The mixture of the demo's song, of which the benches make songs of any length."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import msgld
from msgld.audio.sound import read_all

DEMO = Path(msgld.__file__).parent / "demo"
"""Folder of its stems."""


def demo_mixture() -> tuple[np.ndarray, int]:
    """Float32 (channels, L), and its rate."""
    stems = [read_all(path) for path in sorted(DEMO.glob("*.flac"))]
    return np.sum([samples for samples, _ in stems], axis=0), stems[0][1]


def repeated(seconds: float) -> tuple[np.ndarray, int]:
    """The same again and again for so long, (channels, L), and its rate."""
    mixture, rate = demo_mixture()
    length = round(seconds * rate)
    return np.tile(mixture, -(-length // mixture.shape[1]))[:, :length], rate
