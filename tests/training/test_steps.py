"""Runs of steps: what they draw from, how they go on, and what they have to do with runs of minutes."""

from __future__ import annotations

import json
import signal
import sys
import types
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from running import train
from test_pool import ONE, RATE, Breaking
from test_training import MEL, RECIPE, Tones

import msgld
from msgld.errors import UsageError
from msgld.training.denoiser.part import DenoiserTrainer
from msgld.training.folder import load_state
from msgld.training.log import RunLog, check_tracker
from msgld.training.pool.clips import ClipPool
from msgld.training.pool.energies import EnergyPool
from msgld.training.pool.lockstep import Lockstep
from msgld.training.pool.workers import running
from msgld.training.recipe import PoolConfig
from msgld.training.stopping import between_steps
from msgld.training.validation import validation_of

SLOTS = PoolConfig(slots=8, seconds=1.0, workers=0, reuse=2.0, patience=0.3)


@pytest.fixture(autouse=True)
def no_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DenoiserTrainer, "draw", lambda trainer, path: None)


def seeds_drawn(pool: ClipPool, times: int, items: int = 3) -> list[list[int]]:
    """Which clips crops are drawn from."""
    rng, found = np.random.default_rng(0), []
    for _ in range(times):
        slots, _ = pool.places(items, 10, rng)
        found.append([round(float(pool.whole(slot).max()) / 0.1) - 1 for slot in slots])
    return found


# What is drawn from


@pytest.mark.parametrize("workers", [0, 2])
def test_the_crops_drawn_so_far_decide_which_clips_are_drawn(workers: int):
    config = replace(ONE, slots=8, workers=workers, reuse=2.0)
    pool, begun = (ClipPool(Breaking(bad=(3, 9)), one, RATE) for one in (config, replace(config, workers=0)))
    pool.in_step(4)
    begun.in_step(4)
    whole = seeds_drawn(begun, 12)
    with running(pool):
        assert seeds_drawn(pool, 12) == whole
    assert pool.lockstep is not None and pool.lockstep.bad == [3, 9] == begun.lockstep.bad
    drawn = sorted({seed for step in whole for seed in step})
    assert 3 not in drawn and 9 not in drawn and 10 < max(drawn) < 4 + 36 // 2


def test_a_pool_goes_on_where_it_was():
    first = EnergyPool(Tones(), SLOTS, MEL, 0.5)
    first.in_step(5)
    rng = np.random.default_rng(0)
    for _ in range(9):
        first.draw(4, 10, rng)
    other = EnergyPool(Tones(), SLOTS, MEL, 0.5)
    other.in_step(5, int(first.drawn), first.lockstep.bad if first.lockstep else ())
    rngs = [np.random.default_rng(1), np.random.default_rng(1)]
    for _ in range(6):
        one, same = (pool.draw(4, 10, rng) for pool, rng in zip((first, other), rngs, strict=True))
        assert one.pairs.equal(same.pairs) and one.remixed.equal(same.remixed)


def test_no_clip_in_view_is_replaced():
    view = Lockstep(SLOTS, 3)
    for drawn in range(200):
        begin, end = view.begin(drawn), view.end(drawn)
        assert 1 <= end - begin <= view.window < SLOTS.slots
        ahead = SLOTS.slots + begin  # the first clip that no worker may begin
        assert ahead > end, "something may always be rendered"
        assert not {clip % 8 for clip in range(begin, end)} & {clip % 8 for clip in range(end, ahead)}


def test_processes_have_clips_of_their_own():
    pools = [ClipPool(Breaking(), SLOTS, RATE) for _ in range(3)]
    for rank, pool in enumerate(pools):
        pool.rank, pool.ranks = rank, 3
    seeds = [pool.seed_at(clip) for pool in pools for clip in range(5)]
    assert sorted(seeds) == list(range(15))


# How they go on


def test_a_run_that_is_interrupted_in_a_step_is_as_one_that_was_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    recipe = replace(RECIPE, pool=replace(RECIPE.pool, reuse=2.0), log_steps=4)
    train("denoiser", recipe, Tones(), tmp_path / "whole", steps=9)
    plain = DenoiserTrainer.losses

    def interrupted(self: DenoiserTrainer, *batch: object) -> dict[str, object]:
        if self.number == 5:
            raise KeyboardInterrupt  # its crops are drawn already
        return plain(self, *batch)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(DenoiserTrainer, "losses", interrupted)
        train("denoiser", recipe, Tones(), tmp_path / "other", steps=9)
    train("denoiser", recipe, Tones(), tmp_path / "other", steps=9)
    one, other = (
        (tmp_path / name / "model/denoiser.safetensors").read_bytes() for name in ("whole", "other")
    )
    assert one == other
    logs = [
        [json.loads(line) for line in (tmp_path / name / "log.jsonl").read_text().splitlines()]
        for name in ("whole", "other")
    ]
    logs = [[line for line in log if "v" in line] for log in logs]
    assert [line["v"] for line in logs[0]] == [line["v"] for line in logs[1]] and len(logs[0]) == 2


