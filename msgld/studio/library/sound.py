"""Stretches of sound from the files of takes, as the page plays them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from msgld.studio.errors import Refused
from msgld.studio.library.projects import ProjectFolder
from msgld.studio.library.takes import growing_file, own_file
from msgld.studio.schemas import Take

SONG, MIX = "song", "mix"
"""Names of tracks that are no stems."""

LONGEST = 30.0
"""Seconds of one request."""


@dataclass(frozen=True)
class Source:
    """Where the sound of a track lies.

    Attributes:
        path: of the file.
        raw: (rate, channels, frames, total) of a file of 32-bit floats; None for a sound file.
    """

    path: Path
    raw: tuple[int, int, int, int] | None = None

    def facts(self) -> tuple[int, int, int, int]:
        """Rate, channels, frames that are ready, frames in the end."""
        if self.raw is not None:
            return self.raw
        with _opened(self.path) as file:
            return file.samplerate, file.channels, file.frames, file.frames

    def read(self, start: int, frames: int) -> np.ndarray:
        """Samples from frame ``start`` on, float32 (n, channels); fewer at the end of what is ready."""
        if self.raw is not None:
            _, channels, ready, _ = self.raw
            frames = max(0, min(frames, ready - start))
            with self.path.open("rb") as raw:
                raw.seek(4 * channels * start)
                data = raw.read(4 * channels * frames)
            whole = len(data) // (4 * channels)
            return np.frombuffer(data[: whole * 4 * channels], "<f4").reshape(-1, channels)
        with _opened(self.path) as file:
            if start >= file.frames:
                return np.zeros((0, file.channels), np.float32)
            file.seek(start)
            return np.asarray(file.read(frames, dtype="float32", always_2d=True))


def _opened(path: Path) -> soundfile.SoundFile:
    try:
        return soundfile.SoundFile(path)
    except (soundfile.LibsndfileError, OSError) as error:
        raise Refused(409, f"the file {path.name} cannot be read") from error


def source_of(place: ProjectFolder, take: str, track: str) -> Source:
    """The sound of a track of a take; ``song`` as a take is the song alone. Refused where there is none."""
    if track == SONG:
        if not place.song.is_file():
            raise Refused(404, "this project has no song")
        return Source(place.song)
    if take == SONG:
        raise Refused(404, "the song has no such track")
    found = place.takes.read(take)
    return _of_whole(place, found, track) if found.whole else _of_growing(place, found, track)


def _of_whole(place: ProjectFolder, take: Take, track: str) -> Source:
    sounding = {stem.name for stem in take.stems if stem.sound} | ({MIX} if take.mix else set())
    if track == MIX and not take.mix and place.song.is_file() and take.task == "separate":
        return Source(place.song)
    if track not in sounding or track not in take.files:
        raise Refused(404, f"the take {take.id} has no sound of that name")
    return Source(own_file(place.takes.numbers()[take.id], take.files[track]))


def _of_growing(place: ProjectFolder, take: Take, track: str) -> Source:
    names = [stem.name for stem in take.stems]
    if track not in names:
        raise Refused(404, f"the take {take.id} has no sound of that name yet")
    path = growing_file(place.takes.growing(take.id), names.index(track))
    if not path.is_file():  # it was finished at this moment
        return _of_whole(place, place.takes.read(take.id), track)
    return Source(path, (take.rate, take.channels, take.frames, take.total))
