"""Sound as ears take it: mono, on the disk, at their rate."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from msgld.api.separated_song import SeparatedSong
from msgld.audio.sound import Remarked, Sound, open_stream
from msgld.audio.tape import Tape, mixed, taped
from msgld.errors import UsageError
from msgld.tasks.transcribe import Ears


@dataclass(frozen=True)
class Taped:
    """Sound as ears take it, on the disk.

    Attributes:
        stems: name -> wave.
        mixture: their sum, or the song.
        remarks: on how it was read.
    """

    stems: Mapping[str, np.ndarray]
    mixture: np.ndarray
    remarks: tuple[str, ...]


def tape_stems(given: Mapping[str, Sound], folder: Path, ears: Ears) -> Taped:
    """Stems that begin together; shorter ones end with silence.

    Raises:
        UsageError: none are given.
        AudioReadError: one cannot be read.
    """
    if not given:
        raise UsageError("give a song, or at least one stem, such as {'bass': 'bass.wav'}")
    stems, remarks = {}, list[str]()
    for number, (stem, sound) in enumerate(given.items()):
        remarked = Remarked(sound)
        with open_stream(remarked) as stream:
            stems[stem] = taped(stream, folder / f"{number}.tape", ears.rate)
        remarks += [f"{stem}: {remark}" for remark in remarked.remarks]
    mixture = mixed(list(stems.values()), folder / "mixture.tape", ears.rate, ears.mixture_rate)
    return Taped(stems, mixture, tuple(remarks))


def tape_song(song: SeparatedSong, folder: Path, ears: Ears) -> Taped:
    """A song, separated stretch by stretch."""
    meter = song.open()
    rates = {**dict.fromkeys(song.stems, ears.rate), "mixture": ears.mixture_rate}
    tapes = {name: Tape(folder / f"{number}.tape", song.rate, rate)
             for number, (name, rate) in enumerate(rates.items())}  # fmt: skip
    for stretch in song.separated(meter):
        for name, tape in tapes.items():
            tape.append(stretch[name])
    meter.advance(math.inf)
    waves = {name: tape.wave() for name, tape in tapes.items()}
    return Taped({stem: waves[stem] for stem in song.stems}, waves["mixture"], tuple(song.remarks()))
