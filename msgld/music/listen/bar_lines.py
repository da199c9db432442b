"""Where bars begin: at those beats at which the notes are easiest to say.

A codec of bars needs fewer nats for bars as music has them than for bars that are cut elsewhere (the principle of the
shortest description, Rissanen 1978). A beat tracker hears beats well, and which of them begin bars less well.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np

from msgld.music.listen.written import write_score
from msgld.music.midi.parts import Part
from msgld.music.played import Beats
from msgld.music.score import Score

FEWEST = 8
"""Beats without which bars stay where they were heard."""


METRES = (3, 4)
"""Beats of a bar that are tried beside the tracker's, unless beats are divided in three."""


def with_best_bars(
    beats: Beats, parts: Mapping[str, Part], seconds: float, nats: Callable[[Score], float]
) -> Beats:
    """Beats whose bars begin where the notes are easiest to say.

    Longer bars are easier to say whatever the music, so metres are compared by what their best place saves against
    the mean of their places.

    Args:
        beats: as they were heard.
        parts: notes of the stems, in seconds.
        seconds: length of the sound.
        nats: what a score takes to be said, 0 or more.
    """
    lines = np.flatnonzero(beats.first)
    if len(beats) < FEWEST or len(lines) < 2 or not any(len(part) for part in parts.values()):
        return beats

    def cost(some: Beats) -> float:
        return nats(write_score(parts, some, seconds))

    own = int(np.bincount(np.diff(lines)).argmax())
    best, most = beats, 0.0
    for metre in (own,) if beats.compound.any() else dict.fromkeys((own, *METRES)):
        places = [_regular(beats, metre, place) for place in range(metre)] + [beats] * (metre == own)
        costs = [cost(some) for some in places]
        mean = float(np.mean(costs[:metre]))
        saved = 1 - min(costs) / mean if mean > 0 else 0.0
        if saved > most:
            best, most = places[int(np.argmin(costs))], saved
    return best


def _regular(beats: Beats, metre: int, first: int) -> Beats:
    """The beats in bars of a length, the first of which begins at one of the first beats."""
    return replace(beats, first=np.arange(len(beats)) % metre == first)
