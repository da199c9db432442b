"""The tasks in notes, from the arguments of the public calls to their results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from msgld.api import checks
from msgld.api.composed import Composing
from msgld.api.composing import blank, composer_of
from msgld.api.given_music import GivenMusic
from msgld.api.record import conditions_record
from msgld.api.result import Result
from msgld.errors import UsageError
from msgld.music.bars import Bars, bars_of
from msgld.music.conditions import OPEN, Conditions
from msgld.music.score import Score
from msgld.ranges import check, check_optional, shown
from msgld.tasks.composing import arrange, extend, vary
from msgld.tasks.form import Section
from msgld.tasks.form import form as in_form

SECTION = 8
"""Bars of a section where the length of a piece is left open."""

JUST_BEGUN = 0.25
"""Seconds that the end of a sound may lie after a bar line and still end there."""


def generated(task: Composing, seconds: float | None, bars: int | None, make: Sequence[str] | None,
              form: str | None, conditions: Conditions) -> Result:  # fmt: skip
    """See :meth:`msgld.Msgld.generate`.

    Raises:
        ModelError: the model makes no notes.
        UsageError: values out of range, both lengths, or a form that is none.
    """
    from msgld.api.planning import planned  # the band, which opening a model does not need
    from msgld.api.sketch import in_a_style

    letters = letters_of(form)
    if seconds is None and bars is None and letters:
        bars = SECTION * len(letters)
    if seconds is not None and bars is not None:
        raise UsageError("give the length in seconds or in bars, not both")
    bars = check_optional("bars", bars)
    length = None if bars is not None else check("seconds", 20.0 if seconds is None else seconds)
    composer, seed = composer_of(task.model), task.options.seed
    wanted = checks.stem_names(make, composer.stems)
    conditions = in_a_style(conditions, composer.styles, seed)
    score = blank(conditions, seed, bars, length)
    written = int(score.bars.number[-1]) + 1
    if letters and written % len(letters):
        raise UsageError(
            f"{written} bars are no {len(letters)} sections of one length: choose another number of bars"
        )
    bpm = float(score.timeline.bpm(np.zeros(1))[0])
    plan = planned(conditions, bpm, written, letters, composer.stems, wanted, seed)
    settings = {"seconds": length, "bars": bars, "make": list(wanted), **conditions_record(plan.conditions),
                "form": plan.letters}  # fmt: skip
    work = partial(in_form, wanted=wanted, sections=sections_of(plan.sections, score.bars))
    own = plan.own[:, score.bars.number]
    return task.result("generate", work, GivenMusic(score), plan.conditions, settings, own)


def letters_of(form: str | None) -> str:
    """The sections of a form such as ``AABA``; UsageError if it is none."""
    if form is None:
        return ""
    if not isinstance(form, str) or not re.fullmatch(r"[A-Za-z]{1,64}", form):
        raise UsageError(f"a form is a letter for each section, such as AABA, not {shown(form)}")
    return form.upper()


def sections_of(plan: Sequence[tuple[str, int]], bars: Bars) -> list[Section]:
    """Sections of so many written bars each."""
    ends = np.cumsum([0, *(count for _, count in plan)])
    first = np.searchsorted(bars.number, ends)
    return [
        Section(letter, int(low), int(high))
        for (letter, _), (low, high) in zip(plan, pairwise(first), strict=True)
    ]


@dataclass(frozen=True)
class Stretch:
    """The part of a piece that is made.

    Attributes:
        start: its first second; None for the beginning.
        stop: its last second; None for the end.
        replay: its first and last written bar, from 1 on, instead of seconds.

    Raises:
        UsageError: values out of range, or both seconds and bars.
    """

    start: float | None = None
    stop: float | None = None
    replay: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        for name in ("start", "stop"):
            object.__setattr__(self, name, check_optional(name, getattr(self, name)))
        if self.replay is None:
            return
        if self.start is not None or self.stop is not None:
            raise UsageError("name a stretch in bars (replay) or in seconds (start, stop), not in both")
        if not (
            isinstance(self.replay, Sequence) and len(self.replay) == 2 and not isinstance(self.replay, str)
        ):
            raise UsageError(
                f"replay is the first and the last bar, such as (9, 12), not {shown(self.replay)}"
            )
        first, last = (check("bar", bar) for bar in self.replay)
        if last < first:
            raise UsageError(f"replay goes from a bar to a later one, not from {first} to {last}")

    @property
    def whole(self) -> bool:
        """Whether it is the whole piece."""
        return self.start is None and self.stop is None and self.replay is None

    def bars(self, score: Score) -> tuple[int, int]:
        """First and last bar of the grid, the last one excluded; UsageError where it is not in the piece."""
        if self.replay is None:
            length = float(score.timeline.at(score.bars.start[-1:])[0])
            return bars_between(score, *checks.span(self.start, self.stop, length))
        first, last = self.replay
        written = int(score.bars.number[-1]) + 1
        if first > written:
            raise UsageError(f"the piece has {written} bars, so there is no bar {first} to replay")
        low, high = np.searchsorted(score.bars.number, [first - 1, last])
        return int(low), int(high)

    def record(self) -> dict[str, Any]:
        """For ``run.json``."""
        bars = {} if self.replay is None else {"replay": list(self.replay)}
        return {"start": self.start, "stop": self.stop, **bars}


def arranged(task: Composing, music: GivenMusic, wanted: Sequence[str], noise: float, stretch: Stretch,
             conditions: Conditions) -> Result:  # fmt: skip
    """Arrange in notes; see :meth:`msgld.Msgld.arrange`.

    Raises:
        ModelError: the model makes no notes.
        UsageError: values out of range.
    """
    first, last = stretch.bars(music.score)
    levels = {stem: max(noise, music.noise.get(stem, 0.0)) for stem in music.score.notes}
    settings = {
        "make": list(wanted),
        "noise": noise,
        **stretch.record(),
        **conditions_record(conditions),
    }
    work = partial(arrange, wanted=wanted, noise=levels, first=first, last=last)
    return task.result("arrange", work, music, conditions, settings)


def bars_between(score: Score, first: float, last: float) -> tuple[int, int]:
    """The bars of the grid from the one that holds the second ``first`` to the one that holds ``last``, excluded."""
    beats = score.timeline.beat_at(np.array([first + 1e-3, last - 1e-3]))
    low, high = np.clip(np.searchsorted(score.bars.start, beats, side="right") - 1, 0, len(score.bars) - 1)
    return int(low), int(high) + 1


def varied(task: Composing, music: GivenMusic, noise: float) -> Result:
    """See :meth:`msgld.Msgld.vary`; ModelError where the model makes no notes."""
    return task.result("vary", partial(vary, noise=noise), music, OPEN, {"noise": noise})


def extended(task: Composing, music: GivenMusic, seconds: float) -> Result:
    """See :meth:`msgld.Msgld.extend`; the continuation begins at the next bar line.

    Raises:
        ModelError: the model makes no notes.
    """
    score, end = music.score, float(music.score.timeline.at(music.score.bars.start[-1:])[0])
    past = len(score.bars)
    if music.sounds is not None:
        end = music.sounds.length / music.sounds.rate
        past = int((score.timeline.at(score.bars.start[:-1]) < end - JUST_BEGUN).sum())
    bars = bars_of(score.signatures, float(score.timeline.beat_at(np.array([end + seconds]))[0]))
    longer = replace(music, score=replace(score, bars=bars))
    if music.sounds is not None:
        samples = checks.at_least_one(seconds * music.sounds.rate)
        longer = replace(longer, sounds=music.sounds.longer(samples))
    return task.result("extend", partial(extend, past=past), longer, OPEN, {"seconds": seconds})
