"""From notes to sound, with a soundfont.

symusic's synthesiser plays notes and programs and nothing else: it ignores volume, expression, pan and the
pedal, and velocity picks a sample without making it louder. ``parts`` has resolved all that into the notes;
here notes are rendered in groups of the same loudness and place, and each group is scaled. Synthesis is
additive, so the sum is exact.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from msgld.data.fonts import find_soundfonts, heldout_soundfont
from msgld.data.parts import Part, Score, crop, parts
from msgld.errors import DataError
from msgld.types import RATE, STEMS

__all__ = ["Renderer", "balance", "find_soundfonts", "heldout_soundfont", "render"]

LEAD = 8.0
"""Seconds before the start from which a held note is played in full; an older one begins here."""
TAIL = 2.0
"""Seconds after its end for which a note's release can be heard."""
_STEP = 2.0
"""Notes within so many decibels are rendered together, at most half of it off."""
_FLOOR = -60.0
"""Notes below this (dB) are not heard."""
_PANS = 8
"""Places between the middle and one side."""
_KEYS = 250
"""Keys that a synthesiser may hold, about 0.7 MB each."""
_HIGHEST = 101
"""Highest key that is played. Some soundfonts have higher ones that symusic 0.5.9 never finishes: key 106 of
program 80 in TimGM6mb, keys 102 to 105 of several programs in GeneralUser."""
_SANE = 50.0
"""A louder render is a filter gone unstable."""


def balance(pan: np.ndarray | float) -> np.ndarray:
    """Return the gains (2, ...) of left and right for a pan of -1 to 1: equal power, 1 in the middle."""
    angle = (np.asarray(pan, dtype=np.float64) + 1) * np.pi / 4
    return np.sqrt(2) * np.stack([np.cos(angle), np.sin(angle)])


class Renderer:
    """Plays notes with one soundfont.

    Args:
        soundfont: an .sf2 or .sf3 file.
        rate: samples per second.

    Raises:
        DataError: symusic is missing, or the file is not a soundfont.
    """

    def __init__(self, soundfont: Path, rate: int = RATE) -> None:
        self.soundfont, self.rate = Path(soundfont), rate
        self._player = _player(self.soundfont.resolve(), rate)

    def render(self, piece: Score | Sequence[Part], start: float, seconds: float) -> np.ndarray:
        """Return the stretch of a piece from ``start`` as float32 (2, round(seconds * rate)), not normalised.

        Notes that began before ``start`` and still sound are heard.
        """
        total = np.zeros((2, round(seconds * self.rate)), dtype=np.float32)
        played = parts(piece) if isinstance(piece, Score) else piece
        cropped = [crop(part, start, seconds, TAIL) for part in played]
        for (level, pan), group in _groups(part for part in cropped if len(part)).items():
            sound = self._play(group, start, total.shape[1])
            gains = 10 ** (level * _STEP / 20) * balance(pan / _PANS)
            total[:, : sound.shape[1]] += gains[:, None].astype(np.float32) * sound
        return total

    def render_stems(
        self, piece: Score | Sequence[Part], start: float, seconds: float, stems: Sequence[str] = STEMS
    ) -> np.ndarray:
        """Return the stretch stem by stem, float32 (K, 2, L); a stem without notes is silent."""
        played = parts(piece) if isinstance(piece, Score) else piece
        return np.stack(
            [self.render([p for p in played if p.stem == stem], start, seconds) for stem in stems]
        )

    def _play(self, group: Sequence[Part], start: float, samples: int) -> np.ndarray:
        """Render one group, at most ``samples`` long from ``start``."""
        begin = max(min(float(part.onset.min()) for part in group), start - LEAD)
        # A whole number of samples, so that stretches of one piece line up however they are cut.
        lead = max(0, round((start - begin) * self.rate))
        shifted = [_shift(part, start - lead / self.rate) for part in group]
        sound = self._synthesise(shifted)
        if not np.abs(sound).max(initial=0.0) < _SANE:
            sound = self._without_unstable(shifted)
        return sound[:, lead : lead + samples]

    def _without_unstable(self, group: Sequence[Part]) -> np.ndarray:
        """Render part by part and leave out those on which the synthesiser's filter breaks down."""
        sounds = [self._synthesise([part]) for part in group]
        sounds = [sound for sound in sounds if np.abs(sound).max(initial=0.0) < _SANE]
        total = np.zeros((2, max((s.shape[1] for s in sounds), default=0)), dtype=np.float32)
        for sound in sounds:
            total[:, : sound.shape[1]] += sound
        return total

    def _synthesise(self, group: Iterable[Part]) -> np.ndarray:
        symusic = load_symusic()
        score, struck = symusic.Score(480, ttype="second"), set()
        playable = [part if part.is_drum else part.pick(part.pitch <= _HIGHEST) for part in group]
        for part in (part for part in playable if len(part)):
            struck |= {(part.program, part.is_drum, int(pitch)) for pitch in np.unique(part.pitch)}
            track = symusic.Track("", part.program, part.is_drum, ttype="second")
            track.notes = symusic.Note.from_numpy(
                part.onset.astype(np.float32), part.duration.astype(np.float32), part.pitch.astype(np.int8),
                part.velocity.astype(np.int8), "second",
            )  # fmt: skip
            score.tracks.append(track)
        return self._player.play(score, struck)


