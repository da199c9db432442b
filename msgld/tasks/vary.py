"""Vary: the given stems are noised, and all of them made anew from there."""

from __future__ import annotations

from msgld.tasks import noise_maps
from msgld.tasks.making import Made, Piece, Wave, make
from msgld.tasks.spectral_change import ANEW, changed, varied


def vary(piece: Piece, noise: float) -> dict[str, Wave]:
    """Make a variation of the given stems.

    Args:
        piece: the given stems.
        noise: their level; 0 gives them back, 1 a new piece.

    Returns:
        Stem -> sound.
    """
    task = noise_maps.vary(piece.model.tracks, piece.frames, noise)

    def finish(made: Made) -> Wave:
        if noise >= ANEW:
            return made.sound
        old = piece.given[made.stem]
        return varied(old, changed(piece.model, old, piece.rate, made.before, made.after), made.sound, noise)

    stems = tuple(piece.given)
    return make(piece, piece.task(task, stems), stems if noise else (), finish)
