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
    take = project / "takes" / "001-separate"
    take.mkdir(parents=True)
    for stem in STEMS:
        soundfile.write(take / f"{stem}.wav", sound_of(stem, seconds), RATE, subtype="PCM_16")
    soundfile.write(
        project / "song.wav", sum(sound_of(stem, seconds) for stem in STEMS), RATE, subtype="FLOAT"
    )
    frames = round(seconds * RATE)
    notes = notes_of(seconds)
    song = {"title": title, "seconds": seconds, "rate": RATE, "channels": 2, "frames": frames}
    record = {"id": f"{number:04}", "format": 1, "title": title, "created": 1.7e9 + number, "song": song}
    stems = [{"name": stem, "sound": True, "notes": stem in notes["stems"], "made": False} for stem in STEMS]
    about = {
        "id": "001", "task": "separate", "title": "Separate", "created": 1.7e9, "rate": RATE, "channels": 2,
        "frames": frames, "total": frames, "stems": stems, "key": "C major", "bpm": BPM, "chords": notes["chords"],
        "seconds": seconds, "settings": {}, "files": {stem: f"{stem}.wav" for stem in STEMS},
    }  # fmt: skip
    run = {"files": about["files"], "seconds": seconds, "model": "known", "sample_rate": RATE}
    for path, content in ((project / "project.json", record), (take / "take.json", about),
                          (take / "notes.json", notes), (take / "run.json", run)):  # fmt: skip
        path.write_text(json.dumps(content))
    return record["id"]


def notes_of(seconds: float) -> dict:
    """Bars of two seconds; the piano plays a scale, the bass every other beat."""
    beat = 60.0 / BPM
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
        "key": "C major", "bpm": BPM,
    }  # fmt: skip
