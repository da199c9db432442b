"""Bars of the frozen clips are known again in any key, and others are not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from score_tiny import some_cells

from msgld.data.held_bars import bar_hashes, held_bars, held_hashes
from msgld.data.score_clips import ScoreClips
from msgld.music.grid import Cells, to_cells
from msgld.music.score import SCORE_STEMS


def chords(keys: list[int], steps: list[int], bar: int = 0) -> Cells:
    slot = np.repeat(np.array(steps, np.int32) + 16 * bar, len(keys))
    key = np.tile(np.array(keys, np.int16), len(steps))
    return Cells(slot, slot + 2, key, np.full(len(slot), 80, np.int16), np.zeros(len(slot), np.float32))


def hashes(cells: Cells, bars: int) -> np.ndarray:
    return bar_hashes("piano", cells, bars)


def test_a_bar_is_the_same_in_another_key_in_another_order_and_at_another_place() -> None:
    one = hashes(chords([40, 44, 47], [0, 4, 10]), 4)
    assert one[0] != 0 and not one[1:].any()
    assert hashes(chords([45, 49, 52], [0, 4, 10]), 4)[0] == one[0]
    assert hashes(chords([47, 40, 44], [10, 0, 4], bar=3), 4)[3] == one[0]


def test_other_notes_are_another_bar_and_loudness_and_length_do_not_count() -> None:
    one = chords([40, 44, 47], [0, 4, 10])
    assert hashes(replace(one, velocity=one.velocity + 9, stop=one.stop + 3), 1) == bar_hashes(
        "piano", one, 1
    )
    others = [
        chords([40, 43, 47], [0, 4, 10]),
        chords([40, 44, 47], [0, 4, 11]),
        chords([40, 44, 59], [0, 4, 10]),
    ]
    assert len({int(hashes(cells, 1)[0]) for cells in (one, *others)}) == 4


def test_bars_of_few_notes_or_pitches_are_everybodys() -> None:
    few = [
        chords([40, 44, 47], [0]),
        chords([40], list(range(16))),
        chords([40, 52], list(range(16))),
        Cells.none(),
    ]
    assert not any(hashes(cells, 2).any() for cells in few)


def test_bars_of_the_bands_clips_are_held_and_random_ones_are_not() -> None:
    clip, score = ScoreClips()[0]
    last = clip.first + clip.bars
    cells = {
        stem: to_cells(notes, score.bars).between(clip.first, last) for stem, notes in score.notes.items()
    }
    held = held_bars(cells, SCORE_STEMS, clip.bars)
    assert held.any() and not held[SCORE_STEMS.index("drums")].any()
    for stem, number in zip(SCORE_STEMS, range(len(SCORE_STEMS)), strict=True):
        if stem in cells and stem != "drums":
            assert np.array_equal(held[number], bar_hashes(stem, cells[stem], clip.bars) > 0)
    rng = np.random.default_rng(0)
    assert not held_bars({"piano": some_cells(rng, 40)}, SCORE_STEMS, 40).any()
    assert (np.diff(held_hashes().astype(object)) > 0).all() and held_hashes()[0] > 0
