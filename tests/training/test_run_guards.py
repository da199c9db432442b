"""A training run stops where it cannot go on, refuses what it cannot do before any work, and says so in one line."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from command import Done, environment, leftovers, run
from running import train
from safetensors.torch import load_file
from test_training import OFTEN, RECIPE, Tones, minutes
from tiny import save_tiny_model

import msgld
from msgld.checkpoint import load_model
from msgld.data.source import Clip
from msgld.errors import DataError, ModelError, MsgldError, TrainingError, UsageError
from msgld.training import lock
from msgld.training import run as runs
from msgld.training.denoiser.part import DenoiserTrainer
from msgld.training.folder import load_state, model_name
from msgld.training.log import RunLog
from msgld.training.part import Part
from msgld.training.trainer import DROPPED_IN_A_ROW, DROPPED_OF, Trainer

RATE = 8000
TRAIN = ("train", "--recipe", "tiny", "--stems", "songs")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, no_preparation: None) -> None:
    """Every step takes half a second."""
    ticks = iter(range(10**9))
    monkeypatch.setattr(Trainer, "clock", staticmethod(lambda: next(ticks) / 2))
    monkeypatch.setattr("msgld.training.denoiser.part.DenoiserTrainer.draw", lambda trainer, path: None)


def write_songs(folder: Path, bad: float | None = None, seconds: float = 6.0) -> Path:
    """Three songs of noise in bands; one sample of the first one's bass may be bad."""
    rng = np.random.default_rng(0)
    for number in range(3):
        for stem in ("bass", "drums", "piano"):
            path = folder / f"song{number}" / f"{stem}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            noise = 0.1 * rng.standard_normal(round(seconds * RATE)).astype(np.float32)
            if bad is not None and (number, stem) == (0, "bass"):
                noise[len(noise) // 2 :: 4000] = bad
            soundfile.write(path, noise, RATE, "FLOAT")
    return folder


# Steps without a finite loss


def spoilt(monkeypatch: pytest.MonkeyPatch, when: Callable[[int], bool]) -> None:
    """The loss of some steps is not a number."""
    plain = DenoiserTrainer.losses

    def losses(self: DenoiserTrainer, *drawn: object) -> dict[str, torch.Tensor]:
        made = plain(self, *drawn)
        return {**made, "v": made["v"] * float("nan")} if when(self.number) else made

    monkeypatch.setattr(DenoiserTrainer, "losses", losses)


def test_steps_without_a_finite_loss_are_counted_and_said(
    tmp_path: Path, clock: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    spoilt(monkeypatch, lambda number: number in (3, 4, 25))
    reports: list[dict[str, float]] = []
    folder = train(
        "denoiser",
        RECIPE,
        Tones(),
        tmp_path,
        minutes(40),
        on_progress=lambda progress: reports.append(dict(progress.figures)),
    )
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["dropped_steps"] for line in lines] == [2, 3]
    assert all(np.isfinite(list(line.values())).all() for line in lines)
    assert reports[-1]["dropped_steps"] == 3
    assert "3 of 40 steps were left out" in caplog.text
    assert load_state(tmp_path / "state.pt")["dropped"] == 3
    assert all(value.isfinite().all() for value in load_file(folder / "denoiser.safetensors").values())


def test_too_many_steps_in_a_row_end_the_run_with_the_last_good_state(
    tmp_path: Path, clock: None, monkeypatch: pytest.MonkeyPatch
):
    spoilt(monkeypatch, lambda number: number >= 10)
    with pytest.raises(TrainingError, match=f"{DROPPED_IN_A_ROW} of them in a row") as caught:
        train("denoiser", RECIPE, Tones(), tmp_path, minutes(500))
    assert "\n" not in str(caught.value)
    state = load_state(tmp_path / "state.pt")
    assert state["number"] == 9 + DROPPED_IN_A_ROW and state["dropped"] == DROPPED_IN_A_ROW
    assert all(value.isfinite().all() for value in state["denoiser"].values())
    assert load_model(tmp_path / "model").info["name"] == tmp_path.name


def test_too_large_a_share_of_the_steps_ends_the_run(
    tmp_path: Path, clock: None, monkeypatch: pytest.MonkeyPatch
):
    spoilt(monkeypatch, lambda number: number % 2 == 1)
    with pytest.raises(TrainingError, match="had no finite loss"):
        train("denoiser", RECIPE, Tones(), tmp_path, minutes(1000))
    assert load_state(tmp_path / "state.pt")["number"] == pytest.approx(DROPPED_OF, abs=2)


def test_a_run_of_bad_steps_alone_leaves_no_model(
    tmp_path: Path, clock: None, monkeypatch: pytest.MonkeyPatch
):
    spoilt(monkeypatch, lambda number: True)
    with pytest.raises(TrainingError, match="not trained yet"):
        train("denoiser", RECIPE, Tones(), tmp_path, minutes(5))
    assert not (tmp_path / "model").exists() and not (tmp_path / "state.pt").exists()


def test_weights_that_are_not_finite_are_not_saved(
    tmp_path: Path, clock: None, monkeypatch: pytest.MonkeyPatch
):
    plain = DenoiserTrainer.step

    def step(self: DenoiserTrainer) -> dict[str, float]:
        losses = plain(self)
        if self.number == 5:
            next(iter(self.network.parameters())).data.fill_(float("inf"))
        return losses

    monkeypatch.setattr(DenoiserTrainer, "step", step)
    with pytest.raises(TrainingError):
        train("denoiser", OFTEN, Tones(), tmp_path, minutes(7))
    assert load_state(tmp_path / "state.pt")["number"] == 5
    assert all(
        value.isfinite().all() for value in load_file(tmp_path / "model" / "denoiser.safetensors").values()
    )


def test_a_mean_is_of_finite_figures(tmp_path: Path):
    log = RunLog(tmp_path, 3)
    log.add({"a": 1.0, "b": float("nan")})
    log.add({"a": float("inf"), "b": float("nan")})
    assert log.add({"a": 2.0, "b": float("nan")}) == {"a": 1.5}
    log.close()


def test_an_unfinished_line_of_the_log_is_cut_off(tmp_path: Path):
    (tmp_path / "log.jsonl").write_text('{"step": 1}\n{"st')
    log = RunLog(tmp_path, 1)
    log.write(2, {"a": 1.0})
    log.close()
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2]


