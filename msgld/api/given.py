"""Stems that a caller gives, brought to one rate and one length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from msgld.audio.fitted import as_channels
from msgld.audio.songs import Noted, Sound, name_of, whole
from msgld.dsp.resample import resample
from msgld.errors import UsageError


@dataclass(frozen=True)
class Given:
    """Stems as they were given.

    Attributes:
        waves: stem -> float32 (channels, length), each with its own number of channels.
        rate, length: of all of them.
        notes: what was done to bring them together. names: stem -> where it came from.
    """

    waves: dict[str, np.ndarray]
    rate: int
    length: int
    notes: tuple[str, ...]
    names: dict[str, str]

    def padded(self, length: int) -> Given:
        """The same with silence at the end."""
        waves = {stem: _padded(wave, length) for stem, wave in self.waves.items()}
        return replace(self, waves=waves, length=length)

    def stack(self) -> np.ndarray:
        """All stems with the most channels that one has, (G, channels, length)."""
        channels = max(len(wave) for wave in self.waves.values())
        return np.stack([as_channels(wave, channels) for wave in self.waves.values()])


def gather(sounds: Mapping[str, Sound]) -> Given:
    """Read the given stems.

    Other rates are converted to the first stem's, shorter ones are padded with silence to the longest.

    Raises:
        UsageError: none are given. AudioReadError: one cannot be read.
    """
    if not sounds:
        raise UsageError("give at least one stem, such as {'bass': 'bass.wav'}")
    noted = {stem: Noted(sound) for stem, sound in sounds.items()}
    read = {stem: whole(sound) for stem, sound in noted.items()}
    rate = next(iter(read.values()))[1]
    waves = {stem: resample(wave, own, rate) for stem, (wave, own) in read.items()}
    length = max(1, *(wave.shape[1] for wave in waves.values()))
    notes = [
        f"{stem} was converted from {own} to {rate} Hz, the rate of {next(iter(read))}"
        for stem, (_, own) in read.items()
        if own != rate
    ]
    notes += [
        f"{stem} was padded with {(length - wave.shape[1]) / rate:.3f} s of silence, to the longest stem's length"
        for stem, wave in waves.items()
        if wave.shape[1] != length
    ]
    notes += [f"{stem}: {note}" for stem, sound in noted.items() for note in sound.notes]
    padded = {stem: _padded(wave, length) for stem, wave in waves.items()}
    return Given(padded, rate, length, tuple(notes), {stem: name_of(sound) for stem, sound in sounds.items()})


def _padded(wave: np.ndarray, length: int) -> np.ndarray:
    return np.pad(wave, ((0, 0), (0, length - wave.shape[1])))
