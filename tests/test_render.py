"""Rendering: what the notes and controllers of a score do to the sound."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from scores import band, control, score, symusic, track

from msgld.data.classes import stem_of, substitute
from msgld.data.fonts import find_soundfonts, heldout_soundfont
from msgld.data.parts import length, parts, sounding, split, stretch, transpose
from msgld.data.render import Renderer, balance, render
from msgld.errors import DataError
from msgld.types import STEMS

RATE = 22_050


@pytest.fixture(scope="module")
def renderer() -> Renderer:
    return Renderer(heldout_soundfont(), RATE)


def rms(x: np.ndarray) -> float:
    return float(np.sqrt(np.mean(np.square(x))))


@pytest.mark.parametrize(
    ("program", "is_drum", "stem"),
    [(0, False, "piano"), (7, False, "piano"), (8, False, "other"), (24, False, "guitar"), (31, False, "guitar"),
     (32, False, "bass"), (39, False, "bass"), (40, False, "other"), (127, False, "other"), (33, True, "drums")],
)  # fmt: skip
def test_stem_of_program(program: int, is_drum: bool, stem: str) -> None:
    assert stem_of(program, is_drum) == stem


def test_substitutes_keep_the_stem() -> None:
    rng = np.random.default_rng(0)
    for program in range(128):
        assert stem_of(substitute(program, False, rng)) == stem_of(program)


def test_split_keeps_all_notes_and_prefers_a_stems_name() -> None:
    made = score(
        track([(0, 1, 40, 90)], 33),
        track([(0, 1, 60, 90), (1, 1, 62, 90)], 48, name="piano"),
        track([(0, 1, 60, 90)], 46, name="Guitar"),
        track([(0, 1, 36, 90)], is_drum=True),
    )
    stems = split(made)
    assert {stem: part.note_num() for stem, part in stems.items()} == {
        "bass": 1,
        "drums": 1,
        "piano": 2,
        "other": 1,
    }
    assert made.note_num() == 5


@pytest.mark.parametrize("seconds", [0.5, 1.2345, 2.0])
@pytest.mark.parametrize("start", [0.0, 3.21, 1000.0])
def test_length_is_exact_wherever_it_is_cut(renderer: Renderer, start: float, seconds: float) -> None:
    sound = renderer.render(band(6), start, seconds)
    assert sound.shape == (2, round(seconds * RATE)) and sound.dtype == np.float32
    assert (rms(sound) > 0) == (start < 6)


def test_a_later_start_gives_the_same_sound(renderer: Renderer) -> None:
    held = track([(0.1, 7.5, 52, 90)], program=19)
    made = parts(score(*band(8).tracks, held))
    whole, late = renderer.render(made, 0, 4), renderer.render(made, 2, 2)
    assert rms(whole[:, 2 * RATE :] - late) < 1e-3 * rms(late)


def test_a_note_begins_when_it_should(renderer: Renderer) -> None:
    sound = np.abs(renderer.render(score(track([(0.5, 0.5, 72, 100)], 80)), 0, 1)).max(axis=0)
    (heard,) = np.nonzero(sound > 0.05 * sound.max())
    assert 0.5 <= heard[0] / RATE < 0.53


def test_stems_sum_to_the_whole(renderer: Renderer) -> None:
    made = parts(band(4))
    stems = renderer.render_stems(made, 0, 4)
    assert stems.shape[0] == len(STEMS)
    np.testing.assert_allclose(stems.sum(axis=0), renderer.render(made, 0, 4), atol=1e-5)
    assert [rms(stem) > 0 for stem in stems] == [True, True, False, True, False]


def test_render_names_the_stems() -> None:
    stems = render(band(2), heldout_soundfont(), RATE, seconds=1.0)
    assert tuple(stems) == STEMS and stems["bass"].shape == (2, RATE)


@pytest.mark.parametrize(
    ("softer", "expected"), [({7: 50}, -12.0), ({11: 64}, -12.0), ({7: 100, 11: 127}, 0.0)]
)
def test_volume_and_expression_set_the_level(
    renderer: Renderer, softer: dict[int, int], expected: float
) -> None:
    loud, soft = track([(0, 1, 60, 127)]), track([(0, 1, 60, 127)])
    for number, value in softer.items():
        control(soft, number, value)
    decibels = 20 * np.log10(
        rms(renderer.render(score(soft), 0, 1)) / rms(renderer.render(score(loud), 0, 1))
    )
    assert decibels == pytest.approx(expected, abs=1.1)


def test_louder_strokes_sound_louder(renderer: Renderer) -> None:
    levels = [rms(renderer.render(score(track([(0, 1, 60, v)])), 0, 1)) for v in (30, 60, 90, 127)]
    assert all(b > 1.5 * a for a, b in pairwise(levels))


def test_pan_moves_sound(renderer: Renderer) -> None:
    def sides(value: int) -> tuple[float, float]:
        sound = renderer.render(score(control(track([(0, 1, 60, 100)], 80), 10, value)), 0, 1)
        return rms(sound[0]), rms(sound[1])

    left, middle, right = sides(0), sides(64), sides(127)
    assert left[1] < 1e-6 < left[0] and right[0] < 1e-6 < right[1]
    assert sum(x**2 for x in left) == pytest.approx(sum(x**2 for x in middle), rel=0.1)


def test_balance_has_equal_power() -> None:
    gains = balance(np.linspace(-1, 1, 9))
    np.testing.assert_allclose((gains**2).sum(axis=0), 2)
    np.testing.assert_allclose(gains[:, 4], 1)


def test_the_pedal_holds_notes_until_it_is_lifted_or_the_key_is_struck_again() -> None:
    held = track([(0, 0.2, 60, 90), (0.5, 0.2, 64, 90), (1.0, 0.2, 64, 90), (3, 0.2, 60, 90)])
    held.pedals.append(symusic.Pedal(0.1, 2.0, ttype="second"))
    (part,) = parts(score(held))
    np.testing.assert_allclose(part.onset + part.duration, [2.1, 1.0, 2.1, 3.2], atol=1e-5)


def test_transposing_leaves_drums_alone_and_inverts() -> None:
    made = parts(band(4))
    moved = transpose(made, 5)
    for before, after in zip(made, moved, strict=True):
        assert np.array_equal(after.pitch - before.pitch, np.full(len(before), 0 if before.is_drum else 5))
    assert all(np.array_equal(a.pitch, b.pitch) for a, b in zip(made, transpose(moved, -5), strict=True))


def test_transposing_stays_within_midi() -> None:
    (part,) = transpose(parts(score(track([(0, 1, 1, 90), (0, 1, 126, 90)]))), -3)
    assert sorted(part.pitch) == [10, 123]


def test_a_faster_tempo_is_shorter() -> None:
    made = parts(band(8))
    assert length(stretch(made, 2.0)) == pytest.approx(length(made) / 2)
    assert length(()) == 0


def test_sounding_counts_what_is_heard_in_the_stretch() -> None:
    made = parts(score(*band(4).tracks, track([(0, 20, 52, 90)], 48), track([(30, 1, 52, 90)] * 3, 25)))
    assert sounding(made, 0, 4) == {"bass", "drums", "piano", "other"}
    assert sounding(made, 10, 4) == {"other"}
    assert sounding(made, 29, 4) == {"guitar"}


def test_soundfonts_are_listed_once_and_never_the_held_out_one(tmp_path: Path) -> None:
    for name in ("b.sf2", "a.SF3", "timgm6mb.sf2", "readme.txt"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "c.sf2").symlink_to(tmp_path / "b.sf2")
    assert [font.name for font in find_soundfonts(tmp_path)] == ["a.SF3", "b.sf2"]
    assert len(find_soundfonts(tmp_path, training=False)) == 3
    assert [font.name for font in find_soundfonts(tmp_path / "b.sf2")] == ["b.sf2"]


def test_unusable_soundfonts_are_refused_in_one_line(tmp_path: Path) -> None:
    bad = tmp_path / "bad.sf2"
    bad.write_bytes(b"not a soundfont" * 9)
    with pytest.raises(DataError, match=r"bad\.sf2"):
        Renderer(bad)
    with pytest.raises(DataError, match="does not exist"):
        Renderer(tmp_path / "none.sf2")
    with pytest.raises(DataError, match="no soundfont"):
        find_soundfonts(tmp_path / "empty")
