"""The built-in band: a composer of pieces in five stems, so that training data never runs out.

``compose(seed)`` returns notes (a ``symusic.Score``), no audio. Every decision follows from the seed.
"""

from __future__ import annotations

from .compose import MODES, RESERVED_SEED, RESERVED_STYLES, STYLES, Piece, compose

__all__ = ["MODES", "RESERVED_SEED", "RESERVED_STYLES", "STYLES", "Piece", "compose"]