# Sources that fail


class Leaving(Tones):
    """A source that is away after some clips."""

    def clip(self, seed: int, seconds: float) -> Clip:
        if seed >= 8:
            raise DataError("the drive is away")
        return super().clip(seed, seconds)


def test_a_run_whose_source_stays_away_saves_and_ends(tmp_path: Path, clock: None):
    pool = replace(RECIPE.pool, reuse=8.0, patience=0.2)
    with pytest.raises(TrainingError, match="the drive is away") as caught:
        train("denoiser", replace(RECIPE, pool=pool), Leaving(), tmp_path, minutes(500))
    assert "\n" not in str(caught.value)
    steps = load_state(tmp_path / "state.pt")["number"]
    assert 1 <= steps < 30 and load_model(tmp_path / "model").info["training"]["steps"] == steps
    model = load_model(train("denoiser", RECIPE, Tones(), tmp_path, minutes(steps + 5)))
    assert model.info["training"]["steps"] == steps + 5


# Before the first step


@pytest.mark.parametrize(
    "moment", ["msgld.training.pool.energies.EnergyPool.wait", "msgld.training.denoiser.part.fit_codec"]
)
def test_stopped_before_the_first_step_there_is_no_model(
    tmp_path: Path,
    clock: None,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    moment: str,
):
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(moment, stop)
        train("denoiser", RECIPE, Tones(), tmp_path, minutes(2))
    assert "not trained yet: stopped before the first step" in caplog.text
    assert not (tmp_path / "model").exists() and not (tmp_path / "state.pt").exists()
    assert load_model(train("denoiser", RECIPE, Tones(), tmp_path, minutes(2))).info["training"]["steps"] == 2


