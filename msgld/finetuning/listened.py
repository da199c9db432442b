"""The notes of songs, as the model's ears find them in their stems: what the score model is tuned to."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from msgld.api.msgld import Msgld
from msgld.audio.sound import Sound
from msgld.data.stem_folders.song_set import SongSet
from msgld.data.stem_folders.songs import StemSong
from msgld.files import write_whole
from msgld.music.midi.write import midi_bytes
from msgld.music.score import SCORE_STEMS
from msgld.stems import stem_among

SECONDS = 150.0
"""Of a song that are listened to, at most."""


def listen(model: Msgld, folder: SongSet, songs: list[StemSong], out: Path, seconds: float) -> list[Path]:
    """Write a MIDI file for each song into ``out``; those that are there stay.

    Args:
        model: which has ears.
        folder: of the songs.
        songs: to listen to.
        out: is made.
        seconds: after which no further song is begun.

    Returns:
        The files that are there, one at least.
    """
    out.mkdir(parents=True, exist_ok=True)
    until, files = time.monotonic() + seconds, list[Path]()
    for number, song in enumerate(songs):
        path = out / f"{number:04d}.mid"
        if not path.exists():
            if files and time.monotonic() > until:
                break
            write_whole(path, _notes(model, folder, song))
        files.append(path)
    return files


def _notes(model: Msgld, folder: SongSet, song: StemSong) -> bytes:
    """A song's notes as a MIDI file; stems that the score has none for are added to ``other``."""
    clip = folder.read(song, 0.0, min(song.seconds, SECONDS))
    stems = dict[str, np.ndarray]()
    for stem, sound, there in zip(folder.stems, clip.stems, clip.present, strict=True):
        name = stem_among(stem, SCORE_STEMS)
        if there:
            stems[name] = stems[name] + sound if name in stems else sound
    sounds: dict[str, Sound] = {stem: (sound, clip.rate) for stem, sound in stems.items()}
    return midi_bytes(model.transcribe(sounds).score)
