"""Jobs that make music."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgld.progress import Stages
from msgld.studio.jobs.order import Order
from msgld.studio.settings import Arrange, Extend, Generate, Render, Vary
from msgld.studio.worker.editing import rendered
from msgld.studio.worker.finishing import Done
from msgld.studio.worker.sources import Source

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld
    from msgld.api.result import Result

SEPARATING = 0.6
"""Fraction of the progress that is kept for separating a song before it is arranged."""


def generate(model: Msgld, order: Order) -> Done:
    """Make a new piece."""
    settings = order.of_kind(Generate)
    result = model.generate(
        settings.seconds,
        bars=settings.bars,
        form=settings.form,
        make=settings.make,
        conditions=settings.conditions(),
        **order.running,
    )
    return _saved(order, result, frozenset(result.stems), result.score is not None)


def arrange(model: Msgld, order: Order) -> Done:
    """Make stems to those of a take, or of the song."""
    settings = order.of_kind(Arrange)
    if settings.take is not None:
        source = Source.of(order, settings.take)
        kept = _kept(settings, source.names())
        given = source.given(kept)
        fixed = {} if source.in_notes else source.notes(given)
        result = _arranged(model, order, given, fixed, order.running)
        return _from(source, order, result, source.made | set(settings.make), source.in_notes)
    stages = Stages(order.on_progress)
    first, rest = stages.part(0.0, SEPARATING), stages.part(SEPARATING, 1.0)
    with tempfile.TemporaryDirectory(prefix="msgld-", ignore_cleanup_errors=True) as folder:
        running = {**order.running, "on_progress": first}
        stems = model.separate_to(order.place.song, Path(folder) / "song", **running).files
        given = {stem: stems[stem] for stem in _kept(settings, list(stems))}
        result = _arranged(model, order, given, {}, {**order.running, "on_progress": rest})
        return _saved(order, result, frozenset(settings.make), False)


def _kept(settings: Arrange, stems: list[str]) -> list[str]:
    """The stems that are given: those to keep and, where only some bars are replaced, those to make, too."""
    keep = [stem for stem in stems if stem not in settings.make] if settings.keep is None else settings.keep
    wanted = {*keep, *(settings.make if settings.bars is not None else ())}
    return [stem for stem in stems if stem in wanted]


def _arranged(
    model: Msgld, order: Order, given: dict[str, Path], fixed: dict[str, Path], running: dict[str, Any]
) -> Result:
    settings = order.of_kind(Arrange)
    return model.arrange(
        given,
        settings.make,
        notes=fixed if fixed and _through_notes(model) else None,
        noise=settings.noise,
        replay=settings.bars,
        conditions=settings.conditions(),
        **running,
    )


def _through_notes(model: Msgld) -> bool:
    """Whether sound is turned into notes, made in notes, and played."""
    return model.model.composer is not None and model.model.listener is not None


def vary(model: Msgld, order: Order) -> Done:
    """Make a take anew."""
    settings = order.of_kind(Vary)
    source = Source.of(order, settings.take)
    result = model.vary(source.given(model.makes), settings.noise, **order.running)
    return _from(source, order, result, set(result.stems), source.in_notes)


def extend(model: Msgld, order: Order) -> Done:
    """Continue a take."""
    settings = order.of_kind(Extend)
    source = Source.of(order, settings.take)
    result = model.extend(source.given(model.makes), settings.seconds, **order.running)
    return _from(source, order, result, set(result.stems), source.in_notes)


def render(model: Msgld, order: Order) -> Done:
    """Play the edited notes of a stem."""
    settings = order.of_kind(Render)
    source = Source.of(order, settings.take)
    result = rendered(model, source, settings, order.options)
    return _from(source, order, result, source.made | {settings.stem}, source.in_notes)


def _from(source: Source, order: Order, result: Result, made: set[str], in_notes: bool) -> Done:
    """A result that was made from a take, whose key it has unless it says otherwise."""
    done = _saved(order, result, made, in_notes and result.score is not None)
    return replace(done, key=source.take.key)


def _saved(order: Order, result: Result, made: set[str] | frozenset[str], in_notes: bool) -> Done:
    saved = result.save(order.folder, overwrite=True)
    return Done(saved, result.score, frozenset(made), in_notes)
