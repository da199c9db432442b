"""Generate: nothing is known, and every wanted stem is made."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from msgld.tasks import noise_maps
from msgld.tasks.making import Piece, make


def generate(piece: Piece, wanted: Sequence[str]) -> dict[str, np.ndarray]:
    """Make a piece.

    Args:
        piece: without given stems; its length is that of the result.
        wanted: stems to make.

    Returns:
        Stem -> float32 (channels, L).
    """
    task = noise_maps.generate(piece.model.tracks, piece.frames)
    return make(piece, piece.task(task, wanted), wanted)
