"""A saved result becomes a take: what the page needs to know of it, and its notes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import soundfile

from msgld.api.naming import PLAIN
from msgld.studio.jobs.order import Order
from msgld.studio.library.records import write_json
from msgld.studio.library.sound import MIX
from msgld.studio.library.takes import RECORD

if TYPE_CHECKING:
    from msgld.api.save import Saved
    from msgld.music.score import Score

NOTES = "notes.json"
"""File of the notes, as the page draws them."""

_PICTURES = ("spectrograms.png", "notes.png")


@dataclass(frozen=True)
class Done:
    """A result on the disk.

    Attributes:
        saved: the folder and the record.
        score: its notes; None without any.
        made: names of the stems that were made.
        in_notes: whether all of it was made in notes.
        key: where the result does not say; MIDI files that are read have lost it.
    """

    saved: Saved
    score: Score | None
    made: frozenset[str] = frozenset()
    in_notes: bool = False
    key: str | None = None


def finish(order: Order, done: Done, created: float) -> list[str]:
    """Write the records of a take beside its files, and remove what was there to listen to meanwhile; the remarks."""
    folder, run = done.saved.folder, done.saved.run
    notes = {} if done.score is None else notes_record(done.score, run)
    if notes:
        write_json(folder / NOTES, {**notes, "key": notes["key"] or done.key})
    write_json(folder / RECORD, take_record(order, done, notes, created))
    order.place.takes.drop_growing(order.take)
    return [str(remark) for remark in run.get("remarks", ())]


def take_record(order: Order, done: Done, notes: Mapping[str, Any], created: float) -> dict[str, Any]:
    """The content of ``take.json``."""
    run, folder = done.saved.run, done.saved.folder
    sounds = {name: file for name, file in run["files"].items() if Path(file).suffix == ".wav"}
    files = dict(sounds) | {f"{stem}.mid": file for stem, file in run.get("midi", {}).items()}
    files |= {name: name for name in (*_PICTURES, PLAIN.record) if (folder / name).is_file()}
    rate, channels, frames = _facts(folder, sounds)
    lines = notes.get("stems", {})
    names = [name for name in dict.fromkeys((*sounds, *lines)) if name != MIX]
    seconds = frames / rate if frames else float(run.get("seconds") or 0.0)
    return {
        "id": order.take,
        "task": order.task,
        "title": order.title,
        "created": created,
        "rate": rate,
        "channels": channels,
        "frames": frames,
        "total": frames,
        "stems": [
            {"name": name, "sound": name in sounds, "notes": bool(lines.get(name)), "made": name in done.made}
            for name in names
        ],
        "origin": "notes" if done.in_notes else "sound",
        "mix": MIX in sounds,
        "key": notes.get("key") or done.key,
        "bpm": notes.get("bpm"),
        "chords": notes.get("chords", []),
        "seconds": round(seconds, 3),
        "settings": order.small,
        "remarks": list(run.get("remarks", ())),
        "files": files,
    }


def _facts(folder: Path, sounds: Mapping[str, str]) -> tuple[int, int, int]:
    """Rate, channels and frames of the longest sound file; 0 frames without any."""
    found = [soundfile.info(folder / file) for file in sounds.values()]
    if not found:
        return 44_100, 0, 0
    longest = max(found, key=lambda file: file.frames)
    return longest.samplerate, longest.channels, longest.frames


def notes_record(score: Score, run: Mapping[str, Any]) -> dict[str, Any]:
    """Notes of each stem in seconds, bar lines, beats, and the chord of each bar."""
    import numpy as np

    at, bars = score.timeline.at, score.bars
    first = np.flatnonzero(np.diff(bars.number, prepend=-1))
    lines = np.append(bars.start[:-1][first], bars.start[-1])
    beats = run.get("beats") or at(np.arange(0, float(bars.start[-1]) + 1e-6)).tolist()
    stems = {}
    for stem, notes in score.notes.items():
        columns = (at(notes.onset), at(notes.onset + notes.duration), notes.pitch, notes.velocity)
        stems[stem] = [
            {"start": round(start, 4), "stop": round(stop, 4), "pitch": pitch, "velocity": velocity}
            for start, stop, pitch, velocity in zip(*(column.tolist() for column in columns), strict=True)
        ]
    middle = at(np.array([0.0, float(bars.start[-1])]))
    steady = 60.0 * float(bars.start[-1]) / max(1e-3, float(middle[1] - middle[0]))
    return {
        "stems": stems,
        "bars": [round(second, 4) for second in at(lines).tolist()],
        "beats": [round(float(second), 4) for second in beats],
        "chords": chords_of_bars(run.get("chords", ()), bars.number.tolist()),
        "key": run.get("key") or score.meta.get("key"),
        "bpm": run.get("bpm") or round(steady, 3),
    }


def chords_of_bars(chords: Any, numbers: list[int]) -> list[str]:
    """One text for each written bar, from one for each bar of the grid, of which long bars are several."""
    found: dict[int, list[str]] = {}
    for chord, number in zip(chords, numbers, strict=False):
        found.setdefault(number, []).append(str(chord))
    return [",".join(dict.fromkeys(found[number])) for number in sorted(found)]
