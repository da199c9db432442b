"""Generate: nothing is known, and every wanted stem is made."""

from __future__ import annotations

from collections.abc import Sequence

from msgld.tasks import noise_maps
from msgld.tasks.making import Piece, Wave, make


def generate(piece: Piece, wanted: Sequence[str]) -> dict[str, Wave]:
    """Make a piece.

    Args:
        piece: without given stems; its length is that of the result.
        wanted: stems to make.

    Returns:
        Stem -> sound.
    """
    task = noise_maps.generate(piece.model.tracks, piece.frames)
    return make(piece, piece.task(task, wanted), wanted)
