"""What is left open in a new piece is drawn first: style, key, chords, form, and who plays how much."""

from __future__ import annotations

import numpy as np
import pytest

from msgld.api.planning import Plan, planned
from msgld.api.sketch import in_a_style, notes_of_band
from msgld.data.band.compose import plan_piece, play_out
from msgld.data.band.dice import Dice
from msgld.data.band.styles import RESERVED_STYLES, STYLES
from msgld.data.scores import song_of_band
from msgld.music.chord_names import parse_chords
from msgld.music.conditions import OPEN, Conditions
from msgld.music.keys import notes_of
from msgld.music.score import SCORE_STEMS, score_of


def plan_of(conditions: Conditions, bars: int, letters: str = "", seed: int = 0) -> Plan:
    """A plan of all stems at 120."""
    return planned(conditions, 120.0, bars, letters, SCORE_STEMS, SCORE_STEMS, seed)


def rows(plan: Plan) -> list[tuple[str, list[str]]]:
    """The letter of each section with the chords of its bars."""
    assert plan.conditions.chords is not None
    bars, found = plan.conditions.chords.split(), []
    for letter, count in plan.sections:
        found.append((letter, bars[:count]))
        bars = bars[count:]
    assert not bars
    return found


@pytest.mark.parametrize("seed", range(12))
def test_phrases_return_with_their_chords(seed: int) -> None:
    plan = plan_of(OPEN, 32, seed=seed)
    material = dict[str, list[str]]()
    for letter, chords in rows(plan):
        assert len(chords) <= 4 and material.setdefault(letter, chords) == chords
    again = plan_of(OPEN, 32, seed=seed)
    assert again.conditions == plan.conditions and again.sections == plan.sections
    np.testing.assert_array_equal(again.own, plan.own)


def test_most_pieces_have_a_phrase_that_returns() -> None:
    assert np.mean([len(set(plan_of(OPEN, 32, seed=seed).letters)) < 8 for seed in range(12)]) > 0.8


def test_seeds_give_other_plans() -> None:
    assert len({plan_of(OPEN, 16, seed=seed).conditions.chords for seed in range(20)}) > 15


@pytest.mark.parametrize("key", ["Eb major", "F# minor", "D dorian"])
def test_chords_keep_to_the_key_that_is_asked_for(key: str) -> None:
    inside = total = 0
    for seed in range(10):
        chords = plan_of(Conditions(key=key, style="folk"), 16, seed=seed).conditions.chords
        for bar in parse_chords(chords or ""):
            for one in filter(None, bar):
                inside, total = inside + len(set(one.classes) & notes_of(key)), total + len(one.classes)
    assert inside > 0.85 * total


def test_what_is_asked_for_stays() -> None:
    asked = Conditions(chords="Am F C G", bpm=90, instruments={"piano": (4,)})
    plan = plan_of(asked, 16, seed=1)
    assert (plan.conditions.chords, plan.conditions.key, plan.conditions.bpm) == ("Am F C G", None, 90)
    assert plan.conditions.programs["piano"] == (4,)
    assert plan_of(Conditions(chords="Am F C G E"), 15, seed=1).sections[0][1] == 5
    barred = plan_of(Conditions(chords="Am | F | C | G | E"), 15, seed=1)
    assert barred.sections == plan_of(Conditions(chords="Am F C G E"), 15, seed=1).sections
    own = plan_of(OPEN, 16, "AB", 1)
    assert own.letters == "AB" and [count for _, count in own.sections] == [8, 8]
    assert plan_of(OPEN, 16, "A", 1).sections == (("A", 16),)


def test_a_section_that_returns_has_the_chords_and_the_density_of_its_first() -> None:
    plan = plan_of(OPEN, 24, "ABA", 3)
    (_, first), _, (_, last) = rows(plan)
    assert first == last
    np.testing.assert_array_equal(plan.own[:, :8], plan.own[:, 16:])


@pytest.mark.parametrize("beats", [2, 3, 3.5, 6])
def test_any_metre_and_length_can_be_planned(beats: float) -> None:
    for bars in (1, 2, 3, 7):
        plan = plan_of(Conditions(beats=beats), bars)
        assert sum(count for _, count in plan.sections) == bars == plan.own.shape[1]
        assert len((plan.conditions.chords or "").split()) == bars
        assert not plan.own.any(), "what is drawn for other bars says nothing of these"


@pytest.mark.parametrize("seed", range(6))
def test_the_stems_that_are_wanted_play_most(seed: int) -> None:
    """Density is known of the stems that the sketch has, and open of the others."""
    own = plan_of(OPEN, 16, seed=seed).own
    assert set(np.unique(own[:, :, 0])) <= {0.0, 1.0}
    known = own[:, :, 0].all(1)
    assert known.sum() >= 4 and (own[known, :, 1] > 0).mean() > 0.5
    assert not own[~known].any()
    alone = planned(OPEN, 120.0, 16, "", SCORE_STEMS, ("piano",), seed).own[SCORE_STEMS.index("piano")]
    assert not alone[:, 0].all() or (alone[:, 1] > 0).mean() >= 0.5


def test_a_style_of_the_metre_and_of_the_tempo_is_drawn() -> None:
    names = tuple(STYLES)
    for seed in range(20):
        fast = in_a_style(Conditions(bpm=170), names, seed).style
        assert fast is not None and STYLES[fast].tempo[0] <= 170 <= STYLES[fast].tempo[1]
        assert in_a_style(OPEN, names, seed).style not in RESERVED_STYLES
    assert in_a_style(Conditions(beats=3.5), names, 0).style is None
    assert in_a_style(OPEN, (), 0).style is None
    assert in_a_style(Conditions(bpm=290), ("folk",), 0).style == "folk"
    assert in_a_style(Conditions(style="waltz"), names, 0) == Conditions(style="waltz")


@pytest.mark.parametrize("style", ["bossa", "metal", "waltz"])
def test_a_sketch_has_the_notes_that_the_band_plays(style: str) -> None:
    """It has them without symusic, which a plain installation lacks."""
    song = plan_piece(STYLES[style], None, None, 12, Dice(5))
    band = score_of(song_of_band(play_out(song, 7))).notes
    sketch = notes_of_band(song, 7)
    assert list(sketch) == list(band)
    for stem, notes in sketch.items():
        order, other = (
            np.lexsort((notes.pitch, notes.onset)),
            np.lexsort((band[stem].pitch, band[stem].onset)),
        )
        np.testing.assert_allclose(notes.onset[order], band[stem].onset[other], atol=1e-6)
        assert notes.pitch[order].tolist() == band[stem].pitch[other].tolist()
        assert notes.velocity[order].tolist() == band[stem].velocity[other].tolist()
        assert notes.programs == band[stem].programs
