"""Every subset of the stems, played to the others by models of both kinds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from leaning import leaning_model as bare_model
from tiny import tiny_vocoder

from msgld.api.msgld import Msgld
from msgld.api.options import Options
from msgld.data.source import Clip
from msgld.dsp.mel import log_mel
from msgld.errors import UsageError
from msgld.evaluation.arrangement import RATE as COMPARED
from msgld.evaluation.arrangement import Played, play, scene, subset_rows
from msgld.evaluation.codec import whole_frames
from msgld.evaluation.evaluate import evaluate
from msgld.evaluation.listening import LEVELS, levels_of, listening_errors, listening_rows
from msgld.evaluation.subsets import named_subsets, proper_subsets
from msgld.metrics.coherence import agreement, copies, on_scale
from msgld.progress import Progress
from msgld.stems import RATE

FOUR = ("bass", "drums", "guitar", "piano")
STEMS = (*FOUR, "other")
FEW = Options(steps=2)
BOTH = pytest.mark.parametrize("maps", [True, False], ids=["maps", "published"])


def leaning_model(maps: bool) -> Msgld:
    model = bare_model(maps, STEMS)
    model.vocoder = tiny_vocoder()
    return Msgld(model)


def make_clip(seed: int, silent: tuple[int, ...] = (), absent: tuple[int, ...] = ()) -> Clip:
    stems = 0.1 * np.random.default_rng(seed).standard_normal((5, 2, RATE), dtype=np.float32)
    stems[[*silent, *absent]] = 0
    present = np.ones(5, bool)
    present[list(absent)] = False
    return Clip(stems, present, RATE, f"clip {seed}")


def test_the_proper_subsets_of_the_paper():
    subsets = proper_subsets(FOUR)
    assert len(subsets) == len(set(subsets)) == 14 and len(proper_subsets(STEMS)) == 30
    assert all(0 < len(subset) < 4 for subset in subsets)
    assert subsets[0] == ("bass",) and subsets[-1] == ("drums", "guitar", "piano")


def test_subsets_are_read_in_any_order_and_once():
    assert named_subsets("all", FOUR) == proper_subsets(FOUR)
    assert named_subsets(" Piano+guitar, bass,guitar+piano,", FOUR) == [("guitar", "piano"), ("bass",)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("banjo", "no stem 'banjo'"),
        ("bass+", "no stem ''"),
        (",", "guitar\\+piano"),
        ("+".join(FOUR), "leaves"),
    ],
)
def test_subsets_that_cannot_be_are_refused(text: str, words: str):
    with pytest.raises(UsageError, match=words):
        named_subsets(text, FOUR)


@BOTH
def test_all_subsets_are_played_and_reported(maps: bool, tmp_path: Path):
    clips, seen = [make_clip(i) for i in range(2)], []
    report = evaluate(
        leaning_model(maps), "arrange", clips=clips, options=FEW, out=tmp_path, on_progress=seen.append,
        subsets=proper_subsets(STEMS),
    )  # fmt: skip
    rows = {one["name"]: one for one in report["rows"]}
    assert len(rows) == 31 and "drums+guitar+piano+other" in rows
    assert all(one["count"] == 2 and one["mean"] > 0 and one["distance"] > 0 for one in report["rows"][:-1])
    assert rows["all subsets"]["count"] == 60
    assert json.loads((tmp_path / "arrange.json").read_text("utf-8"))["rows"] == report["rows"]
    assert "| guitar+piano |" in (tmp_path / "arrange.md").read_text("utf-8")
    _check_progress(seen)


def _check_progress(seen: list[Progress]) -> None:
    assert [one.done for one in seen] == sorted(one.done for one in seen)
    assert seen[0].done == 0 and seen[-1].done == seen[-1].total == 60
    assert seen[5].eta is not None and len(seen) >= 2 * 60, "told of every network call"


@BOTH
def test_what_is_played_depends_on_the_seed_alone_and_leaves_the_given_stems_out(maps: bool):
    model, clip = leaning_model(maps), make_clip(0)
    one, again, other = (
        play(model, scene(model, clip), ("guitar", "piano"), Options(steps=2, seed=seed))
        for seed in (0, 0, 1)
    )
    assert one.error == again.error != other.error
    assert one.made.shape == one.true.shape == (2, 48)


def test_a_model_that_plays_the_truth_is_no_distance_away():
    model, clip = leaning_model(True), scene(leaning_model(True), make_clip(0))
    played = play(model, clip, ("bass", "drums"), FEW)
    perfect = Played(0.0, played.true, played.true, played.pauses)
    (row,) = subset_rows({("bass", "drums"): [perfect, perfect]})
    assert row["mean"] == 0 and row["distance"] == pytest.approx(0, abs=1e-6)


def test_true_stems_fit_foreign_ones_do_not_and_copies_are_seen():
    def beat(phase: float, pitch: float) -> np.ndarray:
        time = np.arange(4 * 22_050) / 22_050
        return np.sin(2 * np.pi * pitch * time) * np.exp(-12 * ((time + phase) % 0.5))

    given = {"bass": beat(0, 110), "drums": beat(0, 4000)}
    real = agreement({"piano": beat(0, 220)}, given, COMPARED)
    foreign = agreement({"piano": beat(0.21, 311)}, given, COMPARED)
    assert real[0] > 0.5 > 0.2 > foreign[0] and real[1] > 0.5 > 0 > foreign[1]
    fits = np.array([[real, foreign, real], [foreign, foreign, real]])
    assert on_scale(*fits[..., 0].T) == on_scale(*fits[..., 1].T) == 0.5
    assert np.isnan(agreement({"drums": beat(0, 4000)}, given, COMPARED)[1])
    mels = np.random.default_rng(0).standard_normal((3, 16, 50))
    assert copies(mels[:2], mels[1:] + 0.01) == 1


def test_silent_and_absent_stems_are_not_counted():
    model, shares = leaning_model(True), []
    clip = scene(model, make_clip(0, silent=(1,), absent=(4,)))
    assert play(model, clip, ("drums",), FEW, shares.append) is None, "the true stem is silent"
    assert play(model, clip, ("bass", "guitar", "piano"), FEW, shares.append) is None, (
        "nothing that sounds is given"
    )
    assert play(model, clip, ("drums", "other"), FEW, shares.append) is None
    assert shares == [1, 1, 1]
    assert len(play(model, clip, ("bass", "drums", "other"), FEW, shares.append).made) == 1
    assert sum(shares) == pytest.approx(4)


def test_what_is_measured_is_what_a_user_gets():
    """The sounding given stems go to ``Msgld.arrange`` at their own level and rate, and nothing else does."""
    calls = []

    class Watched(Msgld):
        def arrange(self, given, make=None, **settings):
            calls.append((given, make, settings["options"]))
            return super().arrange(given, make, **settings)

    model, clip = Watched(leaning_model(True).model), make_clip(0, silent=(3,), absent=(4,))
    play(model, scene(model, clip), ("bass", "other"), FEW)
    ((given, make, options),) = calls
    assert list(given) == ["drums", "guitar"] and make == ["bass"] and options is FEW
    assert all(samples is not None and rate == RATE for samples, rate in given.values())
    assert np.array_equal(given["drums"][0], clip.stems[1])


def test_subsets_without_figures_are_left_out_and_one_stem_has_no_distance():
    one = Played(1.0, np.zeros((1, 48)), np.ones((1, 48)), np.zeros((2, 1)))
    rows = subset_rows({("bass",): [one, None], ("drums",): [None, None]})
    assert [(row["name"], row["count"], row["distance"]) for row in rows] == [
        ("bass", 1, None),
        ("all subsets", 1, None),
    ]


def test_subsets_go_with_arranging_alone():
    with pytest.raises(UsageError, match="arrange"):
        evaluate(leaning_model(True), "codec", clips=[make_clip(0)], subsets=[("bass",)])


# Does it listen, asked of a model of one level


def test_a_model_of_one_level_is_asked_by_the_published_rule():
    model = leaning_model(False).model
    levels = levels_of(model.schedule)
    assert levels == (0.7, 0.997) and levels_of(leaning_model(True).model.schedule) == LEVELS
    stems = [whole_frames(make_clip(i), model) for i in range(2)]
    z = [model.codec.encode(log_mel(one, model.codec.mel)) for one in stems]
    errors = listening_errors(model, *z, np.ones(5, bool), seed=0)
    assert (
        errors.shape == (2, 3) and np.isnan(errors[0, 2]) and np.isfinite(np.delete(errors.ravel(), 2)).all()
    )
    # This model does not hear the other stems at all, whosever they are.
    assert errors[:, 0] == pytest.approx(errors[:, 1])
    names = [row["name"] for row in listening_rows(errors[None], levels)]
    assert len(names) == 3 and names[-1] == "level 0.997: own / none"


def test_listening_is_reported_for_both_kinds(tmp_path: Path):
    for maps in (True, False):
        rows = evaluate(leaning_model(maps), "listening", clips=[make_clip(i) for i in range(3)])["rows"]
        assert all(row["mean"] == pytest.approx(1, abs=1e-3) and row["count"] == 3 for row in rows)
