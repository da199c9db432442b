"""Songs with singers: phrases of a library of singing are laid over a clip, in its key and tuning."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from msgld.data.singing import KINDS, Phrase, Singing, of_any_voice
from msgld.data.source import Clip, Source, origin_of
from msgld.dsp.panning import stereo_gains
from msgld.dsp.resample import resample
from msgld.errors import UsageError
from msgld.music.keys import transposed
from msgld.stems import RATE

VOCALS = "vocals"
"""The stem that sings."""

SILENCE = 1e-5
"""RMS below which nothing plays that a singer could be as loud as."""

_TRIES = 6  # phrases that are looked at for one that reaches the clip's key


@dataclass(frozen=True)
class Casting:
    """Who sings, and how.

    Attributes:
        probability: of a singer in a clip.
        shift: farthest shift of a phrase, semitones: the voice becomes another one, as it is played faster or slower.
        loudness: of the singing against all other stems, lowest and highest, dB.
        pause: longest pause between phrases, seconds.
        doubled: probability that a second, detuned and later copy sings along, to the sides.
        second: probability of a second singer, at once with the first.
        spoken: probability that somebody speaks instead.
    """

    probability: float = 0.6
    shift: int = 3
    loudness: tuple[float, float] = (-9.0, 5.0)
    pause: float = 3.0
    doubled: float = 0.25
    second: float = 0.2
    spoken: float = 0.08


class Sung:
    """Another source, to some of whose clips a singer is added.

    Args:
        source: with a stem ``vocals``.
        singing: phrases.
        casting: who sings, and how.

    Raises:
        UsageError: the source has no such stem.
    """

    def __init__(self, source: Source, singing: Singing, casting: Casting = Casting()) -> None:
        if VOCALS not in source.stems:
            raise UsageError(
                f"singers belong to the stem {VOCALS}, which is none of {', '.join(source.stems)}"
            )
        self.source, self.singing, self.casting = source, singing, casting
        self.stems = source.stems
        self._phrases = {kind: singing.fitting(kinds=(kind,)) for kind in KINDS}

    def clip(self, seed: int, seconds: float) -> Clip:
        """The source's clip of this seed, with a singer or as it is."""
        clip = self.source.clip(seed, seconds)
        rng = np.random.default_rng([seed, 8])
        at = self.stems.index(VOCALS)
        rest = float(np.sqrt(np.mean(np.delete(clip.stems, at, 0).sum(0) ** 2)))
        if rng.random() >= self.casting.probability or not clip.present[at] or rest < SILENCE:
            return clip
        sound = self._singers(clip, rng)
        loud = _loudness_where_sung(sound)
        if loud < SILENCE:
            return clip
        stems = clip.stems.copy()
        stems[at] += sound * np.float32(rest / loud * 10 ** (rng.uniform(*self.casting.loudness) / 20))
        peak = float(np.abs(stems.sum(0)).max())
        return replace(clip, stems=stems / np.float32(max(peak, 1.0)), meta=clip.meta | {"sung": 1.0})

    def origin(self, seed: int) -> str:
        """The piece that a clip is of; empty where the source cannot tell."""
        return origin_of(self.source, seed)

    def _singers(self, clip: Clip, rng: np.random.Generator) -> np.ndarray:
        """One singer or two, (2, L)."""
        kind = KINDS[1] if rng.random() < self.casting.spoken else KINDS[0]
        sound = self._line(clip, kind, rng)
        if rng.random() < self.casting.second:
            softer = np.float32(10 ** (rng.uniform(-12, 0) / 20))
            sound = sound + softer * self._line(clip, kind, rng)
        return sound

    def _line(self, clip: Clip, kind: str, rng: np.random.Generator) -> np.ndarray:
        """Phrases one after another, with pauses: a line of the song, (2, L)."""
        length, doubled = clip.stems.shape[-1], rng.random() < self.casting.doubled
        line = np.zeros((2, length), np.float32)
        pan = float(rng.normal(0, 0.08))
        voice, at = "", round(rng.uniform(-3, self.casting.pause) * clip.rate)
        while at < length:
            phrase, shift = self._phrase(clip, kind, voice, rng)
            if phrase is None:
                break
            voice = phrase.voice
            tuned = shift + float(clip.meta.get("tuning", 0.0)) + rng.normal(0, 0.05)
            sung = _shifted(phrase.read().mean(0), tuned, RATE, clip.rate)
            lay(line, sung, at, pan)
            if doubled:
                for side in (-1.0, 1.0):
                    copy = _shifted(sung, float(rng.normal(0, 0.12)), clip.rate, clip.rate)
                    late = at + round(rng.uniform(0.005, 0.035) * clip.rate)
                    lay(line, copy * np.float32(0.5), late, side * float(rng.uniform(0.3, 0.9)))
            at += len(sung) + round(rng.uniform(0, self.casting.pause) * clip.rate)
        return line

    def _phrase(
        self, clip: Clip, kind: str, voice: str, rng: np.random.Generator
    ) -> tuple[Phrase | None, int]:
        """A phrase, of the voice if there is one, and the shift that brings it into the clip's key."""
        own = [one for one in self._phrases[kind] if voice in ("", one.voice)]
        shift = 0
        for _ in range(_TRIES if own else 0):
            phrase = own[int(rng.integers(len(own)))] if voice else of_any_voice(own, rng)
            fits = self._shifts(phrase, clip.conditions.key)
            if fits:
                return phrase, fits[int(rng.integers(len(fits)))]
        return (own[int(rng.integers(len(own)))] if own else None), shift

    def _shifts(self, phrase: Phrase, key: str | None) -> list[int]:
        """Shifts that bring a phrase into a key."""
        shifts = list(range(-self.casting.shift, self.casting.shift + 1))
        if key is None or not len(phrase.notes):
            return shifts
        return [shift for shift in shifts if phrase.in_key(transposed(key, -shift)) >= 0.9]


def _shifted(sound: np.ndarray, semitones: float, rate: int, wanted: int) -> np.ndarray:
    """A sound (L,) played faster, so that it is higher, at the rate that is wanted."""
    return resample(sound[None], round(rate * 2 ** (semitones / 12)), wanted)[0]


def lay(line: np.ndarray, sound: np.ndarray, at: int, pan: float) -> None:
    """Add a mono sound (l,) to a stereo one (2, L), in place, from sample ``at`` on, which may be negative."""
    first, last = max(at, 0), min(at + len(sound), line.shape[1])
    if last > first:
        gains = stereo_gains(min(max(pan, -1.0), 1.0)).astype(np.float32)
        line[:, first:last] += gains[:, None] * sound[first - at : last - at]


def _loudness_where_sung(sound: np.ndarray) -> float:
    """RMS over the half of the time that is loudest: pauses make no singer louder."""
    power = np.square(sound).sum(0)
    blocks = power[: len(power) // 1024 * 1024].reshape(-1, 1024).mean(1)
    loudest = np.sort(blocks)[len(blocks) // 2 :] if len(blocks) else power
    return float(np.sqrt(loudest.mean() / 2)) if len(loudest) else 0.0
