"""Whole sound files in memory."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np

from msgld.audio.read import open_file


class Whole(NamedTuple):
    """A file as it was read: samples (channels, n), and what its stream says of it."""

    samples: np.ndarray
    rate: int
    subtype: str
    remarks: tuple[str, ...]


def read(path: str | Path) -> Whole:
    """Read a file to its end."""
    with open_file(path) as file:
        blocks = [file.read(1 << 20)]
        while blocks[-1].shape[1]:
            blocks.append(file.read(1 << 20))
        return Whole(np.concatenate(blocks, axis=1), file.rate, file.subtype, file.remarks)
