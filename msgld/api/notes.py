"""The files of a score beside those of its sound."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgld.music.chords import estimate_chords
from msgld.music.midi.write import midi_bytes
from msgld.music.pictures import draw_score
from msgld.music.score import Score

MIX, PICTURE = "mix", "notes.png"


def save_notes(score: Score, folder: Path) -> dict[str, Any]:
    """Write a MIDI file for each stem, one for all, and a picture of the notes.

    Args:
        score: what was made.
        folder: of the result.

    Returns:
        Entries of the record: ``midi``, stem -> file, and ``chords``, the chord of each bar.
    """
    files = {stem: f"{stem}.mid" for stem in score.notes}
    for stem, file in files.items():
        (folder / file).write_bytes(midi_bytes(score, [stem]))
    (folder / f"{MIX}.mid").write_bytes(midi_bytes(score))
    chords = [_shown(pair) for pair in estimate_chords(score.notes, score.bars.start)]
    draw_score(score, folder / PICTURE, chords)
    return {"midi": {**files, MIX: f"{MIX}.mid"}, "chords": chords}


def _shown(pair: tuple[object, object]) -> str:
    """The chords of a bar as they are written: ``Am,F``, ``C``, ``N``."""
    return ",".join(dict.fromkeys("N" if chord is None else str(chord) for chord in pair))
