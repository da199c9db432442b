"""The pool of clips: what it keeps, what it passes over, and when it gives up."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from msgld.api.prepare import prepare
from msgld.data.records.augment import Augmented
from msgld.data.source import (
    LOUDEST,
    BadClip,
    Clip,
    Mixed,
    Source,
    checked,
    missing_file,
    music_seconds,
    origin_of,
)
from msgld.data.stem_folders.folder import StemFolder, open_set
from msgld.errors import DataError, TrainingError
from msgld.training.pool.clips import ClipPool, draw_crops
from msgld.training.pool.energies import EnergyPool
from msgld.training.pool.filling import FEWEST, fitting, wait_for
from msgld.training.pool.pool import LEAST
from msgld.training.pool.supply import check_shared_memory
from msgld.training.pool.troubles import IN_A_ROW, LINES, Patience, Trouble, Troubles
from msgld.training.pool.workers import running
from msgld.training.recipe import PoolConfig

RATE = 100
FEW = PoolConfig(slots=5, seconds=0.8, workers=0, patience=0.3)
ONE = replace(FEW, workers=1)


@dataclass(frozen=True)
class Breaking:
    """A source of constants, which say the seed. Some clips end the process, have bad samples or cannot be read."""

    crashing: tuple[int, ...] = ()
    bad: tuple[int, ...] = ()
    value: float = float("nan")
    failing: tuple[int, ...] = ()
    error: Exception = field(default_factory=lambda: DataError("songs/a.wav cannot be read"))
    stems: tuple[str, ...] = ("a", "b")

    def clip(self, seed: int, seconds: float) -> Clip:
        if seed in self.crashing:
            os._exit(3)
        if seed in self.failing:
            raise self.error
        stems = np.full((2, 2, round(seconds * RATE)), 0.1 * (seed + 1), np.float32)
        if seed in self.bad:
            stems[1, 0, 7] = self.value
        return Clip(stems, np.ones(2, bool), RATE, f"song{seed % 2}@{seed}")


class Telling(Breaking):
    """One that can tell which piece a clip is of."""

    def origin(self, seed: int) -> str:
        return f"song{seed % 2}"


def seeds_in(pool: ClipPool) -> list[int]:
    """Which clips the slots hold."""
    return [round(float(pool.whole(slot).max()) / 0.1) - 1 for slot in range(pool.config.slots)]


def filled(source: Source, config: PoolConfig = FEW) -> ClipPool:
    pool = ClipPool(source, config, RATE)
    pool.fill()
    return pool


def wait(pool: ClipPool, clips: int = 5) -> None:
    for _ in pool.wait(clips):
        pass


# Bad samples


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e30, -2 * LOUDEST])
def test_a_clip_with_bad_samples_never_reaches_the_pool(value: float, caplog: pytest.LogCaptureFixture):
    pool = filled(Breaking(bad=(1, 2, 5), value=value))
    assert seeds_in(pool) == [0, 3, 4, 6, 7]
    assert pool.troubles.left_out == 3 and not pool.broken
    lines = [record.message for record in caplog.records]
    assert len(lines) == 2, "one for each piece"
    assert "song1@1" in lines[0] and "stem b" in lines[0] and "song0@2" in lines[1]


def test_a_clip_that_replaces_another_leaves_it_alone_if_it_is_bad():
    pool = filled(Breaking(bad=(5, 6)))
    pool.drawn += round(2 * pool.config.reuse)
    pool.fill()
    assert seeds_in(pool) == [7, 8, 2, 3, 4]


@given(st.integers(0, 1), st.integers(0, 1), st.integers(0, 79), st.floats(width=32))
def test_any_sample_is_a_number_or_refused(stem: int, channel: int, place: int, value: float):
    stems = np.full((2, 2, 80), 0.5, np.float32)
    stems[stem, channel, place] = value
    clip = Clip(stems, np.ones(2, bool), RATE, "song@0")
    if abs(value) <= LOUDEST:
        assert checked(clip, ("a", "b")) is clip
    else:
        with pytest.raises(BadClip, match=f"stem {'ab'[stem]} "):
            checked(clip, ("a", "b"))


def test_samples_on_a_16_bit_scale_are_usable():
    clip = Clip(np.full((1, 2, 8), 32768.0, np.float32), np.ones(1, bool), RATE, "song@0")
    assert checked(clip, ("a",)) is clip


def test_effects_do_not_hide_bad_samples():
    with pytest.raises(BadClip):
        Augmented(Breaking(bad=(0,), value=1e30), 1.0).clip(0, 0.8)


def test_too_many_bad_clips_end_the_run_in_one_line():
    with pytest.raises(TrainingError, match="could not be used") as caught:
        filled(Breaking(bad=tuple(range(1, 1000))))
    assert "\n" not in str(caught.value)


def test_a_worker_tells_of_bad_clips(caplog: pytest.LogCaptureFixture):
    pool = ClipPool(Breaking(bad=(1, 2)), ONE, RATE)
    with running(pool):
        wait(pool)
    assert seeds_in(pool) == [0, 3, 4, 5, 6]
    assert pool.troubles.counts["bad"] == 2 and "song1@1: stem b" in caplog.text


def test_lines_about_clips_are_few(caplog: pytest.LogCaptureFixture):
    troubles = Troubles()
    for number in range(100):
        troubles.note(Trouble("bad", f"file {number} is bad", f"file {number}"))
    assert len(caplog.records) == LINES and "only counted" in caplog.records[-1].message
    assert troubles.left_out == 100


# Sources that fail


def test_a_clip_that_cannot_be_read_is_passed_over(caplog: pytest.LogCaptureFixture):
    pool = filled(Breaking(failing=(0, 3)))
    assert seeds_in(pool) == [1, 2, 4, 5, 6]
    assert "songs/a.wav cannot be read" in caplog.text and pool.troubles.left_out == 2


def test_a_source_that_is_away_is_waited_for_and_then_given_up(caplog: pytest.LogCaptureFixture):
    begun = time.monotonic()
    with pytest.raises(TrainingError, match=r"songs/a\.wav cannot be read") as caught:
        filled(Breaking(failing=tuple(range(3, 10**4))))
    assert 0.3 <= time.monotonic() - begun < 5
    assert "\n" not in str(caught.value)
    assert len([r for r in caplog.records if "waiting for clips" in r.message]) == 1


def test_a_fault_of_the_source_itself_is_not_waited_for():
    patient = replace(FEW, patience=1000.0)
    with pytest.raises(TrainingError, match="ZeroDivisionError"):
        filled(Breaking(failing=tuple(range(100)), error=ZeroDivisionError("division by zero")), patient)


def test_patience_backs_off_and_ends():
    now = [0.0]
    patience, pauses = Patience(60.0, lambda: now[0]), []
    while (pause := patience.failed()) is not None:
        pauses.append(pause)
        now[0] += pause + 0.01
    assert pauses[: IN_A_ROW + 3] == [0.0] * (IN_A_ROW - 1) + [0.5, 1.0, 2.0, 4.0]
    assert max(pauses) == 8.0 and 60 <= now[0] < 62
    patience.succeeded()
    assert patience.failed() == 0.0


def song_folder(path: Path) -> Path:
    for number in range(2):
        (path / f"song{number}").mkdir(parents=True)
        for stem in ("bass", "drums"):
            tone = 0.1 * np.sin(np.arange(8000) * (0.05 + 0.02 * number))
            soundfile.write(path / f"song{number}" / f"{stem}.wav", tone, 8000)
    return path


@pytest.mark.parametrize("workers", [0, 1])
def test_a_folder_that_is_away_for_a_moment_is_used_again(
    tmp_path: Path, workers: int, caplog: pytest.LogCaptureFixture
):
    folder, rng = song_folder(tmp_path / "songs"), np.random.default_rng(0)
    pool = ClipPool(
        StemFolder(folder), PoolConfig(slots=4, seconds=0.5, workers=workers, reuse=2.0, patience=60), 8000
    )
    with running(pool):
        wait(pool, 4)
        folder.rename(tmp_path / "away")
        script = f"import os, time; time.sleep(2.5); os.rename({str(tmp_path / 'away')!r}, {str(folder)!r})"
        back = subprocess.Popen([sys.executable, "-c", script])
        for _ in range(12):
            draw_crops(pool, 2, 1000, rng)
            assert int(pool.drawn) <= 2 * pool.written + 2, "old clips are learned by heart"
        back.wait()
    said = [record.message for record in caplog.records]
    assert any("waiting for clips" in line and "song" in line for line in said)
    assert said[-1] == "clips can be rendered again"


def test_a_part_of_the_data_that_is_away_is_waited_for(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    """Or the run would go on with the other sources alone."""
    folder = song_folder(tmp_path / "songs")
    songs = StemFolder(folder)
    source = Augmented(Mixed([(songs, 1.0), (Tone(songs.stems), 3.0)]), 0.5)
    pool = ClipPool(source, PoolConfig(slots=4, seconds=0.5, workers=0, patience=1.0), 8000)
    pool.fill()
    folder.rename(tmp_path / "away")
    with pytest.raises(TrainingError, match="gone or out of reach"):
        for _ in range(1000):
            draw_crops(pool, 2, 1000, np.random.default_rng(0))
    assert pool.troubles.left_out == 0
    before = pool.seed_of(0)
    (tmp_path / "away").rename(folder)
    assert missing_file(source) is None and pool.seed_of(0) == before


@dataclass(frozen=True)
class Tone:
    """A source that is never away."""

    stems: tuple[str, ...]
    level: float = 0.1

    def clip(self, seed: int, seconds: float) -> Clip:
        samples = round(seconds * 8000)
        return Clip(
            np.full((len(self.stems), 2, samples), self.level, np.float32),
            np.ones(len(self.stems), bool),
            8000,
            "tone",
        )


def test_a_folder_that_stays_away_ends_the_run(tmp_path: Path):
    folder, rng = song_folder(tmp_path / "songs"), np.random.default_rng(0)
    pool = ClipPool(
        StemFolder(folder), PoolConfig(slots=4, seconds=0.5, workers=1, reuse=2.0, patience=1.0), 8000
    )
    with running(pool):
        wait(pool, 4)
        folder.rename(tmp_path / "away")
        with pytest.raises(TrainingError, match="no clip can be rendered"):
            for _ in range(1000):
                draw_crops(pool, 2, 1000, rng)
        with pytest.raises(TrainingError):
            draw_crops(pool, 2, 1000, rng)
        with pool.still():
            draw_crops(pool, 2, 1000, rng)
    assert int(pool.drawn) <= 2 * pool.written + 4


# Workers that die


def test_a_piece_that_breaks_the_renderer_twice_is_left_out(caplog: pytest.LogCaptureFixture):
    pool = ClipPool(Telling(crashing=tuple(range(1, 99, 2))), ONE, RATE)
    with running(pool):
        wait(pool)
    assert seeds_in(pool) == [0, 2, 4, 6, 8]
    assert pool.troubles.counts["crashed"] == 2 and pool.avoided == {"song1"}
    assert "clip 1" in caplog.text and "song1" in caplog.text and "goes on" in caplog.text


def test_a_worker_that_has_done_its_share_is_replaced(caplog: pytest.LogCaptureFixture):
    pool = ClipPool(Breaking(), replace(ONE, life=3), RATE)
    with running(pool):
        wait(pool)
    assert seeds_in(pool) == [0, 1, 2, 3, 4] and not pool.broken and not caplog.records


@pytest.mark.slow
def test_a_source_of_nothing_but_broken_clips_is_an_error():
    pool = ClipPool(Breaking(crashing=tuple(range(99))), ONE, RATE)
    with running(pool), pytest.raises(TrainingError, match="no clip can be rendered"):
        wait(pool)


def test_training_waits_for_clips_rather_than_learning_a_few_by_heart():
    pool = ClipPool(Breaking(), PoolConfig(slots=60, seconds=0.8, workers=1, reuse=2), RATE)
    with running(pool):
        for _ in range(30):
            pool.prepare(4)
            assert int(pool.drawn) <= 2 * pool.written + 4
    assert pool.written >= 58


UNGUARDED = """
from dataclasses import replace
from pathlib import Path

