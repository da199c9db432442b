"""Laws of the noise levels that the composer is trained with."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from msgld.training.score.levels import TASKS, ScoreLevels, draw_levels

ONLY = {task: ScoreLevels(**{name: float(name == task) for name in TASKS}, soft=0.0) for task in TASKS}


@given(
    st.integers(0, 10_000), st.lists(st.booleans(), min_size=6, max_size=6).filter(any), st.integers(2, 20)
)
def test_what_is_learned_is_present_and_not_known(seed: int, sounding: list[bool], bars: int) -> None:
    levels, presence, counted = draw_levels(
        np.array(sounding), bars, ScoreLevels(), np.random.default_rng(seed)
    )
    assert levels.shape == counted.shape == (6, bars)
    assert ((levels >= 0) & (levels <= 1)).all()
    assert (levels[counted] > 0).all()
    assert presence[counted.any(1)].all()
    assert presence.any()


@pytest.mark.parametrize("task", TASKS)
def test_each_task_has_its_map(task: str) -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        levels, presence, counted = draw_levels(np.ones(6, bool), 16, ONLY[task], rng)
        known = (levels == 0) & presence[:, None]
        if task == "generate":
            assert not known.any()
        if task == "arrange" and presence.sum() > 1:
            assert known.all(1).any()
            assert (counted.all(1) | known.all(1))[presence].all()
        if task == "extend":
            assert known[presence][:, 0].all()
        if task == "replay" and presence.sum() > 1:
            assert known.any()
            assert not counted.all()
        if task != "free":
            assert len(np.unique(levels[counted])) <= 1


def test_soft_levels_are_those_of_known_bars_alone() -> None:
    config = ScoreLevels(arrange=1, generate=0, extend=0, replay=0, free=0, soft=1.0, softest=0.3, drop=0.0)
    rng = np.random.default_rng(0)
    for _ in range(50):
        levels, _, _ = draw_levels(np.ones(6, bool), 8, config, rng)
        assert len(np.unique(levels)) <= 2
        assert levels.min() <= 0.3
