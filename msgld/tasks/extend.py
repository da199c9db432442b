"""Extend: the given stems are the past, and their future is made."""

from __future__ import annotations

from msgld.dsp.overlap_add import splice
from msgld.tasks import noise_maps
from msgld.tasks.making import Made, Piece, Wave, make


def extend(piece: Piece, past: int) -> dict[str, Wave]:
    """Continue the given stems.

    Args:
        piece: the given stems, padded to the length of the result.
        past: samples of each that were given; the last 20 ms of them fade into the continuation.

    Returns:
        Stem -> sound.
    """
    task = noise_maps.generate(piece.model.tracks, piece.frames)
    task = noise_maps.restrict(task, int(piece.frame(past / piece.rate)), piece.frames)
    fade = min(piece.fade, past)

    def finish(made: Made) -> Wave:
        # The fade is half of the stretch at most, so it may begin before the continuation.
        return splice(piece.given[made.stem], made.sound, past - fade, piece.length, fade)

    stems = tuple(piece.given)
    return make(piece, piece.task(task, stems), stems, finish)
