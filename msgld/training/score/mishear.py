"""Given stems as ears may hear them: the composer learns to play to notes that are not quite those that were played."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from msgld.music.bars import STEPS
from msgld.music.grid import Cells, folded

OCTAVES = np.array([-12, 12, 12, 19])
"""Intervals at which overtones are taken for notes, semitones."""


@dataclass(frozen=True)
class Mishearing:
    """How given stems are misheard, at the worst; each stem by a degree of its own, evenly drawn.

    Attributes:
        chosen: probability that the given stems of an excerpt are misheard at all.
        missed: fraction of the notes that are left out.
        ghosts: fraction of the notes that sound an octave or a twelfth away as well; not of drums.
        moved: fraction that begins a step early or late.
        ends: standard deviation of the ends, steps.
        velocity: of the velocities.
        offset: of the places within a step, steps.
    """

    chosen: float = 0.35
    missed: float = 0.4
    ghosts: float = 0.25
    moved: float = 0.1
    ends: float = 1.5
    velocity: float = 20.0
    offset: float = 0.15


def misheard(cells: Cells, drums: bool, config: Mishearing, rng: np.random.Generator) -> Cells:
    """Notes of a stem as ears may hear them."""
    degree, count = rng.random(), len(cells)
    kept = cells.pick(rng.random(count) >= degree * config.missed)
    if not drums:
        extra = kept.pick(rng.random(len(kept)) < degree * config.ghosts)
        key = folded(extra.key + rng.choice(OCTAVES, len(extra)))
        kept = kept.plus(Cells(extra.slot, extra.stop, key, extra.velocity, extra.offset))
    slot = kept.slot + (rng.random(len(kept)) < degree * config.moved) * rng.choice([-1, 1], len(kept))
    # A step that a short bar does not have, or one before the excerpt, stays where it was.
    slot = np.where((slot // STEPS == kept.slot // STEPS) & (kept.slot >= 0), slot, kept.slot)
    stop = kept.stop + np.rint(degree * config.ends * rng.standard_normal(len(kept)))
    velocity = kept.velocity + degree * config.velocity * rng.standard_normal(len(kept))
    offset = kept.offset + degree * config.offset * rng.standard_normal(len(kept))
    last = max(int(kept.stop.max()), 1) if len(kept) else 1
    return Cells(
        slot.astype(np.int32),
        np.maximum(np.minimum(stop, last), slot + 1).astype(np.int32),
        kept.key,
        np.clip(np.rint(velocity), 1, 127).astype(np.int16),
        np.clip(offset, -0.5, 0.5).astype(np.float32),
    )
