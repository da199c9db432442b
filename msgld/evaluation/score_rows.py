"""The tables of arrangements in notes: by subset, by number of given stems, by kind of clip, by stem."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from msgld.evaluation.score_figures import Part, StemFigures, mean, rounded
from msgld.evaluation.subsets import Subset
from msgld.metrics.scale import Agreements, Placed, placed
from msgld.metrics.score_histograms import SIZES, distance, total
from msgld.music.score import SCORE_STEMS

KINDS = {"songs": "song", "accompaniments": "accompaniment", "band": "band"}
"""Name of a row -> kind of its clips."""

RIVALS = ("retrieval", "the band")
"""What else is told the given stems: see :mod:`msgld.data.retrieval` and :mod:`msgld.data.band.accompany`."""

MODEL = "model"
"""The player that is measured."""


@dataclass(frozen=True)
class Arranged:
    """A subset of a clip's stems, as several players play it.

    Attributes:
        clip: number of the clip.
        kind: of the clip.
        subset: the stems.
        given: how many stems were given.
        usual: whether the subset counts in means over subsets.
        real: the clip's own stems.
        shuffled: notes and rhythm in common of other pieces' stems, on average.
        players: name -> what it plays; the band does not know all metres.
    """

    clip: int
    kind: str
    subset: Subset
    given: int
    usual: bool
    real: Part
    shuffled: tuple[float, float]
    players: dict[str, Part]


def agreement_rows(found: Sequence[Arranged], aspect: str) -> list[dict[str, Any]]:
    """Notes or rhythm in common on the scale from another piece's stems (0) to the clip's own (1).

    Rows of subsets; of clips with so many stems given; of each kind of clip and of all, which are means over subsets.
    Beside the model stand its rivals, and by how much it lies above retrieval, with the lower end of that interval.

    Args:
        found: all arrangements.
        aspect: ``notes`` or ``rhythm``.
    """
    subsets = list(dict.fromkeys(one.subset for one in found if one.usual))
    usual = [one for one in found if one.usual]
    rows = [_agreement(" + ".join(subset), [[one for one in usual if one.subset == subset]], aspect)
            for subset in subsets]  # fmt: skip
    rows += [_agreement(f"{count} given", [[one for one in found if one.given == count]], aspect)
             for count in range(1, len(SCORE_STEMS))]  # fmt: skip
    for name, kind in (*KINDS.items(), ("all", None)):
        groups = [
            [one for one in usual if one.subset == subset and kind in (None, one.kind)] for subset in subsets
        ]
        rows.append(_agreement(name, groups, aspect))
    return [row for row in rows if row is not None]


def _agreement(name: str, groups: Sequence[Sequence[Arranged]], aspect: str) -> dict[str, Any] | None:
    """A row; None where there is no scale."""
    own = [_agreements(group, MODEL, aspect) for group in groups]
    figure = placed(own)
    if figure is None:
        return None
    rivals = {player: [_agreements(group, player, aspect) for group in groups] for player in RIVALS}
    lead = placed(own, rivals["retrieval"])
    return {
        "name": name,
        **{key: rounded(getattr(figure, field), 2) for key, field in
           (("mean", "value"), ("low", "low"), ("high", "high"), ("lowest", "lowest"))},
        "count": figure.count,
        **{player: _value(placed(some)) for player, some in rivals.items()},
        "above retrieval": _value(lead),
        "at least": None if lead is None else rounded(lead.low, 2),
    }  # fmt: skip


def _value(figure: Placed | None) -> float | None:
    return None if figure is None else rounded(figure.value, 2)


def _agreements(group: Iterable[Arranged], player: str, aspect: str) -> Agreements:
    """The agreements of a player; where it does not know the metre, the arrangement does not count."""
    known = [one for one in group if player in one.players]
    side = ("notes", "rhythm").index(aspect)
    columns = [[getattr(one.players[player], aspect) for one in known], [one.shuffled[side] for one in known],
               [getattr(one.real, aspect) for one in known]]  # fmt: skip
    return Agreements(np.array([one.clip for one in known], int), *(np.array(one, float) for one in columns))


def fullness_rows(found: Sequence[Arranged]) -> list[dict[str, Any]]:
    """How full parts are, how much their bars return, double given stems and copy training bars, against real ones.

    Rows of stems, of subsets, of kinds of clips, and of all, then the same of the rivals.
    """
    groups: list[tuple[str, list[tuple[Arranged, str]]]] = [
        (stem, [(one, stem) for one in found if stem in one.subset]) for stem in SCORE_STEMS
    ]
    for subset in dict.fromkeys(one.subset for one in found if one.usual and len(one.subset) > 1):
        groups.append(
            (" + ".join(subset), _stems(one for one in found if one.usual and one.subset == subset))
        )
    groups += [(name, _stems(one for one in found if one.kind == kind)) for name, kind in KINDS.items()]
    rows = [_fullness(name, some, MODEL) for name, some in (*groups, ("all", _stems(found)))]
    rows += [_fullness(player, _stems(found), player) for player in RIVALS]
    return [row for row in rows if row is not None]


def _stems(found: Iterable[Arranged]) -> list[tuple[Arranged, str]]:
    return [(one, stem) for one in found for stem in one.subset]


def _fullness(name: str, group: Sequence[tuple[Arranged, str]], player: str) -> dict[str, Any] | None:
    pairs = [
        (one.players[player].stems[stem], one.real.stems[stem])
        for one, stem in group
        if player in one.players
    ]
    if not pairs:
        return None
    made, real = ([pair[side] for pair in pairs] for side in (0, 1))
    figures: dict[str, Any] = {"name": name, "count": len(pairs), "notes / real": _ratio(made, real)}
    for key, measure in _MEASURES.items():
        figures |= {key: rounded(measure(made)), f"{key}, real": rounded(measure(real))}
    return figures


def _ratio(made: Sequence[StemFigures], real: Sequence[StemFigures]) -> float | None:
    counts = [sum(one.notes for one in side) for side in (made, real)]
    return round(counts[0] / counts[1], 2) if counts[1] else None


def _fraction(parts: Iterable[tuple[int | None, int]]) -> float:
    """Some bars of all; parts that cannot have any are left out."""
    known = [part for part in parts if part[0] is not None]
    some, every = (sum(part[side] or 0 for part in known) for side in (0, 1))
    return some / every if every else float("nan")


_MEASURES: dict[str, Callable[[Sequence[StemFigures]], float]] = {
    "silent": lambda some: mean(one.silent for one in some),
    "repetition": lambda some: mean(one.repetition for one in some),
    "doubled": lambda some: _fraction((one.doubled, one.bars) for one in some),
    "copied": lambda some: _fraction((one.copied, one.bars) for one in some),
}


def histogram_rows(found: Sequence[Arranged]) -> list[dict[str, Any]]:
    """How far apart histograms of made and real notes are, 0 to 1, and those of one and the other half of real ones."""
    rows = []
    for stem in SCORE_STEMS:
        pairs = [
            (one.players[MODEL].stems[stem], one.real.stems[stem]) for one in found if stem in one.subset
        ]
        if pairs:
            made, real = ([pair[side] for pair in pairs] for side in (0, 1))
            # Each clip's real notes once: it is arranged more than once.
            own = list({one.clip: one.real.stems[stem] for one in found if stem in one.subset}.values())
            row: dict[str, Any] = {"name": stem, "count": len(pairs)}
            for aspect, size in SIZES.items():
                row[aspect] = _apart(made, real, aspect, size)
                row[f"{aspect}, real halves"] = _apart(own[::2], own[1::2], aspect, size)
            rows.append(row)
    return rows


def _apart(one: Sequence[StemFigures], other: Sequence[StemFigures], aspect: str, size: int) -> float | None:
    sums = (total((figures.histograms[aspect] for figures in side), size) for side in (one, other))
    return rounded(distance(*sums), 2)
