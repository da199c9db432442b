"""Arrange: the given stems are known, the missing ones are made."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from msgld.dsp.overlap_add import splice
from msgld.tasks import noise_maps
from msgld.tasks.making import Made, Piece, Wave, make


def arrange(
    piece: Piece, wanted: Sequence[str], noise: float, first: float, last: float, in_key: bool = True
) -> dict[str, Wave]:
    """Make the wanted stems to the given ones.

    Args:
        piece: the given stems; those that are also wanted are made anew between ``first`` and ``last``.
        wanted: stems to make.
        noise: level of the given stems; 0 keeps to them, above 0 they are a hint.
        first: second from which to make.
        last: second up to which to make.
        in_key: see :func:`msgld.tasks.making.make`.

    Returns:
        Stem -> sound, the given ones among them.
    """
    known = {
        k: noise for k, stem in enumerate(piece.model.stems) if stem in piece.given and stem not in wanted
    }
    task = noise_maps.arrange(piece.model.tracks, piece.frames, known)
    task = noise_maps.restrict(task, int(piece.frame(first)), math.ceil(piece.frame(last)))
    low, high = round(first * piece.rate), round(last * piece.rate)

    def finish(made: Made) -> Wave:
        old = piece.given.get(made.stem, np.zeros_like(made.sound))
        return splice(old, made.sound, low, high, piece.fade)

    return make(piece, piece.task(task, (*piece.given, *wanted)), wanted, finish, in_key)
