"""The result of transcribing: a score in memory, to be saved."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgld.api.checks import as_path
from msgld.api.folder import check_sources, new_folder
from msgld.api.naming import PLAIN
from msgld.api.notes import save_notes
from msgld.api.record import named_files, write_record
from msgld.api.save import Saved
from msgld.music.played import Beats
from msgld.music.score import Score
from msgld.ranges import check_flag


@dataclass(frozen=True)
class Transcription:
    """The notes of a song or of stems.

    Attributes:
        score: notes of each stem, bars, time and key.
        beats: in seconds; none in free time.
        info: how it came about; goes to ``run.json``.
        remarks: lines to the user.
    """

    score: Score
    beats: Beats
    info: dict[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()

    def save(self, folder: str | Path, *, overwrite: bool = False) -> Saved:
        """Write a MIDI file for each stem, ``mix.mid``, a picture of the notes, and ``run.json``.

        The files begin where the sound begins, and their tempo follows its beats, so they lie on the sound.
        ``run.json`` has ``beats`` and ``downbeats`` in seconds, ``chords`` of each bar, and ``key``.

        Args:
            folder: appears when everything is written, and not at all after an error.
            overwrite: whether a former result in that folder may be replaced.

        Raises:
            AudioWriteError: the folder holds something, or is not writable.
        """
        folder, overwrite = as_path("folder", folder), check_flag("overwrite", overwrite)
        listed = [f"{stem}.mid" for stem in (*self.score.notes, "mix")]
        check_sources(folder, PLAIN, listed, named_files(self.info.get("input")))
        with new_folder(folder, overwrite) as temporary:
            written = save_notes(self.score, temporary)
            run = {**self.info, **written, "files": written["midi"], "remarks": list(self.remarks)}
            write_record(temporary / PLAIN.record, run)
        return Saved(folder, {name: folder / file for name, file in run["files"].items()}, run)


def time_record(score: Score, beats: Beats) -> dict[str, Any]:
    """Key, metre, tempo and beats of what was found in a sound, for ``run.json``."""
    bpm = score.timeline.bpm((score.bars.start[:-1] + score.bars.start[1:]) / 2)
    return {
        "key": score.meta.get("key"),
        "bpm": round(float(sorted(bpm)[len(bpm) // 2]), 3),
        "signatures": list(
            dict.fromkeys(f"{sign.numerator}/{sign.denominator}" for sign in score.signatures)
        ),
        "beats": [round(float(second), 4) for second in beats.seconds],
        "downbeats": [round(float(second), 4) for second in beats.seconds[beats.first]],
    }
