"""Do new pieces keep to the chords, the key and the tempo that they are asked for?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from msgld.evaluation.report import row
from msgld.evaluation.score_figures import mean, rounded
from msgld.evaluation.score_scenes import Scene
from msgld.metrics.scores import Stems, in_chords, in_key
from msgld.music.bar_features import halves_on
from msgld.music.bars import QUARTER
from msgld.music.chord_names import Halves, parse_chords
from msgld.music.conditions import Conditions
from msgld.music.grid import to_cells
from msgld.music.keys import key_name
from msgld.music.score import Score

BARS = 8
"""Of a new piece."""


@dataclass(frozen=True)
class Request:
    """What is asked for.

    Attributes:
        clip: number of the clip whose chords, or whose number, it has.
        conditions: chords or a key, and a tempo.
        real: fraction of the time of the clip's own notes in its chords; NaN for a key.
    """

    clip: int
    conditions: Conditions
    real: float = float("nan")


@dataclass(frozen=True)
class Answer:
    """What became of it.

    Attributes:
        request: what was asked.
        chords: fraction of the time of notes in the chords; NaN where a key was asked for.
        key: whether it is in the key; None where chords were asked for.
        foreign: whether it is in the key of the next request.
        tempo: whether all bars have the tempo.
    """

    request: Request
    chords: float
    key: bool | None
    foreign: bool | None
    tempo: bool


def requests(scenes: Sequence[Scene]) -> list[Request]:
    """For each clip its chords, where its bars have one length and chords, and a key; each with a tempo of its own."""
    found = []
    for number, one in enumerate(scenes):
        bpm = 70.0 + 37 * number % 91
        steps, bars = one.steps, one.score.bars
        halves = one.chords()[:BARS]
        plain = len(set(steps.tolist())) == 1 and len(set(bars.number.tolist())) == len(bars)
        if plain and any(chord for pair in halves for chord in pair):
            conditions = Conditions(bpm=bpm, chords=written(halves), beats=steps[0] / QUARTER)
            cells = {stem: cells.between(0, BARS) for stem, cells in one.cells.items()}
            found.append(Request(number, conditions, in_chords(cells, halves, steps[:BARS])))
        found.append(Request(number, Conditions(bpm=bpm, key=key_of(number))))
    return found


def key_of(number: int) -> str:
    """The key that a clip's number asks for: all major and minor ones in turn, neighbours far apart."""
    return key_name(7 * number % 12, ("major", "minor")[number // 12 % 2])


def written(halves: Halves) -> str:
    """Chords of half bars as they are written."""
    return " ".join(",".join("N" if chord is None else str(chord) for chord in pair) for pair in halves)


def answer(request: Request, made: Score) -> Answer:
    """Compare a new piece with what was asked for."""
    steps, conditions = made.bars.steps, request.conditions
    cells: Stems = {stem: to_cells(notes, made.bars) for stem, notes in made.notes.items()}
    tempo = np.allclose(made.timeline.bpm(made.bars.start[:-1]), conditions.bpm or 0.0, rtol=1e-9)
    if conditions.chords is not None:
        halves = halves_on(parse_chords(conditions.chords), made.bars)
        return Answer(request, in_chords(cells, halves, steps), None, None, bool(tempo))
    own, foreign = (in_key(cells, key, steps) for key in (conditions.key or "", key_of(request.clip + 1)))
    return Answer(request, float("nan"), own, foreign, bool(tempo))


def request_rows(answers: Sequence[Answer], scenes: Sequence[Scene]) -> list[dict[str, Any]]:
    """Fractions of time or of pieces, beside real pieces with their own chords and keys, and keys by chance."""
    chords, keys = ([one for one in answers if (one.key is None) == side] for side in (True, False))
    real = mean(one.request.real for one in chords)
    stated = [one for one in scenes if one.score.meta.get("key")]
    in_own = mean(float(in_key(one.cells, str(one.score.meta["key"]), one.steps)) for one in stated)
    chance = mean(float(bool(one.foreign)) for one in keys)
    sets = (
        ("time in chord tones", [one.chords for one in chords], real, float("nan")),
        ("in the key", [float(bool(one.key)) for one in keys], in_own, chance),
        ("at the tempo", [float(one.tempo) for one in answers], float("nan"), float("nan")),
    )
    rows = [{**row(name, values, 3), "real": rounded(own), "by chance": rounded(other)}
            for name, values, own, other in sets]  # fmt: skip
    return [one for one in rows if one["count"]]
