"""Phrases of singers: what fits is given, in pitch and length; singers for tests never train."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from inprocess import Decoding

from msgld.data.singing import MANIFEST, Singing
from msgld.errors import DataError
from msgld.stems import RATE

HZ = {60: 261.63, 67: 392.0, 73: 554.37}


def entry(file: str, pitches: tuple[int, ...], **changed: Any) -> dict[str, Any]:
    notes = [[0.5 * k, 0.5, pitch, 90, "la"] for k, pitch in enumerate(pitches)]
    facts = {"voice": "one", "role": "train", "kind": "sung", "licence": "CC0", "author": "the tests"}
    return {"file": file, "seconds": 0.5 * len(pitches), "notes": notes, **facts, **changed}


def folder(path: Path, entries: list[dict[str, Any]], rate: int = 24_000, channels: int = 1) -> Path:
    for one in entries:
        tones = [np.sin(2 * np.pi * HZ[row[2]] * np.arange(rate // 2) / rate) for row in one["notes"]]
        sound = 0.5 * np.concatenate(tones or [np.zeros(rate)])
        soundfile.write(path / one["file"], np.stack([sound] * channels, 1), rate)
    lines = [json.dumps(one) for one in entries]
    (path / MANIFEST).write_text("\n".join(lines) + "\n", "utf-8")
    return path


SUNG = Path(__file__).parent.parent / "files" / "singing"


def cents_off(sound: np.ndarray, pitch: int) -> float:
    """How far the period of a sound is from that of a pitch: the best within three semitones, by autocorrelation."""
    period = RATE / (440 * 2 ** ((pitch - 69) / 12))
    cents = np.arange(-300, 301, 5)
    whole = np.fft.irfft(np.abs(np.fft.rfft(sound, 2**18)) ** 2)
    lags = period * 2 ** (-cents / 1200)
    own = np.interp(lags, np.arange(len(whole) // 2), whole[: len(whole) // 2])
    return float(cents[own.argmax()])


@pytest.mark.parametrize("role", ["train", "test"])
def test_singers_sing_the_notes_that_they_are_listed_with(role: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msgld.audio.ffmpeg.subprocess.Popen", Decoding)
    singing = Singing(SUNG, role)
    for phrase in singing.phrases:
        sound = phrase.read()[0]
        assert len(sound) == pytest.approx(phrase.seconds * RATE, abs=2)
        assert np.sqrt(np.mean(sound**2)) > 0.01 and np.abs(sound).max() <= 1
        off = [
            cents_off(
                sound[round((onset + 0.3 * length) * RATE) : round((onset + 0.85 * length) * RATE)], pitch
            )
            for onset, length, pitch in zip(
                phrase.notes.onset, phrase.notes.duration, phrase.notes.pitch, strict=True
            )
        ]
        assert not off or np.median(np.abs(off)) < 30, phrase.file.name
    assert {phrase.kind for phrase in singing.phrases} == {"sung", "speech"} - (
        {"speech"} if role == "test" else set()
    )


def test_phrases_fit_their_own_key() -> None:
    listed = [json.loads(line) for line in (SUNG / MANIFEST).read_text("utf-8").splitlines()]
    for entry in listed:
        if entry["kind"] == "sung":
            fit = Singing(SUNG, entry["role"]).fitting(key=entry["key"], kinds=("sung",))
            assert entry["file"] in {phrase.file.name for phrase in fit}


@pytest.mark.parametrize(("rate", "channels"), [(16_000, 1), (44_100, 2), (48_000, 2)])
def test_the_sound_has_the_notes_at_the_rate_of_training(tmp_path: Path, rate: int, channels: int) -> None:
    (phrase,) = Singing(folder(tmp_path, [entry("a.flac", (60, 73))], rate, channels)).phrases
    sound = phrase.read()
    assert sound.dtype == np.float32 and sound.shape == (channels, RATE)
    for onset, duration, pitch in zip(
        phrase.notes.onset, phrase.notes.duration, phrase.notes.pitch, strict=True
    ):
        inside = sound[0, round(onset * RATE) : round((onset + duration) * RATE)]
        spectrum = np.abs(np.fft.rfft(inside * np.hanning(len(inside))))
        assert spectrum.argmax() / duration == pytest.approx(HZ[int(pitch)], abs=2 / duration)
    assert phrase.notes.stem == "vocals" and phrase.syllables == ("la", "la")


def test_singers_of_one_role_alone(tmp_path: Path) -> None:
    entries = [entry("a.flac", (60,)), entry("b.flac", (67,), role="test", voice="two")]
    path = folder(tmp_path, entries)
    for role, voice in (("train", "one"), ("test", "two")):
        singing = Singing(path, role)
        rng = np.random.default_rng(0)
        assert {singing.draw(rng).voice for _ in range(20)} == {voice}  # type: ignore[union-attr]


def test_what_fits_is_drawn_and_nothing_else(tmp_path: Path) -> None:
    entries = [
        entry("low.flac", (60, 67)),
        entry("long.flac", (60, 67, 60, 67)),
        entry("high.flac", (73, 73)),
        entry("said.flac", (), kind="speech", seconds=1.0),
    ]
    singing = Singing(folder(tmp_path, entries))

    def files(**wanted: Any) -> set[str]:
        fit = {phrase.file.name for phrase in singing.fitting(**wanted)}
        rng = np.random.default_rng(1)
        drawn = [singing.draw(rng, **wanted) for _ in range(60)]
        assert {phrase.file.name for phrase in drawn if phrase} == fit
        return fit

    assert files() == {"low.flac", "long.flac", "high.flac", "said.flac"}
    assert files(longest=1.0) == {"low.flac", "high.flac", "said.flac"}
    assert files(key="C major", kinds=("sung",)) == {"low.flac", "long.flac"}
    assert files(key="Db major", kinds=("sung",)) == {"high.flac"}
    assert files(pitches=(60, 67), kinds=("sung",)) == {"low.flac", "long.flac"}
    assert files(longest=0.5) == set()
    assert singing.draw(np.random.default_rng(0), longest=0.5) is None


def test_voices_are_drawn_alike_however_many_phrases_they_have(tmp_path: Path) -> None:
    entries = [entry(f"{k}.flac", (60,), voice="much") for k in range(9)] + [
        entry("x.flac", (60,), voice="rare")
    ]
    singing = Singing(folder(tmp_path, entries))
    rng = np.random.default_rng(0)
    rare = sum(singing.draw(rng).voice == "rare" for _ in range(400))  # type: ignore[union-attr]
    assert 150 < rare < 250


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "{}",
        json.dumps(entry("a.flac", (60,), role="both")),
        json.dumps(entry("a.flac", (60,), kind="hummed")),
        json.dumps(entry("a.flac", (60,), notes=[[0, 1, 60, 90]])),
        json.dumps(entry("a.flac", (60,), notes=[[0, 1, float("nan"), 90, "la"]])),
        json.dumps(entry("a.flac", (60,), seconds="long")),
    ],
)
def test_a_damaged_manifest_is_one_clear_line(tmp_path: Path, line: str) -> None:
    (tmp_path / MANIFEST).write_text(json.dumps(entry("a.flac", (60,))) + "\n" + line + "\n", "utf-8")
    with pytest.raises(DataError, match="line 2"):
        Singing(tmp_path)


def test_a_folder_without_phrases_says_what_makes_some(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="tools/singing/make"):
        Singing(tmp_path)
    with pytest.raises(DataError, match="no phrase to test with"):
        Singing(folder(tmp_path, [entry("a.flac", (60,))]), "test")
