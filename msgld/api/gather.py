"""Given stems, read and brought to one rate and one length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from msgld.audio.sound import Remarked, Sound, name_of, read_all
from msgld.dsp.resample import resample
from msgld.errors import UsageError


@dataclass(frozen=True)
class Gathered:
    """Given stems in memory.

    Attributes:
        waves: stem -> float32 (channels, length), each with its own number of channels.
        rate: samples per second of all of them.
        length: samples of all of them.
        remarks: changes that were made to bring them together.
        names: stem -> where it came from; a song's name where they were separated from it.
        mixture: that song, (channels, length).
    """

    waves: dict[str, np.ndarray]
    rate: int
    length: int
    remarks: tuple[str, ...] = ()
    names: Mapping[str, str] | str | None = None
    mixture: np.ndarray | None = None

    def longer(self, samples: int) -> Gathered:
        """With so many samples of silence at the end."""
        length = self.length + samples
        return replace(self, waves=padded(self.waves, length), length=length)


def gather(sounds: Mapping[str, Sound]) -> Gathered:
    """Read the given stems.

    Other rates are converted to the first stem's, shorter stems are padded with silence to the longest.

    Raises:
        UsageError: none are given.
        AudioReadError: one cannot be read.
    """
    if not sounds:
        raise UsageError("give at least one stem, such as {'bass': 'bass.wav'}")
    remarked = {stem: Remarked(sound) for stem, sound in sounds.items()}
    read = {stem: read_all(sound) for stem, sound in remarked.items()}
    rate = next(iter(read.values()))[1]
    waves = {stem: resample(wave, own, rate) for stem, (wave, own) in read.items()}
    length = max(1, *(wave.shape[1] for wave in waves.values()))
    remarks = [
        f"{stem} was converted from {own} to {rate} Hz, the rate of {next(iter(read))}"
        for stem, (_, own) in read.items()
        if own != rate
    ]
    remarks += [
        f"{stem} was padded with {(length - wave.shape[1]) / rate:.3f} s of silence, to the longest stem's length"
        for stem, wave in waves.items()
        if wave.shape[1] != length
    ]
    remarks += [f"{stem}: {remark}" for stem, sound in remarked.items() for remark in sound.remarks]
    names = {stem: name_of(sound) for stem, sound in sounds.items()}
    return Gathered(padded(waves, length), rate, length, tuple(remarks), names)


def padded(waves: Mapping[str, np.ndarray], length: int) -> dict[str, np.ndarray]:
    """Stems with silence at the end."""
    return {stem: np.pad(wave, ((0, 0), (0, length - wave.shape[1]))) for stem, wave in waves.items()}
