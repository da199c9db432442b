"""Sets whose ``other`` holds more than the model's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tiny import save_tiny_model

from msgld.api.msgld import load
from msgld.data.source import Clip
from msgld.evaluation.evaluate import evaluate
from msgld.evaluation.measures import MEASURES
from msgld.evaluation.separation import pool_estimates, without_vocals
from msgld.stems import STEMS

RATE = 44_100


def clip(pooled: tuple[str, ...] = ("guitar", "piano"), seconds: float = 1.0) -> tuple[Clip, np.ndarray]:
    """A song as MUSDB18 has it, and its six stems."""
    shape = (len(STEMS), 2, round(seconds * RATE))
    stems = 0.1 * np.random.default_rng(0).standard_normal(shape).astype(np.float32)
    present = np.array([stem not in ("guitar", "piano") for stem in STEMS])
    known = stems * present[:, None, None]
    known[-1] = stems[[2, 3, 5]].sum(0)
    return Clip(known, present, RATE, "song@0", pooled=pooled), stems


@pytest.mark.parametrize("name", ["si-sdri", "msdm-si-sdri", "log-mel-mse", "log-mel-l1"])
def test_a_perfect_separation_is_perfect_on_a_set_of_fewer_stems(name: str) -> None:
    song, stems = clip()
    measure = MEASURES[name]
    alone = measure.compute(stems, song)
    pooled = measure.compute(pool_estimates(stems, song, STEMS), song)
    assert np.isnan(pooled[2:4]).all() and np.array_equal(pooled[[0, 1, 4]], alone[[0, 1, 4]])
    better = pooled[-1] > alone[-1] + 10 if measure.higher else pooled[-1] < 1e-3 < alone[-1]
    assert better and name in MEASURES


def test_nothing_is_pooled_where_the_set_has_all_or_the_model_has_no_other() -> None:
    song, stems = clip(())
    assert pool_estimates(stems, song, STEMS) is stems
    song, _ = clip(("guitar",))
    assert pool_estimates(stems[:4], song, STEMS[:4]) is not None


def test_the_report_says_what_was_compared(tmp_path) -> None:
    model = load(save_tiny_model(tmp_path / "model"))
    report = evaluate(model, clips=[clip()[0]], out=tmp_path / "report")
    (note,) = report["remarks"]
    assert "no guitar and no piano" in note and "guitar + piano + other" in note
    assert note in (tmp_path / "report" / "separate.md").read_text()
    assert {row["name"] for row in report["rows"]} >= {"bass", "drums", "vocals", "other"}
    assert "remarks" not in evaluate(model, clips=[clip(())[0]])


def test_a_singer_in_the_wrong_one_of_vocals_and_other_counts_as_right_without_vocals() -> None:
    song, stems = clip(())
    song = replace(song, present=np.ones(len(STEMS), bool), stems=stems)
    vocals, other = STEMS.index("vocals"), STEMS.index("other")
    wrong = stems.copy()
    wrong[[vocals, other]] = wrong[[other, vocals]]
    values = MEASURES["si-sdri"].compute(*without_vocals(wrong, song, STEMS))
    assert np.isnan(values[vocals]) and np.delete(values, vocals).min() > 50
    assert MEASURES["si-sdri"].compute(wrong, song)[other] < 0
    silent = replace(song, present=np.arange(len(STEMS)) != other)
    assert without_vocals(wrong, silent, STEMS)[1].present[other]


def test_figures_without_vocals_are_a_row_where_clips_have_them(tmp_path) -> None:
    model = load(save_tiny_model(tmp_path / "model"))
    song = replace(clip(())[0], present=np.ones(len(STEMS), bool), stems=clip()[1])
    rows = {row["name"]: row for row in evaluate(model, clips=[song])["rows"]}
    assert rows["all stems"]["count"] == 6 and rows["all stems, vocals as other"]["count"] == 5
    without = replace(song, present=np.array([stem != "vocals" for stem in STEMS]))
    assert "all stems, vocals as other" not in {
        row["name"] for row in evaluate(model, clips=[without])["rows"]
    }
