"""A project whose stems are known: noise, different in each, so that any place in it is found by a few samples."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import soundfile

RATE = 44_100
STEMS = ("bass", "drums", "guitar", "piano", "vocals", "other")
BPM = 120.0
SECONDS = 70.0


def sound_of(stem: str, seconds: float = SECONDS) -> np.ndarray:
    """The samples of a stem, float32 (frames, 2), as they are in its file."""
    drawn = np.random.default_rng(STEMS.index(stem)).uniform(-0.1, 0.1, (round(seconds * RATE), 2))
    return (np.rint(drawn * 32768) / 32768).astype(np.float32)


def write_project(folder: Path, number: int = 1, title: str = "Known noise", seconds: float = SECONDS) -> str:
    """Write a project with one take of all stems and with notes of four bars to the second; its id."""
    project = folder / f"{number:04}-known"
    write_take(project, seconds=seconds)
    soundfile.write(
        project / "song.wav", sum(sound_of(stem, seconds) for stem in STEMS), RATE, subtype="FLOAT"
    )
    song = {"title": title, "seconds": seconds, "rate": RATE, "channels": 2, "frames": round(seconds * RATE)}
    record = {"id": f"{number:04}", "format": 1, "title": title, "created": 1.7e9 + number, "song": song}
    (project / "project.json").write_text(json.dumps(record))
    return record["id"]


def write_take(
    project: Path,
    number: int = 1,
    seconds: float = SECONDS,
    *,
    sounds: tuple[str, ...] = STEMS,
    bpm: float | None = BPM,
    created: float = 1.7e9,
) -> None:
    """Write a take of all stems.

    Args:
        project: its folder.
        number: of the take.
        seconds: of its sound.
        sounds: whose sound each stem has, by default its own.
        bpm: of its notes; without, it has none.
        created: in seconds since 1970.
    """
    take = project / "takes" / f"{number:03}-separate"
    take.mkdir(parents=True)
    for stem, sound in zip(STEMS, sounds, strict=True):
        soundfile.write(take / f"{stem}.wav", sound_of(sound, seconds), RATE, subtype="PCM_16")
    frames = round(seconds * RATE)
    notes = {"stems": {}, "chords": [], "key": None} if bpm is None else notes_of(seconds, bpm)
    stems = [{"name": stem, "sound": True, "notes": stem in notes["stems"], "made": False} for stem in STEMS]
    about = {
        "id": f"{number:03}", "task": "separate", "title": "Separate", "created": created, "rate": RATE, "channels": 2,
        "frames": frames, "total": frames, "stems": stems, "key": notes["key"], "bpm": bpm, "chords": notes["chords"],
        "seconds": seconds, "settings": {}, "files": {stem: f"{stem}.wav" for stem in STEMS},
    }  # fmt: skip
    run = {"files": about["files"], "seconds": seconds, "model": "known", "sample_rate": RATE}
    if bpm is not None:
        (take / "notes.json").write_text(json.dumps(notes))
    (take / "run.json").write_text(json.dumps(run))
    (take / "take.json").write_text(json.dumps(about))


def notes_of(seconds: float, bpm: float = BPM) -> dict:
    """Bars of four beats; the piano plays a scale, the bass every other beat."""
    beat = 60.0 / bpm
    beats = [round(beat * number, 4) for number in range(int(seconds / beat) + 1)]
    piano = [
        {"start": at, "stop": at + 0.45, "pitch": 60 + number % 12, "velocity": 60 + number % 60}
        for number, at in enumerate(beats[:-1])
    ]
    bass = [
        {"start": at, "stop": at + 0.9, "pitch": 36 + number % 5, "velocity": 90}
        for number, at in enumerate(beats[:-2:2])
    ]
    bars = beats[::4]
    return {
        "stems": {"piano": piano, "bass": bass}, "bars": bars, "beats": beats,
        "chords": ["C", "Am", "F", "G"] * (len(bars) // 4 + 1),
        "key": "C major", "bpm": bpm,
    }  # fmt: skip
