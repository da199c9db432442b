"""Protocols of recordings, on small sets in their layouts; a perfect separator is perfect in all of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from command import run
from tiny import save_tiny_model

from msgld.api.msgld import load
from msgld.api.options import Options
from msgld.data.source import Clip
from msgld.data.stem_folders.folder import StemFolder
from msgld.data.stem_folders.whole import WholeSong
from msgld.errors import DataError, UsageError
from msgld.evaluation.evaluate import evaluate
from msgld.evaluation.measures import MEASURES
from msgld.evaluation.song_protocols import MOISESDB, MUSDB18, SIX, SIX_STEMS, SongProtocol
from msgld.evaluation.songs import Songs, measured
from msgld.metrics import RunningRatios, bss_sdr, is_silent, si_sdri, song_sdr
from msgld.stems import RATE

FIVE = ("bass", "drums", "guitar", "piano", "other")
FOUR = ("vocals", "drums", "bass", "other")
SECONDS = 2.3


def noise(*shape: int, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def wave(stem: str, number: int = 0) -> np.ndarray:
    """The sound of a stem of a song, as files have it."""
    known = (*SIX, "percussion", "wind")
    return noise(2, round(SECONDS * RATE), seed=100 * number + known.index(stem))


def write(path: Path, samples: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples.T, RATE, "FLOAT")


def song(folder: Path, stems: tuple[str, ...], number: int = 0) -> Path:
    for stem in stems:
        write(folder / f"{stem}.wav", wave(stem, number))
    return folder


def moises_song(folder: Path, stems: tuple[str, ...], number: int = 0) -> None:
    for stem in stems:
        write(folder / stem / f"{stem}-0.wav", wave(stem, number))
    listed = [
        {"stemName": stem, "tracks": [{"id": f"{stem}-0", "trackType": stem, "extension": "wav"}]}
        for stem in stems
    ]
    (folder / "data.json").write_text(json.dumps({"stems": listed}))


class Perfect:
    """A separator that knows the stems of a song, in stretches of uneven length; its ``other`` has what is left."""

    def __init__(self, stems: tuple[str, ...], truth: dict[str, np.ndarray]) -> None:
        self.stems = stems
        silence = np.zeros((2, round(SECONDS * RATE)), np.float32)
        self.parts = {stem: truth.get(stem, silence) for stem in stems}
        self.parts["other"] = sum(
            (x for stem, x in truth.items() if stem not in stems or stem == "other"), silence
        )

    def separate_stream(self, sound: Any, *, options: Options) -> Iterator[dict[str, np.ndarray]]:
        mixture, rate = sound
        assert rate == RATE
        np.testing.assert_allclose(sum(self.parts.values()), mixture, atol=1e-6)
        for start, stop in ((0, 30_001), (30_001, 30_001), (30_001, mixture.shape[1])):
            yield {name: x[:, start:stop] for name, x in {**self.parts, "mixture": mixture}.items()}


def figures(protocol: SongProtocol, one: WholeSong, perfect: Perfect) -> dict[str, dict[str, float]]:
    question = Songs(perfect, Options(), protocol)  # type: ignore[arg-type]
    compared, done = protocol.compared(perfect.stems), list[float]()
    found = question.figures(one, done.append)["values"]
    assert sum(done) == pytest.approx(1)
    return {
        name: dict(zip(compared, map(float, row), strict=True))
        for name, row in zip(protocol.measures, found, strict=True)
    }


@pytest.mark.parametrize("seconds", [0.6, 1.0, 3.7])
@pytest.mark.parametrize("case", ["plain", "silent stem", "silent window", "silent estimate", "perfect"])
def test_ratios_over_stretches_are_those_of_the_whole(seconds: float, case: str) -> None:
    rate = 1000
    targets = noise(3, 2, round(seconds * rate))
    if case == "silent stem":
        targets[1] = 0
    if case == "silent window":
        targets[2, :, :500] = targets[2, :, 1000:2000] = 0
    estimates = targets + 0.3 * targets[::-1] + 0.2 * noise(*targets.shape, seed=1)
    if case == "silent estimate":
        estimates[0] = 0
    if case == "perfect":
        estimates[0] = targets[0]
    mixture = targets.sum(0)
    ratios = RunningRatios(3, rate)
    for start in range(0, targets.shape[-1], 2 * rate):
        part = np.s_[..., start : start + 2 * rate]
        ratios.add(estimates[part], targets[part], mixture[part])
    there = ~ratios.silent()
    assert there.tolist() == [not is_silent(x) for x in targets]
    np.testing.assert_allclose(ratios.song_sdr(), song_sdr(estimates, targets), rtol=1e-9)
    np.testing.assert_allclose(ratios.bss_sdr(there)[there], bss_sdr(estimates[there], targets[there], rate))
    same = np.broadcast_to(mixture, targets.shape)
    expected, own = si_sdri(estimates, targets, same), ratios.si_sdri()
    exact = case == "perfect"
    np.testing.assert_allclose(own[exact:], expected[exact:], rtol=1e-6)
    assert not exact or min(own[0], expected[0]) > 100
    if seconds == 3.7:
        with pytest.raises(UsageError, match="last stretch"):
            ratios.add(estimates, targets, mixture)


def test_the_measures_of_a_song_are_those_of_a_clip() -> None:
    stems = noise(4, 2, 3 * RATE)
    stems[2] *= 1e-3
    present = np.array([True, True, True, False])
    guess = stems + 0.3 * stems[::-1]
    found = measured(SIX_STEMS.measures, guess, np.stack([*stems, stems.sum(0)]), present, RATE)
    for name, row in zip(SIX_STEMS.measures, found, strict=True):
        np.testing.assert_allclose(
            row, MEASURES[name].compute(guess, Clip(stems, present, RATE, "x")), rtol=1e-4
        )
        assert np.isnan(row).tolist() == [False, False, True, True]


def test_musdb18_takes_the_test_songs_and_sums_further_stems_into_other(tmp_path: Path) -> None:
    song(tmp_path / "train" / "A", FOUR)
    song(tmp_path / "test" / "B", FOUR, 1)
    write(tmp_path / "test" / "B" / "mixture.wav", wave("bass"))
    (one,) = MUSDB18.songs(tmp_path)
    assert one.name == "B" and one.frames == round(SECONDS * RATE)
    truth = {stem: wave(stem, 1) for stem in FOUR}
    shared = {**truth, "guitar": 0.5 * truth["other"], "other": 0.5 * truth["other"]}
    for stems, names in ((SIX, set(FOUR)), (FIVE, {"bass", "drums", "other"})):
        found = figures(MUSDB18, one, Perfect(stems, shared))
        assert set(found) == {"sdr", "song-sdr", "si-sdri"} and set(found["sdr"]) == names
        assert min(min(row.values()) for row in found.values()) > 60
    split = tmp_path / "test"
    assert [song.name for song in MUSDB18.songs(split)] == ["B"]


def test_moisesdb_takes_complete_songs_and_counts_percussion_as_other(tmp_path: Path) -> None:
    full = (*SIX[:-1], "percussion", "wind")
    moises_song(tmp_path / "v0.1" / "aa", full)
    moises_song(tmp_path / "v0.1" / "bb", tuple(stem for stem in full if stem != "piano"))
    (one,) = MOISESDB.songs(tmp_path)
    assert one.name == "aa"
    truth = {stem: wave(stem) for stem in SIX[:-1]} | {"other": wave("percussion") + wave("wind")}
    for stems in (SIX, FIVE):
        found = figures(MOISESDB, one, Perfect(stems, truth))
        assert set(found["song-sdr"]) == set(stems)
        assert min(min(row.values()) for row in found.values()) > 60
    moises_song(tmp_path / "few" / "bb", ("bass", "drums"))
    with pytest.raises(DataError, match=r"no song in .* has all of vocals"):
        MOISESDB.songs(tmp_path / "few")


def test_six_leaves_out_what_a_song_lacks_and_pools_what_its_other_may_have(tmp_path: Path) -> None:
    song(tmp_path / "A", FOUR)
    (one,) = SIX_STEMS.songs(tmp_path)
    truth = {stem: wave(stem) for stem in FOUR}
    shared = {**truth, "piano": 0.5 * truth["other"], "other": 0.5 * truth["other"]}
    found = figures(SIX_STEMS, one, Perfect(SIX, shared))
    for row in found.values():
        assert np.isnan(row["guitar"]) and np.isnan(row["piano"])
        assert min(row[stem] for stem in FOUR) > 60
    assert found["bleedless"]["vocals"] == found["fullness"]["vocals"] == 100


def test_a_protocol_runs_from_the_command_line_and_says_what_it_compared(tmp_path: Path) -> None:
    model = save_tiny_model(tmp_path / "tiny", stems=FIVE)
    song(tmp_path / "musdb" / "train" / "A", FOUR)
    song(tmp_path / "musdb" / "test" / "B", FOUR, 1)
    out = tmp_path / "out"
    common = ["evaluate", "separate", "-n", model, "--stems", tmp_path / "musdb", "--quality", "draft"]
    done = run([*common, "--protocol", "musdb18", "--out", out], tmp_path)
    assert done.code == 0, done.err
    report = json.loads((out / "separate.json").read_text("utf-8"))
    assert report["names"] == ["B"] and report["measure"] == "sdr" and "SiSEC" in report["protocol"]
    assert {row["name"] for row in report["rows"]} == {"all stems", "without other", "drums", "bass", "other"}
    assert list(report["tables"]) == ["song-sdr (dB)", "si-sdri (dB)"]
    assert all(row["count"] == 1 for rows in report["tables"].values() for row in rows[2:])
    said = report["remarks"][0]
    assert "guitar + piano + other" in said and "vocals + other" in said and "no vocals" in said
    assert "mean over stems" in report["remarks"][-1]
    for option, value in (("measure", "sdr"), ("altered", "record")):
        failed = run([*common, "--protocol", "musdb18", f"--{option}", value], tmp_path)
        assert failed.code == 2 and f"leave out {option}" in failed.complaints[-1]


def test_protocols_of_recordings_need_songs_and_separation(tmp_path: Path) -> None:
    model = load(save_tiny_model(tmp_path / "tiny"), device="cpu")
    song(tmp_path / "songs" / "A", FOUR)
    for wrong, word in (
        ({}, "name their folder"),
        ({"stems": tmp_path / "songs", "task": "generate"}, "protocol of separate"),
        ({"stems": StemFolder(tmp_path / "songs", FIVE)}, "opened with vocals"),
        ({"stems": 3}, "a path"),
    ):
        with pytest.raises(UsageError, match=word):
            evaluate(**{"model": model, "protocol": "six", **wrong})
    other = load(save_tiny_model(tmp_path / "odd", stems=("low", "high")), device="cpu")
    with pytest.raises(DataError, match="none of the protocol's stems"):
        evaluate(other, protocol="six", stems=tmp_path / "songs")