def render(
    score: Score, soundfont: Path, rate: int = RATE, *, start: float = 0.0, seconds: float
) -> dict[str, np.ndarray]:
    """Return the stems of a stretch of a score by name, each float32 (2, round(seconds * rate))."""
    return dict(zip(STEMS, Renderer(soundfont, rate).render_stems(score, start, seconds), strict=True))


def _shift(part: Part, zero: float) -> Part:
    """Return the part with time counted from ``zero``; a note from before begins there."""
    onset = part.onset - zero
    return replace(part, onset=np.maximum(onset, 0), duration=part.duration + np.minimum(onset, 0))


def _groups(cropped: Iterable[Part]) -> dict[tuple[int, int], list[Part]]:
    """Sort notes by loudness (in steps) and pan. Velocity gives 40 log10(v / 127) dB (SoundFont 8.4.1)."""
    groups: dict[tuple[int, int], list[Part]] = {}
    for part in cropped:
        with np.errstate(divide="ignore"):
            level = 40 * np.log10(part.velocity / 127) + 20 * np.log10(part.gain)
        step = np.round(np.maximum(level, _FLOOR - _STEP) / _STEP)
        key = np.stack([step, np.round(part.pan * _PANS)]).astype(int)
        for pair in np.unique(key[:, level >= _FLOOR], axis=1).T:
            chosen = part.pick((key == pair[:, None]).all(axis=0))
            groups.setdefault((int(pair[0]), int(pair[1])), []).append(chosen)
    return groups


class _Player:
    """A synthesiser, opened anew when it holds too much: it keeps every key that it has played."""

    def __init__(self, soundfont: Path, rate: int) -> None:
        self._soundfont, self._rate = soundfont, rate
        self._open()

    def play(self, score: Any, struck: set[tuple[int, bool, int]]) -> np.ndarray:
        """Render a score, float32 (2, L), that strikes the given keys (program, is_drum, pitch)."""
        if len(self._struck) > _KEYS:
            self._open()
        self._struck |= struck
        try:
            return np.asarray(self._synthesizer.render(score, stereo=True))
        except RuntimeError:  # nothing to play: no notes, or none of an instrument that the soundfont has
            return np.zeros((2, 0), np.float32)

    def _open(self) -> None:
        if not self._soundfont.is_file():
            raise DataError(f"soundfont {self._soundfont} does not exist")
        try:
            self._synthesizer = load_symusic().Synthesizer(str(self._soundfont), self._rate, 0)
        except RuntimeError as error:
            raise DataError(f"{self._soundfont} is not an SF2 or SF3 soundfont: {error}") from error
        self._struck: set[tuple[int, bool, int]] = set()


@lru_cache(maxsize=8)
def _player(soundfont: Path, rate: int) -> _Player:
    """Open a soundfont once per process: it decodes an instrument on its first use and keeps it."""
    return _Player(soundfont, rate)


def load_symusic() -> Any:
    """Import symusic late, since it is an extra; as Any, since its types do not check.

    Raises:
        DataError: it is not installed.
    """
    try:
        return importlib.import_module("symusic")
    except ImportError as error:
        raise DataError("rendering MIDI needs symusic: pip install msgld[band]") from error
