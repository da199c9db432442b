"""What is left open in a new piece is planned: phrases that return, over chords of their own."""

from __future__ import annotations

import pytest

from msgld.api.planning import FORMS, planned
from msgld.music.chord_names import parse_chords
from msgld.music.conditions import OPEN, Conditions
from msgld.music.keys import notes_of


def rows(conditions: Conditions, sections: tuple[tuple[str, int], ...]) -> list[tuple[str, list[str]]]:
    """The letter of each section with the chords of its bars."""
    assert conditions.chords is not None
    bars, found = conditions.chords.split(), []
    for letter, count in sections:
        found.append((letter, bars[:count]))
        bars = bars[count:]
    assert not bars
    return found


@pytest.mark.parametrize("seed", range(12))
def test_phrases_return_with_their_chords(seed: int) -> None:
    plan = planned(OPEN, 18, "", seed)
    assert plan.letters[:4] in FORMS and plan.letters[4:] == "Z"
    assert [count for _, count in plan.sections] == [4, 4, 4, 4, 2]
    material = dict[str, list[str]]()
    for letter, chords in rows(plan.conditions, plan.sections):
        assert material.setdefault(letter, chords) == chords
    assert planned(OPEN, 18, "", seed) == plan
    parse_chords(plan.conditions.chords or "")


def test_seeds_give_other_plans() -> None:
    assert len({planned(OPEN, 16, "", seed).conditions.chords for seed in range(20)}) > 15


@pytest.mark.parametrize("key", ["Eb major", "F# minor", "D dorian"])
def test_chords_keep_to_the_key_that_is_asked_for(key: str) -> None:
    inside = total = 0
    for seed in range(10):
        chords = planned(Conditions(key=key, style="folk"), 16, "", seed).conditions.chords
        for bar in parse_chords(chords or ""):
            for one in filter(None, bar):
                inside, total = inside + len(set(one.classes) & notes_of(key)), total + len(one.classes)
    assert inside > 0.85 * total


def test_what_is_asked_for_stays() -> None:
    asked = Conditions(chords="Am F C G", bpm=90)
    plan = planned(asked, 16, "", 1)
    assert plan.conditions == asked and {count for _, count in plan.sections} == {4}
    assert planned(Conditions(chords="Am F C G E"), 15, "", 1).sections[0][1] == 5
    own = planned(OPEN, 16, "AB", 1)
    assert own.letters == "AB" and [count for _, count in own.sections] == [8, 8]
    assert planned(OPEN, 16, "A", 1).sections == (("A", 16),)


@pytest.mark.parametrize("beats", [2, 3, 3.5, 6])
def test_any_metre_and_length_can_be_planned(beats: float) -> None:
    for bars in (1, 2, 3, 7):
        plan = planned(Conditions(beats=beats), bars, "", 0)
        assert sum(count for _, count in plan.sections) == bars
        assert len((plan.conditions.chords or "").split()) == bars


def test_a_section_that_is_called_like_leftover_bars_has_chords_of_its_own() -> None:
    plans = [planned(OPEN, 16, "AZ", seed) for seed in range(10)]
    found = [rows(plan.conditions, plan.sections) for plan in plans]
    assert any(first != second for (_, first), (_, second) in found)
