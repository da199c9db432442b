"""Made notes to sound beside given sound, as loud there as real parts are."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from msgld.dsp.resample import resample
from msgld.music.bars import Timeline
from msgld.music.notes import Notes
from msgld.music.render.balance import MIX, POSITIONS, placed
from msgld.music.render.loudness import SILENT, lufs
from msgld.music.render.render import fade_out, render_notes
from msgld.stems import RATE, UNPITCHED

END = 0.05
"""Seconds at the end in which made stems fade."""

FAINT = 20.0
"""LU below its place in a mix from which on a stem does not count, where another one is at its place."""


def render_beside(
    notes: Mapping[str, Notes],
    timeline: Timeline,
    given: Mapping[str, np.ndarray],
    rate: int,
    length: int,
    soundfont: Path | None = None,
) -> dict[str, np.ndarray]:
    """The sound of each made stem, float32 (2, length), from second 0 of the timeline on.

    Args:
        notes: made, by stem.
        timeline: of the given sound.
        given: stem -> sound (channels, L) that it is played with; none for a mix of its own.
        rate: samples per second of the given sound and the result.
        length: samples of the result.
        soundfont: an .sf2 or .sf3 file; by default the one that comes along.

    Raises:
        DataError: the soundfont cannot be read or played.
    """
    gain = np.float32(10 ** ((mix_loudness(given, rate) - MIX) / 20))
    fade, made = fade_out(length, round(END * rate)), {}
    for stem, each in notes.items():
        dry = render_notes(each, timeline, stem in UNPITCHED, soundfont, length / rate)
        wave = resample(gain * placed(stem, dry, each), RATE, rate)[:, :length]
        wave[:, : _first_sample(each, timeline, rate)] = 0  # where resampling rings ahead of the first note
        made[stem] = np.pad(wave, ((0, 0), (0, length - wave.shape[1]))) * fade
    return made


def _first_sample(notes: Notes, timeline: Timeline, rate: int) -> int:
    if not len(notes):
        return 0
    return max(0, int(timeline.at(notes.onset[:1])[0] * rate))


def mix_loudness(given: Mapping[str, np.ndarray], rate: int) -> float:
    """Loudness of a whole mix that has the given stems as loud as they are, in LUFS; ``MIX`` where all are silent.

    Args:
        given: stem -> sound (channels, L).
        rate: samples per second.
    """
    above = {}  # of each stem, LU over its place in a mix
    for stem, wave in given.items():
        both = wave[:2] if len(wave) > 1 else np.repeat(wave, 2, axis=0)
        loudness = lufs(resample(both, rate, RATE))
        if loudness > SILENT:
            above[stem] = loudness - _place(stem)
    if not above:
        return MIX
    places = np.array([_place(stem) for stem in above])
    values = np.array(list(above.values()))
    counted = values >= values.max() - FAINT
    power = (10 ** ((values + places)[counted] / 10)).sum() / (10 ** (places[counted] / 10)).sum()
    return float(10 * np.log10(power))


def _place(stem: str) -> float:
    return POSITIONS.get(stem, POSITIONS["other"]).loudness


def spliced(old: np.ndarray, new: np.ndarray, rate: int, start: float, stop: float) -> np.ndarray:
    """A sound of which a stretch is another's; elsewhere it is itself to the bit.

    Args:
        old: (channels, L).
        new: (2, L).
        rate: samples per second.
        start: second at which the other one begins; it fades in just before.
        stop: second at which it ends; it fades out just after.
    """
    fade = 0.03
    seconds = np.arange(old.shape[1]) / rate
    weight = np.clip(np.minimum((seconds - start) / fade + 1, (stop - seconds) / fade + 1), 0, 1)
    old = np.repeat(old, 2, axis=0) if len(old) == 1 else old
    new = np.pad(new, ((0, len(old) - 2), (0, 0)))
    inside = weight > 0
    whole = old.astype(np.float32, copy=True)
    whole[:, inside] = (old * (1 - weight) + new * weight)[:, inside]
    return whole