from msgld.training.denoiser.part import DenoiserPart
from msgld.training.parts import find
from msgld.training.run import run_part
from msgld.stems import STEMS


class Nothing:
    stems = STEMS


tiny = find("denoiser", "tiny")[1]
run_part(DenoiserPart(replace(tiny, pool=replace(tiny.pool, workers=1)), Path("out")), Nothing(), 0.1)
"""


def test_a_script_without_a_main_guard_ends_with_the_reason(tmp_path: Path):
    script = tmp_path / "mine.py"
    script.write_text(UNGUARDED)
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode != 0 and "__main__" in done.stderr.splitlines()[-1]


# How large a pool is, and how long it is waited for


@dataclass(frozen=True)
class Long:
    """A source that says how much music it has."""

    seconds: float | None
    stems: tuple[str, ...] = ("a",)

    def clip(self, seed: int, seconds: float) -> Clip:
        time.sleep(0.05)
        return Clip(np.full((1, 2, round(seconds * RATE)), 0.1, np.float32), np.ones(1, bool), RATE, "long")

    def origin(self, seed: int) -> str:
        return "long"


def test_the_pool_is_no_larger_than_the_music_needs():
    many = PoolConfig(slots=900, seconds=12.0)
    assert fitting(many, Long(36.0)).slots == FEWEST
    assert fitting(many, Long(1200.0)).slots == 400
    assert fitting(many, Long(1e9)).slots == fitting(many, Long(None)).slots == 900
    assert fitting(PoolConfig(slots=4, seconds=2.0), Long(1.0)).slots == 4
    assert fitting(many, Augmented(Mixed([(Long(600.0), 1.0), (Long(600.0), 2.0)]), 0.5)).slots == 400
    assert fitting(many, Mixed([(Long(36.0), 1.0), (Long(None), 1.0)])).slots == 900


def test_a_folder_tells_how_much_music_it_has(tmp_path: Path):
    assert music_seconds(StemFolder(song_folder(tmp_path))) == pytest.approx(2.0)


def test_sources_of_sources_tell_which_piece_a_clip_is_of():
    assert origin_of(Augmented(Mixed([(Long(None), 1.0)]), 0.5), 3) == "long"
    assert origin_of(Breaking(), 3) == ""


def test_little_time_begins_with_the_clips_that_are_there():
    pool = ClipPool(Long(None), PoolConfig(slots=100, seconds=0.8, workers=0), RATE)
    ready = list(pool.wait(100, 0.5))
    assert LEAST <= len(pool) < 30 and pool.slots == len(pool) == ready[-1] + 1
    draw_crops(pool, 4, 10, np.random.default_rng(0))
    assert pool.written == pool.slots, "it stays small"
    shortest = ClipPool(Long(None), PoolConfig(slots=100, seconds=0.8, workers=0), RATE)
    list(shortest.wait(100, 0.0))
    assert len(shortest) == LEAST


def test_nothing_but_silence_is_refused():
    pool = ClipPool(Tone(tuple("abcde"), 0.0), FEW, 8000)
    with pytest.raises(TrainingError, match="are silent"):
        wait_for(pool, 4, None)


def test_too_little_shared_memory_is_said(tmp_path: Path):
    check_shared_memory(1000, tmp_path)
    check_shared_memory(10**18, tmp_path / "nowhere")
    with pytest.raises(TrainingError, match="--shm-size"):
        check_shared_memory(10**18, tmp_path)


def test_what_is_kept_is_finite():
    """Samples that may pass can still be too large for what a pool keeps of them."""
    from msgld.dsp.mel import MelConfig

    mel = MelConfig(rate=RATE, n_fft=32, hop=8, bands=4, fmax=50.0)
    pool = EnergyPool(Breaking(bad=(0,), value=0.9 * LOUDEST), replace(FEW, seconds=2.0), mel)
    pool.fill()
    assert pool.kept.isfinite().all()


@pytest.mark.parametrize("workers", [0, 1])
def test_shards_are_read_in_the_workers_as_the_folder_they_were_made_of(tmp_path: Path, workers: int):
    folder = song_folder(tmp_path / "songs")
    shards = open_set(prepare(folder, tmp_path / "shards").folder)
    pools = [
        ClipPool(one, PoolConfig(slots=4, seconds=0.5, workers=workers), 8000)
        for one in (shards, StemFolder(folder))
    ]
    for pool in pools:
        with running(pool):
            wait(pool, 4)
    assert bool((pools[0].present == pools[1].present).all())
    # The folder's files are resampled crop by crop, the shards' were as a whole.
    assert float((pools[0].whole(1) - pools[1].whole(1)).abs()[..., 100:-100].max()) < 2e-3
