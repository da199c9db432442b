"""From notes to sound, with a soundfont.

Notes are rendered in groups of the same loudness and pan, and each group is scaled. Synthesis is additive, so the sum
is exact. In a group each part has a channel of its own, which alone is bent as the part is.

The synthesiser is TinySoundFont. symusic has one too, which plays many notes of many soundfonts at a wrong pitch (its
issue 55) and cuts drums short.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from msgld.dsp.panning import stereo_gains
from msgld.errors import DataError
from msgld.music.midi.parts import Part, crop
from msgld.stems import RATE, STEMS, stem_among

LEAD = 8.0
"""Seconds before the start from which a held note is played in full; an older one begins here."""
TAIL = 2.0
"""Seconds for which a note's release is audible."""
_STEP = 2.0  # notes within so many decibels are rendered together, at most half of it off
_FLOOR = -60.0  # notes below this (dB) are left out
_PANS = 8  # places between the middle and one side
_VOICES = 512  # notes and layers that sound at once
_CHANNELS = 16
_END, _BEND, _STRIKE = 0, 1, 2  # kinds of events, in the order in which they come at one moment


def by_stem(piece: Sequence[Part], stems: Sequence[str]) -> list[list[Part]]:
    """The parts of each stem; those of a stem that is not among them are in ``other``."""
    return [[part for part in piece if stem_among(part.stem, stems) == stem] for stem in stems]


class Renderer:
    """Plays notes with one soundfont.

    Args:
        soundfont: an .sf2 or .sf3 file.
        rate: samples per second.
        colour: semitones by which timbres are shifted while notes keep their pitch: the sample of a lower note is
            played faster. Resonances and attacks move; drums, which have no notes, change their pitch.
        tuning: semitones by which everything sounds higher than it is written.

    Raises:
        DataError: TinySoundFont is missing, or the file is not a soundfont.
    """

    def __init__(self, soundfont: Path, rate: int = RATE, colour: int = 0, tuning: float = 0.0) -> None:
        self.soundfont, self.rate, self.colour, self.tuning = Path(soundfont), rate, colour, tuning
        self._player = _player(self.soundfont.resolve(), rate)

    def render(self, piece: Sequence[Part], start: float, seconds: float) -> np.ndarray:
        """An excerpt of a piece from ``start`` on, float32 (2, round(seconds * rate)), not normalised.

        It includes notes that began before ``start`` and still sound.
        """
        total = np.zeros((2, round(seconds * self.rate)), dtype=np.float32)
        cropped = [crop(part, start, seconds, TAIL) for part in piece]
        for (level, pan), group in _groups(part for part in cropped if len(part)).items():
            sound = self._play(group, start, total.shape[1])
            gains = 10 ** (level * _STEP / 20) * stereo_gains(pan / _PANS)
            total[:, : sound.shape[1]] += gains[:, None].astype(np.float32) * sound
        return total

    def render_stems(
        self, piece: Sequence[Part], start: float, seconds: float, stems: Sequence[str] = STEMS
    ) -> np.ndarray:
        """An excerpt stem by stem, float32 (S, 2, L); see :func:`by_stem`. A stem without notes is silent."""
        return np.stack([self.render(parts, start, seconds) for parts in by_stem(piece, stems)])

    def _play(self, group: Sequence[Part], start: float, samples: int) -> np.ndarray:
        """Render one group, at most ``samples`` long from ``start``."""
        begin = max(min(float(part.onset.min()) for part in group), start - LEAD)
        # A whole number of samples, so that stretches of one piece line up however they are cut.
        lead = max(0, round((start - begin) * self.rate))
        shifted = [_shift(part, start - lead / self.rate) for part in group]
        total = np.zeros((2, lead + samples), np.float32)
        for first in range(0, len(shifted), _CHANNELS):
            channels = shifted[first : first + _CHANNELS]
            total += self._player.play(channels, lead + samples, self.colour, self.tuning)
        return total[:, lead:]


def _shift(part: Part, zero: float) -> Part:
    """The part with time counted from ``zero``; a note from before begins there."""
    onset = part.onset - zero
    duration = part.duration + np.minimum(onset, 0)
    return replace(part, onset=np.maximum(onset, 0), duration=duration, bend=part.bend.since(zero))


def _groups(cropped: Iterable[Part]) -> dict[tuple[int, int], list[Part]]:
    """Sort notes by loudness (in steps) and pan.

    Velocity gives 40 log10(v / 127) dB (SoundFont 8.4.1), of which the synthesiser gives half.
    """
    groups: dict[tuple[int, int], list[Part]] = {}
    for part in cropped:
        with np.errstate(divide="ignore"):
            level = 20 * np.log10(part.velocity / 127) + 20 * np.log10(part.gain)
        step = np.round(np.maximum(level, _FLOOR - _STEP) / _STEP)
        key = np.stack([step, np.round(part.pan * _PANS)]).astype(int)
        for pair in np.unique(key[:, level >= _FLOOR], axis=1).T:
            chosen = part.pick((key == pair[:, None]).all(axis=0))
            groups.setdefault((int(pair[0]), int(pair[1])), []).append(chosen)
    return groups


