"""How well does a model separate? A measure of every stem of every clip."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from msgld.api.msgld import Msgld
from msgld.api.options import NORMAL, Options
from msgld.api.quality import of_separation
from msgld.audio.sound import Sound
from msgld.data.source import Clip
from msgld.errors import DataError
from msgld.evaluation.measures import MEASURES, sounding
from msgld.evaluation.question import Advance, ClipByClip
from msgld.evaluation.report import Example, plain, row
from msgld.stems import OTHER

VOCALS = "vocals"


@dataclass(frozen=True)
class Separation(ClipByClip):
    """The question; see :class:`ClipByClip`.

    Attributes:
        measure: a name of ``measures.MEASURES``.
        silent: stems that no clip has.
    """

    measure: str = "si-sdri"
    silent: Sequence[str] = ()

    def about(self) -> dict[str, Any]:
        """Measure and sampler."""
        measure = MEASURES[self.measure]
        better = "higher" if measure.higher else "lower"
        settings = of_separation(self.options, self.model.model).sampling
        return {"measure": measure.name, "unit": measure.unit, "better": better, **self.sampling(settings)}

    def figures(self, clip: Clip, advance: Advance, example: bool = False) -> dict[str, Any]:
        """The measure of every stem; where model and clip have ``vocals``, also as for models without."""
        compute, own = MEASURES[self.measure].compute, self.model.stems
        mixture = clip.mixture
        stems = separate_clip(self.model, mixture, clip.rate, self.options, self.silent)
        stems = pool_estimates(stems, clip, own)
        fewer = None
        if {OTHER, VOCALS} <= set(own) and clip.present[own.index(VOCALS)]:
            fewer = compute(*without_vocals(stems, clip, own)).tolist()
        advance(1)
        return {
            "values": compute(stems, clip).tolist(),
            "fewer": fewer,
            "name": clip.name,
            "voice": str(clip.meta.get("voice", "")),
            "pooled": list(clip.pooled),
            **({"example": _example(clip, mixture, stems, own)} if example else {}),
        }

    def summed(self, found: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """Rows over all stems, over all but ``other``, and stem by stem. Raises DataError where there are none.

        Where model and clips have ``vocals``, one row is as for models without, whose ``other`` has the singers.
        """
        own = self.model.stems
        table = np.stack([np.array(one["values"]) for one in found])
        rows = separation_rows(table, own)
        if not rows:
            raise DataError("nothing can be measured: there is no clip in which two stems sound")
        fewer = [np.array(one["fewer"]) for one in found if one["fewer"] is not None]
        if fewer:
            rows.insert(1, row("all stems, vocals as other", np.stack(fewer).ravel()))
        pooled = {tuple(one["pooled"]) for one in found} - {()}
        return {
            "rows": rows,
            **singers(table, [one["voice"] for one in found], own),
            "values": plain(table),
            "names": [one["name"] for one in found],
            "examples": [one["example"] for one in found if "example" in one],
            "remarks": [pooling_remark(stems) for stems in sorted(pooled)],
        }


def separate_clip(
    model: Msgld, mixture: np.ndarray, rate: int, options: Options = NORMAL, silent: Sequence[str] = ()
) -> np.ndarray:
    """Stems (S, channels, L) of a mixture (channels, L), through :meth:`msgld.api.msgld.Msgld.separate`.

    Args:
        model: the model.
        mixture: (channels, L).
        rate: samples a second.
        options: of the call.
        silent: stems that the mixture is known not to have.
    """
    known: dict[str, Sound] = {stem: (np.zeros_like(mixture), rate) for stem in silent}
    stems = model.separate((mixture, rate), known=known, options=options).stems
    return np.stack([stems[stem] for stem in model.stems])


def pool_estimates(estimates: np.ndarray, clip: Clip, stems: tuple[str, ...]) -> np.ndarray:
    """Estimated stems (S, channels, L) as the clip's set has them.

    Where the set has no guitar by name, its ``other`` may have one: it is compared with the sum of the model's guitar
    and ``other``. Stems that the set lacks stay as they are; they get no figure.
    """
    if not clip.pooled or OTHER not in stems:
        return estimates
    pooled = estimates.copy()
    pooled[stems.index(OTHER)] += estimates[[stems.index(stem) for stem in clip.pooled]].sum(0)
    return pooled


def without_vocals(estimates: np.ndarray, clip: Clip, stems: tuple[str, ...]) -> tuple[np.ndarray, Clip]:
    """Estimates (S, channels, L) and a clip whose ``vocals`` are in ``other``, and absent by themselves."""
    vocals, other = stems.index(VOCALS), stems.index(OTHER)
    estimates, true, present = estimates.copy(), clip.stems.copy(), clip.present.copy()
    for sounds in (estimates, true):
        sounds[other] += sounds[vocals]
        sounds[vocals] = 0
    present[other] |= present[vocals]
    present[vocals] = False
    return estimates, replace(clip, stems=true, present=present)


def pooling_remark(stems: Sequence[str]) -> str:
    """The remark on what ``other`` is compared with, where a set has no ``stems`` by name."""
    return (
        f"other: the set has no {' and no '.join(stems)} by name, so its other is compared with the sum of the model's "
        f"{' + '.join((*stems, OTHER))}"
    )


def separation_rows(values: np.ndarray, stems: tuple[str, ...]) -> list[dict[str, Any]]:
    """Summaries of figures (clips, S): over all, over all but ``other``, stem by stem; none without figures."""
    named = [k for k, stem in enumerate(stems) if stem != OTHER]
    rows = [row("all stems", values.ravel()), row("without other", values[:, named].ravel())]
    rows += [row(stem, values[:, k]) for k, stem in enumerate(stems)]
    return [one for one in rows if one["count"]]


def singers(values: np.ndarray, voices: Sequence[str], stems: tuple[str, ...]) -> dict[str, Any]:
    """A table of the figures of ``vocals`` singer by singer; nothing for clips without."""
    names = sorted(set(voices) - {""})
    if not names or "vocals" not in stems:
        return {}
    own = values[:, stems.index("vocals")]
    rows = [row(name, own[[voice == name for voice in voices]]) for name in names]
    return {"tables": {"vocals, singer by singer": [one for one in rows if one["count"]]}}


def _example(clip: Clip, mixture: np.ndarray, stems: np.ndarray, names: tuple[str, ...]) -> Example:
    """The song, and each stem that sounds in it: the true one and the separated one."""
    tracks = {"song": mixture}
    for k, name in enumerate(names):
        if sounding(clip)[k]:
            tracks |= {f"{name}, true": clip.stems[k], f"{name}, separated": stems[k]}
    return Example(clip.name, tracks, clip.rate)
