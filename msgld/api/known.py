"""Whether known stems belong to their song: their lengths, and how much of each is in it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from msgld.audio.sound import Sound, open_stream
from msgld.audio.stream import AudioStream, as_channels
from msgld.errors import AudioReadError, UsageError

REMARKED, REFUSED = 0.1, 5.0
"""Seconds by which the lengths of a known stem and its song may differ: without a remark, and at all."""

_UNRELATED, _GAINS = 0.1, (0.5, 1.5)
_WHOLE = 1e-4


def check_lengths(known: Mapping[str, Sound], song: AudioStream) -> list[str]:
    """Open the known stems; remarks on those that are cut or padded.

    Files whose length is unknown before they are read are not compared.

    Raises:
        AudioReadError: a stem that cannot be read, or begins after its end.
        UsageError: a stem of quite another length, or with channels that the song has not.
    """
    remarks = []
    for stem, sound in known.items():
        try:
            with open_stream(sound) as reader:
                remarks += _compared(stem, reader, song)
        except AudioReadError as error:
            raise AudioReadError(f"the known {stem}: {error}") from error
    return remarks


def _compared(stem: str, reader: AudioStream, song: AudioStream) -> list[str]:
    as_channels(np.zeros((reader.channels, 0), np.float32), song.channels)
    if not (reader.frames and song.frames):
        return []
    own, whole = reader.frames / reader.rate, song.frames / song.rate
    if abs(own - whole) > REFUSED or own < whole / 2:
        raise UsageError(
            f"the known {stem} is {own:.1f} s long, the song {whole:.1f} s: give a file of that stem from the "
            "song's beginning to its end"
        )
    if abs(own - whole) <= REMARKED:
        return []
    done = "padded with silence" if own < whole else "cut"
    return [f"the known {stem} is {own:.1f} s long, the song {whole:.1f} s: its end was {done}"]


class InSong:
    """Whether known stems are in their song, gathered stretch by stretch.

    If a stem is in the song unchanged, the projection of the song onto the stem is the stem itself, because the other
    sounds hardly correlate with it.
    """

    def __init__(self) -> None:
        self._common: dict[str, float] = {}
        self._power: dict[str, float] = {}
        self._song = 0.0

    def add(self, mixture: np.ndarray, known: Mapping[str, np.ndarray]) -> None:
        """The next stretch of the song and of the known stems, each (channels, n)."""
        song = mixture.astype(np.float64)
        self._song += float((song**2).sum())
        for stem, samples in known.items():
            self._common[stem] = self._common.get(stem, 0.0) + float((song * samples).sum())
            self._power[stem] = self._power.get(stem, 0.0) + float((samples.astype(np.float64) ** 2).sum())

    def remarks(self) -> list[str]:
        """A line for each stem that is not in the song as it is."""
        return [remark for stem in self._power for remark in self._of(stem)]

    def _of(self, stem: str) -> list[str]:
        if not self._power[stem]:
            return [f"the known {stem} is silent"]
        gain = self._common[stem] / self._power[stem]
        if self._song - 2 * self._common[stem] + self._power[stem] < _WHOLE * self._song:
            return [f"the known {stem} is the whole song: next to nothing is left for the other stems"]
        if gain < _UNRELATED:
            return [
                f"next to nothing of the known {stem} is in this song: check that it belongs to this song and "
                "begins where it begins"
            ]
        if gain < _GAINS[0]:
            return [
                f"the song becomes louder without the known {stem}: check that it is as loud as in the song"
            ]
        if gain > _GAINS[1]:
            return [f"the known {stem} is {20 * np.log10(gain):.0f} dB louder in the song than in its file"]
        return []
