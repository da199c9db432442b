"""How well does a model separate whole recordings? A protocol's measures of every stem of every song."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from msgld.api.quality import of_separation
from msgld.data.stem_folders.whole import WholeSong, waves_on_disk
from msgld.dsp.resample import resample
from msgld.errors import DataError
from msgld.evaluation.measures import MEASURES
from msgld.evaluation.question import Advance, ClipByClip
from msgld.evaluation.report import plain
from msgld.evaluation.separation import pooling_remark, separation_rows
from msgld.evaluation.song_protocols import SIX_STEMS, Groups, SongProtocol, grouped
from msgld.metrics import RunningRatios, bleed, summary
from msgld.metrics.bleed import GRID as BLEED
from msgld.stems import OTHER

SECONDS = 10
"""Of a song that are held at once."""


@dataclass(frozen=True)
class Songs(ClipByClip):
    """The question; see :class:`ClipByClip`. Its clips are whole songs.

    Attributes:
        protocol: stems and measures.
    """

    protocol: SongProtocol = field(default=SIX_STEMS)
    unit: ClassVar[str] = "songs"
    of_songs: ClassVar[bool] = True

    def about(self) -> dict[str, Any]:
        """Stems, measures and sampler."""
        measure = MEASURES[self.protocol.measures[0]]
        settings = of_separation(self.options, self.model.model).sampling
        return {
            "measure": measure.name,
            "unit": measure.unit,
            "better": "higher",
            "measures": list(self.protocol.measures),
            "stems": list(self.protocol.compared(self.model.stems)),
            **self.sampling(settings),
        }

    def figures(self, clip: WholeSong, advance: Advance, example: bool = False) -> dict[str, Any]:
        """All measures of the song's stems; there are no examples."""
        compared = self.protocol.compared(self.model.stems)
        targets = grouped(compared, self.protocol.stems)
        estimates = grouped(compared, self.model.stems, clip.song.pooled)
        with clip.opened(targets) as true, waves_on_disk(len(compared), clip.frames) as made:
            self._separate(true[-1], clip.rate, estimates, made, advance)
            values = measured(self.protocol.measures, made, true, clip.present(targets), clip.rate)
        pooled = [stem for stem in clip.song.pooled if stem in compared]
        return {"values": values.tolist(), "name": clip.name, "pooled": pooled}

    def summed(self, found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Rows of the protocol's first measure, tables of the others. Raises DataError where there are no figures."""
        compared, measures = self.protocol.compared(self.model.stems), self.protocol.measures
        pooled = {stem for one in found for stem in one["pooled"]}
        values = dict(
            zip(measures, np.stack([np.array(one["values"]) for one in found], axis=1), strict=True)
        )
        rows, *others = (separation_rows(values[name], compared) for name in measures)
        if not rows:
            raise DataError("nothing can be measured: there is no song in which the stems sound")
        remarks = [*self._remarks(compared), *([pooling_remark(sorted(pooled))] if pooled else [])]
        return {
            "rows": rows,
            "tables": {_title(name): table for name, table in zip(measures[1:], others, strict=True)},
            "values": plain(values[measures[0]]),
            "further_values": {name: plain(values[name]) for name in measures[1:]},
            "names": [one["name"] for one in found],
            "remarks": [*remarks, _average(values[measures[0]], MEASURES[measures[0]].unit)],
        }

    def _separate(
        self, mixture: np.ndarray, rate: int, groups: Groups, made: np.ndarray, advance: Advance
    ) -> None:
        """Write the sum of each group of the model's stems (S, 2, L)."""
        start = 0
        for stretch in self.model.separate_stream((mixture, rate), options=self.options):
            stop = start + stretch["mixture"].shape[1]
            for row, stems in zip(made, groups.values(), strict=True):
                row[:, start:stop] = sum(stretch[stem] for stem in stems)
            advance((stop - start) / made.shape[-1])
            start = stop

    def _remarks(self, compared: Sequence[str]) -> list[str]:
        """What ``other`` is compared with, where model and protocol have different stems."""
        lacking = [stem for stem in self.protocol.stems if stem not in compared]
        further = [stem for stem in self.model.stems if stem not in compared]
        if OTHER not in compared:
            return [f"{stem}: not measured, this model has no such stem" for stem in lacking]
        sides = [f"the {owner}'s {' + '.join((*stems, OTHER))}" if stems else f"the {owner}'s {OTHER}"
                 for owner, stems in (("model", further), ("set", lacking))]  # fmt: skip
        same = f"{OTHER}: {sides[0]} is compared with {sides[1]}"
        none = f", as this model has no {' and no '.join(lacking)}" if lacking else ""
        return [same + none] if lacking or further else []


def measured(
    names: Sequence[str], made: np.ndarray, true: np.ndarray, present: np.ndarray, rate: int
) -> np.ndarray:
    """Measures by name of estimated stems of a song, (measures, S); NaN for stems that are absent or silent.

    Args:
        names: ``si-sdri``, ``song-sdr``, ``sdr``, ``bleedless`` and ``fullness``; see ``measures.MEASURES``.
        made: estimates (S, 2, L).
        true: targets, and the mixture as the last row, (S + 1, 2, L).
        present: which stems the song has, bool (S,).
        rate: samples a second.
    """
    ratios = RunningRatios(len(made), rate)
    for start in range(0, made.shape[-1], SECONDS * rate):
        part = np.s_[..., start : start + SECONDS * rate]
        ratios.add(made[part], true[:-1][part], true[-1][part])
    there = present & ~ratios.silent()
    alone = there.sum() < 2
    values = {
        "si-sdri": np.where(alone, np.nan, ratios.si_sdri()),
        "song-sdr": ratios.song_sdr(),
        "sdr": ratios.bss_sdr(there),
    }
    if {"bleedless", "fullness"} & set(names):
        pairs = np.full((2, len(made)), np.nan)
        for k in np.flatnonzero(there):
            pairs[:, k] = bleed(*(resample(np.asarray(one[k]), rate, BLEED.rate) for one in (made, true)))
        values |= dict(zip(("bleedless", "fullness"), pairs, strict=True))
    return np.stack([np.where(there, values[name], np.nan) for name in names])


def _average(values: np.ndarray, unit: str) -> str:
    """Means over the stems, as benchmarks state them, of figures (songs, S)."""
    scores = [summary(column) for column in values.T]
    kept = [one for one in scores if one.count]
    mean, median = (float(np.mean([getattr(one, name) for one in kept])) for name in ("mean", "median"))
    return f"mean over stems of the means over songs {mean:.2f} {unit}, of the medians {median:.2f} {unit}"


def _title(name: str) -> str:
    measure = MEASURES[name]
    return f"{measure.name} ({measure.unit})"