def test_a_run_that_died_before_it_saved_leaves_no_entries(tmp_path: Path):
    recipe = replace(RECIPE, log_steps=2)
    for name in ("whole", "other"):
        if name == "other":  # as a process leaves it that is killed before its first save
            (tmp_path / name).mkdir()
            (tmp_path / name / "log.jsonl").write_text('{"step": 2, "v": 1.0}\n{"step": 4, "v"')
        train("denoiser", recipe, Tones(), tmp_path / name, steps=4)
    one, other = ((tmp_path / name / "log.jsonl").read_text().splitlines() for name in ("whole", "other"))
    assert [json.loads(line)["step"] for line in one] == [json.loads(line)["step"] for line in other]
    assert json.loads(one[0])["v"] == json.loads(other[0])["v"]


def test_entries_of_steps_that_are_taken_again_are_removed(tmp_path: Path):
    log = RunLog(tmp_path, 1)
    for number in range(1, 6):
        log.write(number, {"a": 1.0})
    log.add({"a": 3.0})
    log.every = 2
    kept = log.state_dict()
    log.close()
    log = RunLog(tmp_path, 2, since=3)
    log.load_state_dict(json.loads(json.dumps({"sums": {"a": 3.0}, "counts": {"a": 1}, "steps": 1})))
    assert kept["steps"] == 0 and log.add({"a": 5.0}) == {"a": 4.0}
    log.close()
    assert [json.loads(line)["step"] for line in (tmp_path / "log.jsonl").read_text().splitlines()] == [
        1,
        2,
        3,
    ]


def test_a_signal_waits_for_the_end_of_the_step_a_second_one_does_not():
    with between_steps(lambda: False) as stop:
        signal.raise_signal(signal.SIGINT)
        assert stop.wanted == signal.SIGINT
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    with between_steps(lambda: True), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    with between_steps(lambda: False) as stop, pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
        stop.end()


# Steps and minutes


def test_a_run_of_steps_does_not_go_on_by_minutes_nor_the_other_way(tmp_path: Path):
    train("denoiser", RECIPE, Tones(), tmp_path / "steps", steps=2)
    with pytest.raises(UsageError, match="a run of steps: go on with --steps") as caught:
        train("denoiser", RECIPE, Tones(), tmp_path / "steps", 1.0)
    assert "\n" not in str(caught.value)
    train("denoiser", RECIPE, Tones(), tmp_path / "minutes", 1e-6)
    with pytest.raises(UsageError, match="a run of minutes: go on with --minutes"):
        train("denoiser", RECIPE, Tones(), tmp_path / "minutes", steps=2)
    with pytest.raises(UsageError, match="name one of them"):
        msgld.train(source=Tones(), out=tmp_path / "both", minutes=1, steps=2)
    train("denoiser", RECIPE, Tones(), tmp_path / "steps", steps=3)
    state = load_state(tmp_path / "steps" / "state.pt")
    assert state and state["number"] == 3


# Validation and trackers


def test_validation_is_of_the_songs_that_are_not_trained_on():
    from msgld.data.records.augment import Augmented
    from msgld.data.source import Mixed

    class Split(Tones):
        def validation(self) -> Tones:
            return inside

    inside = Tones()
    assert validation_of(Tones()) is None
    assert validation_of(Augmented(Mixed([(Split(), 1.0), (Tones(), 1.0)]), 0.5)) is inside
    both = validation_of(Mixed([(Split(), 1.0), (Split(), 1.0)]))
    assert isinstance(both, Mixed) and both.sources == [inside, inside]


def test_a_tracker_gets_what_the_log_gets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    seen: list[object] = []

    class Tracked:
        def log(self, values: dict[str, float], step: int) -> None:
            seen.append((step, values))

        def finish(self) -> None:
            seen.append("end")

    fake = types.ModuleType("trackio")
    fake.__spec__ = types.SimpleNamespace()  # type: ignore[assignment]
    fake.init = lambda **options: seen.append(options["name"]) or Tracked()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "trackio", fake)
    log = RunLog(tmp_path / "mine", 1, tracker="trackio")
    log.write(4, {"v": 0.5})
    log.close()
    assert seen == ["mine", (4, {"v": 0.5}), "end"]
    with pytest.raises(UsageError, match="no tracker named"):
        check_tracker("other")
    monkeypatch.setattr("msgld.training.log.find_spec", lambda name: None)
    with pytest.raises(UsageError, match="pip install"):
        check_tracker("trackio")
