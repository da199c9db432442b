"""``msgld prepare --ray``: groups of songs become shards on the nodes, as threads would make them on one machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgld.api.prepare import DOING, checked
from msgld.cluster.each import Pool, each
from msgld.cluster.ledger import NAME, Ledger
from msgld.cluster.outcome import DONE
from msgld.errors import ClusterError
from msgld.progress import CancelToken, Meter, OnProgress
from msgld.training.lock import alone

if TYPE_CHECKING:
    from msgld.data.shards.about import Prepared
    from msgld.data.shards.work import Workshop


def prepare_on(
    pool: Pool,
    songs: str | Path,
    out: str | Path | None = None,
    *,
    stem_names: Iterable[str] | None = None,
    maps: Iterable[str] = (),
    on_progress: OnProgress | None = None,
) -> Prepared:
    """As :func:`msgld.prepare`, on a cluster whose nodes all have the folders of the songs and of the shards.

    The shards are the same. Arguments and errors are those of that function, and:

    Args:
        pool: the actors that do it.

    Raises:
        ClusterError: there is no cluster, or a group of songs was not prepared; what is done stays.
    """
    from msgld.data.shards.prepare import prepare_set

    source, folder, stems, stem_maps = checked(songs, out, stem_names, maps)
    with alone(folder, DOING):
        return prepare_set(
            source, folder.resolve(), stems, stem_maps, on_progress=on_progress, run=partial(_run, pool)
        )


def _run(pool: Pool, workshop: Workshop, meter: Meter) -> None:
    from msgld.data.shards.work import WORK

    due, sizes = dict[str, tuple[int, int, int]](), dict[str, float]()
    for number, group in workshop.due(meter):
        due[str(number)] = (number, group[0].number, len(group))
        sizes[str(number)] = sum(song.size for song in group) / 1e6
    ledger, lost = Ledger(workshop.out / WORK / NAME), list[str]()
    ledger.begin("prepare", len(due))
    work = GroupWork(replace(workshop, out=workshop.out.resolve()))
    for outcome in each(due, work, pool, ledger=ledger.path):
        if outcome.end == DONE:
            meter.advance(sizes[outcome.item])
        else:
            lost.append(f"group {outcome.item}: {outcome.facts.get('error')}")
    if lost:
        raise ClusterError(
            f"{len(lost)} of {len(due)} groups of songs were not prepared: {lost[0]}; what is done stays in "
            f"{workshop.out}: run it again"
        )


@dataclass(frozen=True)
class GroupWork:
    """What the actors need; called once in each."""

    workshop: Workshop

    def __call__(self) -> Callable[[tuple[int, int, int], int], Mapping[str, Any]]:
        """What prepares one group, by its number, that of its first song, and how many songs it has."""
        return self._prepare

    def _prepare(self, group: tuple[int, int, int], attempt: int) -> Mapping[str, Any]:
        """Prepare a group, unless an actor that died had done so."""
        number, first, count = group
        if not self.workshop.is_done(number):
            songs = self.workshop.plan.part(first, count)
            self.workshop.prepare_group(number, songs, CancelToken())
        return {"songs": count}
