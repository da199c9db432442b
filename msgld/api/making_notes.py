"""The tasks in notes, from the arguments of the public calls to their results."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

from msgld.api import checks
from msgld.api.composing import Composing, blank, composer_of, given_score
from msgld.api.record import conditions_record
from msgld.api.result import Result
from msgld.errors import UsageError
from msgld.music.bars import Bars, bars_of
from msgld.music.conditions import OPEN, Conditions
from msgld.music.score import Score
from msgld.ranges import check, check_optional, shown
from msgld.tasks.composing import arrange, extend, generate, vary
from msgld.tasks.form import Section
from msgld.tasks.form import form as in_form

SECTION = 8
"""Bars of a section where the length of a piece is left open."""


def generated(task: Composing, seconds: float | None, bars: int | None, make: Sequence[str] | None,
              form: str | None, conditions: Conditions) -> Result:  # fmt: skip
    """See :meth:`msgld.Msgld.generate`.

    Raises:
        ModelError: the model makes no notes.
        UsageError: values out of range, both lengths, or a form that is none.
    """
    letters = letters_of(form)
    if seconds is None and bars is None and letters:
        bars = SECTION * len(letters)
    if seconds is not None and bars is not None:
        raise UsageError("give the length in seconds or in bars, not both")
    bars = check_optional("bars", bars)
    length = None if bars is not None else check("seconds", 20.0 if seconds is None else seconds)
    wanted = checks.stem_names(make, composer_of(task.model).stems)
    score = blank(conditions, task.options.seed, bars, length)
    settings = {"seconds": length, "bars": bars, "make": list(wanted), **conditions_record(conditions)}
    if not letters:
        return task.result("generate", partial(generate, wanted=wanted), score, conditions, settings)
    work = partial(in_form, wanted=wanted, sections=sections_of(letters, score.bars))
    return task.result("generate", work, score, conditions, {**settings, "form": letters})


def letters_of(form: str | None) -> str:
    """The sections of a form such as ``AABA``; UsageError if it is none."""
    if form is None:
        return ""
    if not isinstance(form, str) or not re.fullmatch(r"[A-Za-z]{1,64}", form):
        raise UsageError(f"a form is a letter for each section, such as AABA, not {shown(form)}")
    return form.upper()


def sections_of(letters: str, bars: Bars) -> list[Section]:
    """Sections of equally many written bars; UsageError if they cannot be."""
    written = int(bars.number[-1]) + 1
    if written % len(letters):
        raise UsageError(
            f"{written} bars are no {len(letters)} sections of one length: choose another number of bars"
        )
    first = np.searchsorted(bars.number, np.arange(0, written + 1, written // len(letters)))
    return [
        Section(letter, int(low), int(high))
        for letter, (low, high) in zip(letters, pairwise(first), strict=True)
    ]


def arranged(task: Composing, given: Mapping[str, Any], make: Sequence[str] | None, noise: float,
             span: tuple[float | None, float | None], conditions: Conditions) -> Result:  # fmt: skip
    """Arrange in notes; see :meth:`msgld.Msgld.arrange`.

    Raises:
        ModelError: the model makes no notes.
        UsageError, DataError: as :func:`given_score`, or values out of range.
    """
    composer = composer_of(task.model)
    noise = check("noise", noise)
    start, stop = (check_optional(name, value) for name, value in zip(("start", "stop"), span, strict=True))
    checks.check_given(given, composer.stems)
    wanted = checks.to_make(make, given, composer.stems, start is not None or stop is not None)
    score = given_score(given)
    length = float(score.timeline.at(score.bars.start[-1:])[0])
    first, last = bars_between(score, *checks.span(start, stop, length))
    settings = {
        "make": list(wanted),
        "noise": noise,
        "start": start,
        "stop": stop,
        **conditions_record(conditions),
    }
    work = partial(arrange, wanted=wanted, noise=noise, first=first, last=last)
    return _of(given, task.result("arrange", work, score, conditions, settings))


def bars_between(score: Score, first: float, last: float) -> tuple[int, int]:
    """The bars of the grid from the one that holds the second ``first`` to the one that holds ``last``, excluded."""
    beats = score.timeline.beat_at(np.array([first + 1e-3, last - 1e-3]))
    low, high = np.clip(np.searchsorted(score.bars.start, beats, side="right") - 1, 0, len(score.bars) - 1)
    return int(low), int(high) + 1


def varied(task: Composing, given: Mapping[str, Any], noise: float) -> Result:
    """See :meth:`msgld.Msgld.vary`; errors as :func:`arranged`."""
    noise = check("noise", noise)
    checks.check_given(given, composer_of(task.model).stems)
    work = partial(vary, noise=noise)
    return _of(given, task.result("vary", work, given_score(given), OPEN, {"noise": noise}))


def extended(task: Composing, given: Mapping[str, Any], seconds: float) -> Result:
    """See :meth:`msgld.Msgld.extend`; the continuation begins at the bar line after the last note."""
    seconds = check("seconds", seconds)
    checks.check_given(given, composer_of(task.model).stems)
    score = given_score(given)
    past = len(score.bars)
    end = float(score.timeline.at(score.bars.start[-1:])[0]) + seconds
    bars = bars_of(score.signatures, float(score.timeline.beat_at(np.array([end]))[0]))
    longer, work = replace(score, bars=bars), partial(extend, past=past)
    return _of(given, task.result("extend", work, longer, OPEN, {"seconds": seconds}))


def _of(given: Mapping[str, Any], made: Result) -> Result:
    """A result that says what it was made from."""
    names = {stem: "score" if isinstance(one, Score) else str(one) for stem, one in given.items()}
    return replace(made, info={**made.info, "input": names})
