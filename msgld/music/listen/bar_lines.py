"""Where bars begin: at those beats at which the notes are easiest to say.

A codec of bars needs fewer nats for bars as music has them than for bars that are cut elsewhere (the principle of the
shortest description, Rissanen 1978). A beat tracker hears beats well, and which of them begin bars less well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

import numpy as np

from msgld.music.listen.written import write_score
from msgld.music.midi.parts import Part
from msgld.music.played import Beats
from msgld.music.score import Score

FEWEST = 8
"""Beats without which bars stay where they were heard."""


def with_best_bars(
    beats: Beats, parts: Mapping[str, Part], seconds: float, nats: Callable[[Score], float]
) -> Beats:
    """Beats whose bars begin where the notes are easiest to say.

    Args:
        beats: as they were heard. Bars keep the number of beats that most of them have.
        parts: notes of the stems, in seconds.
        seconds: length of the sound.
        nats: what a score takes to be said.
    """
    if len(beats) < FEWEST or not any(len(part) for part in parts.values()):
        return beats
    candidates = [beats, *_regular(beats)]
    costs = [nats(write_score(parts, one, seconds)) for one in candidates]
    return candidates[int(np.argmin(costs))]


def _regular(beats: Beats) -> Iterator[Beats]:
    """The beats in bars of the usual length, begun at each beat of a bar."""
    lines = np.flatnonzero(beats.first)
    if len(lines) < 2:
        return
    metre = int(np.bincount(np.diff(lines)).argmax())
    place = np.arange(len(beats))
    for phase in range(metre):
        yield replace(beats, first=place % metre == phase)