def test_stopped_in_its_first_step_there_is_no_model(
    tmp_path: Path, clock: None, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def step(self: DenoiserTrainer) -> dict[str, float]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(DenoiserTrainer, "step", step)
        train("denoiser", RECIPE, Tones(), tmp_path, minutes(2))
    assert "not trained yet" in caplog.text and not (tmp_path / "model").exists()


def test_however_little_time_there_is_a_run_makes_a_step(tmp_path: Path, clock: None):
    model = load_model(train("denoiser", RECIPE, Tones(), tmp_path, 1e-6))
    assert model.info["training"]["steps"] == 1


def three_seconds_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run begins at 0, and all the rest is at 3 s."""
    times = chain([0.0], repeat(3.0))
    monkeypatch.setattr(runs, "clock", lambda: next(times))


def test_what_comes_before_the_steps_is_of_the_runs_time(
    tmp_path: Path, clock: None, monkeypatch: pytest.MonkeyPatch
):
    three_seconds_later(monkeypatch)
    train("denoiser", RECIPE, Tones(), tmp_path, minutes(10))
    state = load_state(tmp_path / "state.pt")
    assert (state["number"], state["prepared"]) == (4, 3.0)
    three_seconds_later(monkeypatch)
    train("denoiser", RECIPE, Tones(), tmp_path, minutes(20))
    state = load_state(tmp_path / "state.pt")
    assert (state["number"], state["prepared"]) == (8, 6.0)


# One run a folder


def test_a_folder_is_held_by_one_run(tmp_path: Path):
    with lock.alone(tmp_path / "run"):
        with pytest.raises(TrainingError, match=f"process {os.getpid()}") as caught:
            lock.refuse_busy(tmp_path / "run")
        with pytest.raises(TrainingError), lock.alone(tmp_path / "run"):
            pass
        with pytest.raises(TrainingError, match="another run"):
            train("denoiser", RECIPE, Tones(), tmp_path / "run", minutes(2))
    assert "\n" not in str(caught.value)
    lock.refuse_busy(tmp_path / "run")
    lock.refuse_busy(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()


def test_of_many_who_try_at_once_one_has_the_folder(tmp_path: Path):
    held, refused, everybody = [], [], threading.Barrier(8)

    def attempt(number: int) -> None:
        everybody.wait()
        try:
            with lock.alone(tmp_path):
                held.append(number)
                time.sleep(0.5)
        except TrainingError:
            refused.append(number)

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(held), len(refused)) == (1, 7)


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_a_second_run_is_refused_until_the_first_is_killed(tmp_path: Path):
    write_songs(tmp_path / "songs")
    command = [sys.executable, "-m", "msgld", *TRAIN, "--out", "run", "--minutes", "30"]
    first = subprocess.Popen(command, cwd=tmp_path, env=environment(), stderr=subprocess.DEVNULL)
    try:
        assert until(lambda: b"process" in read(tmp_path / "run" / lock.NAME))
        second = run([*TRAIN, "--out", "run"], tmp_path)
        assert second.code == 1 and len(second.complaints) == 1
        assert f"process {first.pid} " in second.complaints[0]
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    third = run([*TRAIN, "--out", "run", "--minutes", "0.02"], tmp_path)
    assert third.code == 0, third.err
    assert load_model(tmp_path / "run" / "model").info["training"]["steps"] >= 1


def read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def until(condition: Callable[[], bool], seconds: float = 120) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)
    return condition()


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
def test_an_interrupted_run_says_so_and_goes_on(tmp_path: Path):
    write_songs(tmp_path / "songs")
    command = [sys.executable, "-m", "msgld", *TRAIN, "--out", "run", "--minutes", "30"]
    first = subprocess.Popen(
        command, cwd=tmp_path, env=environment(), stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )  # fmt: skip
    assert until(lambda: bool(read(tmp_path / "run" / "log.jsonl")))
    first.send_signal(signal.SIGINT)
    _, err = first.communicate(timeout=120)
    assert first.returncode == 130 and "Traceback" not in err and "the same command goes on from there" in err
    steps = load_model(tmp_path / "run" / "model").info["training"]["steps"]
    assert steps >= 20 and f"stopped after {steps} steps" in err


# Whole runs


def test_a_file_with_bad_samples_is_named_and_the_run_goes_on(tmp_path: Path):
    write_songs(tmp_path / "songs", bad=float("nan"))
    begun = time.monotonic()
    done: Done = run([*TRAIN, "--out", "runs/mine", "--minutes", "0.25"], tmp_path)
    assert done.code == 0, done.err
    assert time.monotonic() - begun < 90, "most of it is for the imports of a busy machine"
    named = [line for line in done.err.splitlines() if "not numbers" in line]
    assert len(named) == 1 and "bass" in named[0]
    assert "1 file set aside" in done.err and "nan" not in done.err
    folder = tmp_path / "runs" / "mine" / "model"
    for part in ("codec", "denoiser"):
        values = load_file(folder / f"{part}.safetensors").values()
        assert all(value.isfinite().all() for value in values)
    info = load_model(folder).info
    assert info["name"] == "mine" and info["recipe"]["name"] == "tiny" and info["training"]["steps"] >= 1


@pytest.mark.skipif(sys.platform == "win32", reason="file sizes are limited as on POSIX")
def test_a_full_disk_is_said_in_one_line(tmp_path: Path):
    def small_files() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))

    write_songs(tmp_path / "songs")
    done = run([*TRAIN, "--out", "run", "--minutes", "0.02"], tmp_path, small_files)
    assert done.code == 1 and len(done.complaints) == 1, done.err
    assert "cannot write to run" in done.complaints[0]
    assert not leftovers(tmp_path) and not (tmp_path / "run" / "model" / "model.json").exists()


# What is refused before any work


@pytest.fixture
def no_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """No clip may be rendered."""

    def refuse(*_: object) -> None:
        raise AssertionError("a clip was rendered")

    monkeypatch.setattr("msgld.training.pool.pool.Pool.render", refuse)


def command(folder: Path, part: str = "denoiser", **changes: Any) -> Path:
    """What ``msgld train`` calls."""
    plain = {"recipe": "tiny", "stems": [folder / "songs"], "minutes": 0.01, "out": folder / "run"}
    return msgld.train(part, device="cpu", **{**plain, **changes})


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with songs and a run of one step or so."""
    folder = tmp_path_factory.mktemp("trained")
    write_songs(folder / "songs")
    write_songs(folder / "others")
    command(folder)
    return folder


def test_a_run_of_something_else_is_refused_before_any_work(trained: Path, no_work: None):
    model = save_tiny_model(trained / "start")
    for part, changes, words in (
        ("denoiser", {"recipe": "small"}, "recipe tiny, not recipe small"),
        ("denoiser", {"stems": [trained / "others"]}, "others"),
        ("denoiser", {"band": True}, "band"),
        ("denoiser", {"start": model}, "no start"),
        ("refiner", {"start": model}, "part denoiser, not part refiner"),
        ("denoiser", {"seed": 3}, "seed 0, not seed 3"),
        ("notes", {"start": model}, "part"),
        ("vocoder", {"start": model}, "part"),
    ):
        with pytest.raises(UsageError, match=words) as caught:
            command(trained, part, **changes)
        assert "\n" not in str(caught.value)


def test_the_same_command_goes_on_however_its_folders_are_written(
    trained: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(trained)
    assert command(trained, stems=["songs"], out="run", minutes=0.02) == Path("run/model")


def test_a_run_with_other_stems_is_refused(tmp_path: Path, clock: None):
    train("denoiser", RECIPE, Tones(), tmp_path, minutes(1))
    other = Tones()
    other.stems = ("bass", "drums", "piano")
    with pytest.raises(UsageError, match="stems bass, drums, guitar"):
        train("denoiser", RECIPE, other, tmp_path, minutes(2))


def test_a_model_of_other_stems_is_no_start(tmp_path: Path, clock: None, no_work: None):
    save_tiny_model(tmp_path / "start")
    with pytest.raises(ModelError, match="the model to start with, has the stems bass, drums, guitar, piano"):
        train("denoiser", RECIPE, Tones(), tmp_path / "run", minutes(2), start=tmp_path / "start")
    assert not (tmp_path / "run").exists()


def test_a_model_of_another_size_is_refused_before_any_work(tmp_path: Path, no_work: None):
    write_songs(tmp_path / "songs")
    with pytest.raises(ModelError, match="another size"):
        command(tmp_path, start=save_tiny_model(tmp_path / "start"))


@pytest.mark.parametrize("option", ["start", "first_stage"])
def test_models_are_called_by_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str):
    write_songs(tmp_path / "songs")
    monkeypatch.chdir(tmp_path)
    seen: list[Path | None] = []

    def instead(part: Part, *_: object, **__: object) -> Path:
        seen.append(getattr(part, option))
        return tmp_path

    monkeypatch.setattr("msgld.api.train.run_part", instead)
    command(tmp_path, **{option: "small"})
    assert seen[0] is not None and (seen[0] / "model.json").is_file() and seen[0].name == "small"
    with pytest.raises(ModelError, match="no model 'nothing'"):
        command(tmp_path, **{option: "nothing"})


def test_no_soundfont_is_asked_for_where_nothing_is_rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def none(*_: object) -> None:
        raise DataError("no soundfont")

    monkeypatch.setattr("msgld.data.scores.find_soundfonts", none)
    write_songs(tmp_path / "songs")
    command(tmp_path)
    for changes in ({"band": True}, {"stems": ()}):
        with pytest.raises(DataError, match="no soundfont"):
            command(tmp_path, out=tmp_path / "other", **changes)
    # Whatever else is wrong is said first.
    with pytest.raises(MsgldError, match="--first-stage"):
        command(tmp_path, recipe="paper", stems=(), out=tmp_path / "other")


# Names


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        ("runs/mine", "mine"),
        ("runs/small", "small-tuned"),
        ("runs/SMALL", "SMALL-tuned"),
        ("runs/Für Elise v1.2", "Für Elise v1.2"),
        ("runs/a:b*c?", "a_b_c_"),
        ("runs/...", "trained"),
        ("runs/nul", "trained"),
        ("/", "trained"),
        ("runs/" + "x" * 200, "x" * 94),
    ],
)
def test_a_model_is_called_as_its_run(folder: str, name: str):
    assert model_name(Path(folder)) == name