class _Player:
    """A synthesiser that holds one soundfont."""

    def __init__(self, soundfont: Path, rate: int) -> None:
        if not soundfont.is_file():
            raise DataError(f"soundfont {soundfont} does not exist")
        self._rate = rate
        self._synth = load_synthesiser().Synth(samplerate=rate)
        try:
            self._font = self._synth.sfload(str(soundfont), max_voices=_VOICES)
        except Exception as error:  # the package raises bare exceptions of several kinds
            raise DataError(f"{soundfont} is not an SF2 or SF3 soundfont: {error}") from error

    def play(self, group: Sequence[Part], samples: int, colour: int = 0, tuning: float = 0.0) -> np.ndarray:
        """Play parts, each on a channel of its own, ``_CHANNELS`` at most: float32 (2, samples)."""
        self._tune(colour + tuning)
        for channel, part in enumerate(group):
            self._choose(channel, part.program, part.is_drum)
        sound = np.zeros((samples, 2), np.float32)
        done = 0
        for at, kind, channel, key, value in _events(group, self._rate, colour):
            if at >= samples:
                break
            if at > done:
                self._fill(sound[done:at])
                done = at
            if kind == _STRIKE:
                self._synth.noteon(channel, key, int(value))
            elif kind == _BEND:
                self._bend(channel, value)
            else:
                self._synth.noteoff(channel, key)
        self._fill(sound[done:])
        self._synth.sounds_off()
        self._fill(np.zeros((self._rate // 10, 2), np.float32))  # the end of the sounds
        for channel, part in enumerate(group):
            if len(part.bend.time):
                self._bend(channel, 0.0)
        return sound.T

    def _choose(self, channel: int, program: int, is_drum: bool) -> None:
        """Choose the nearest program that the soundfont has: the standard kit, the first of the family, or any."""
        for candidate in (program, program // 8 * 8, 0):
            try:
                self._synth.program_select(channel, self._font, 0, candidate, is_drum)
            except RuntimeError:
                continue
            return
        self._synth.channel.pop(channel, None)

    def _bend(self, channel: int, semitones: float) -> None:
        """Bend a channel, sounding notes too; without effect where the soundfont has nothing for it."""
        if channel in self._synth.channel:
            self._synth.set_tuning(channel, semitones)

    def _tune(self, higher: float) -> None:
        """Play sounds so many semitones higher; :func:`_events` lowers the notes where only timbres move."""
        synth = self._synth
        slower = round(self._rate * 2 ** (-higher / 12))  # played at the full rate, it is higher
        mode = importlib.import_module("tinysoundfont._tinysoundfont").OutputMode.StereoInterleaved
        synth.soundfonts[self._font].set_output(mode, slower, synth.gain)

    def _fill(self, block: np.ndarray) -> None:
        """Let the synthesiser go on for the length of ``block`` (n, 2), contiguous."""
        if len(block):
            self._synth.generate_simple(len(block), buffer=block.reshape(-1).view(np.uint8).data)


def _events(group: Sequence[Part], rate: int, colour: int = 0) -> list[tuple[int, int, int, int, float]]:
    """(sample, kind, channel, key, velocity or semitones), in order; at one moment ends come first, then bends."""
    events: list[tuple[int, int, int, int, float]] = []
    for channel, part in enumerate(group):
        first = np.rint(part.onset * rate).astype(int)
        last = np.maximum(np.rint((part.onset + part.duration) * rate).astype(int), first + 1)
        keys = part.pitch if part.is_drum else np.clip(part.pitch - colour, 0, 127)
        for on, off, key, velocity in zip(
            first.tolist(), last.tolist(), keys.tolist(), part.velocity.tolist(), strict=True
        ):
            events += [(on, _STRIKE, channel, key, velocity), (off, _END, channel, key, 0)]
        moments = np.rint(part.bend.time * rate).astype(int).tolist()
        bends = dict(zip(moments, part.bend.semitones.tolist(), strict=True))
        events += [(at, _BEND, channel, 0, semitones) for at, semitones in bends.items()]
    return sorted(events)


@lru_cache(maxsize=32)
def _player(soundfont: Path, rate: int) -> _Player:
    """Open a soundfont once per process, which takes up to two seconds."""
    return _Player(soundfont, rate)


def load_synthesiser() -> Any:
    """Import TinySoundFont, which only rendering needs.

    Raises:
        DataError: it is not installed.
    """
    try:
        return importlib.import_module("tinysoundfont")
    except ImportError as error:
        # Without --no-deps pip builds PyAudio too, which nothing here uses and which needs a compiler.
        raise DataError("rendering MIDI needs TinySoundFont: pip install --no-deps tinysoundfont") from error
