"""Between inventing and separating: with models whose answers are known, guidance does what it says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from leaning import leaning_model
from matplotlib.image import imread

from msgld.diffusion.sampling import Sampling
from msgld.errors import UsageError
from msgld.evaluation.balance import Balance, Example, balance
from msgld.evaluation.balance_picture import GAP, tiled
from msgld.progress import Progress
from msgld.stems import RATE, STEMS

STEPS = Sampling(steps=20)
BOTH = pytest.mark.parametrize("maps", [True, False], ids=["maps", "published"])


def example(seconds: float = 0.5) -> Example:
    """A song whose stems all sound like its mixture, which is what the models of these tests believe."""
    noise = 0.05 * np.random.default_rng(0).standard_normal((2, round(seconds * RATE)), dtype=np.float32)
    return Example("song", 5 * noise, dict.fromkeys(STEMS, 5 * noise), RATE)


def found(maps: bool, weights: tuple[float, ...], song: Example | None = None, **options: object) -> Balance:
    return balance(leaning_model(maps), song or example(), STEPS, weights, **{"draws": 2, **options})


@BOTH
def test_the_more_the_mixture_counts_the_closer_the_stems_and_the_less_they_vary(maps: bool):
    rows = {row["weight"]: row for row in found(maps, (0.0, 0.5, 1.0)).rows}
    errors, variety = ([rows[weight][key] for weight in (0.0, 0.5, 1.0)] for key in ("error", "variety"))
    assert errors == sorted(errors, reverse=True) and errors[2] < 0.75 * errors[0]
    assert variety[2] < 0.6 * variety[0]
    assert rows[None]["error"] == 0 and rows[None]["variety"] is None


@BOTH
def test_draws_are_those_of_their_seeds(maps: bool):
    one, again = (found(maps, (1.0,), draws=1) for _ in range(2))
    assert np.array_equal(one.pictures, again.pictures)
    assert one.pictures.shape[:2] == (1, len(STEMS))
    other = balance(leaning_model(maps), example(), replace(STEPS, seed=1), (1.0,), 1)
    assert not np.allclose(one.pictures, other.pictures)


def test_stems_that_sum_to_the_mixture_agree_with_it():
    # Noise in five parts of equal power that share nothing: powers add up, whatever the phases.
    stems = 0.05 * np.random.default_rng(1).standard_normal((5, 2, RATE), dtype=np.float32)
    song = Example("parts", stems.sum(0), dict(zip(STEMS, stems, strict=True)), RATE)
    found_parts = balance(leaning_model(True), song, Sampling(), (1.0,), 1)
    loud = Example("alike", 5 * stems[0], dict.fromkeys(STEMS, 5 * stems[0]), RATE)
    alike = balance(leaning_model(True), loud, Sampling(), (1.0,), 1)
    # Five copies of the mixture have five times its power: 0.5 ln 5 nepers too much.
    assert alike.rows[-1]["agreement"] == pytest.approx(0.5 * np.log(5), abs=0.01)
    assert found_parts.rows[-1]["agreement"] < 0.7 * alike.rows[-1]["agreement"]


def test_without_true_stems_there_is_no_error_and_with_some_no_agreement_of_theirs():
    song = example()
    alone = found(True, (0.0, 1.0), replace(song, stems={}))
    assert [row["error"] for row in alone.rows] == [None, None] and alone.rows[1]["variety"] > 0
    some = found(True, (1.0,), replace(song, stems={"bass": song.mixture}))
    assert some.rows[0]["error"] > 0 and some.rows[1]["agreement"] is None


def test_progress_counts_draws():
    seen: list[Progress] = []
    found(False, (0.0, 1.0), on_progress=seen.append)
    assert seen[0].done == 0 and seen[-1].done == seen[-1].total == 4
    assert len(seen) > 4 * STEPS.steps and seen[7].eta is not None


@pytest.mark.parametrize(("weights", "draws"), [((), 2), ((float("nan"),), 2), ((1.0,), 0)])
def test_what_cannot_be_drawn_is_refused(weights: tuple[float, ...], draws: int):
    with pytest.raises(UsageError, match=r"weight|guidance|draws"):
        balance(leaning_model(True), example(), STEPS, weights, draws)


def test_a_song_of_no_length_is_refused():
    with pytest.raises(UsageError, match="short"):
        found(True, (1.0,), example(0.01))


def test_the_report_is_a_picture_numbers_and_a_table(tmp_path: Path):
    result = found(True, (0.0, 1.0))
    result.write(tmp_path)
    assert json.loads((tmp_path / "guidance.json").read_text("utf-8"))["rows"] == result.rows
    lines = (tmp_path / "guidance.md").read_text("utf-8").splitlines()
    assert "| true stems |  | 0.0 |" in lines[-1] and len(lines) == 2 + 2 + 3
    picture = imread(tmp_path / "guidance.png")
    assert picture.shape[1] == 1200 and picture[..., :3].std() > 0.1
    replace(result, true=np.full_like(result.true, np.nan)).write(tmp_path)
    assert len(imread(tmp_path / "guidance.png")) < len(picture), "no row for stems that are not known"


def test_tiles_lie_row_by_row_with_low_bands_below():
    rows = [np.arange(24.0).reshape(2, 3, 4) + 100 * i for i in range(3)]
    image = tiled(rows)
    assert image.shape == (3 * (3 + GAP), 2 * (4 + GAP))
    assert image[2, 0] == rows[0][0, 0, 0] and image[0, 4 + GAP] == rows[0][1, 2, 0]
    assert np.isnan(image[3, 0]) and np.isnan(image[0, 4])
    assert np.nansum(image) == sum(row.sum() for row in rows)
