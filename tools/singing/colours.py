"""What makes a singer of a voice: air, breaths, doubles, harmonies. Sounds are (L,) or (2, L), full scale 1."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.signal import butter, sosfilt, sosfiltfilt

from msgld.music.keys import notes_of
from singing.melodies import Melody, Note

AIR = 8_000.0
"""Hertz above which voices of 16 and 24 kHz have nothing or little."""


def with_air(sound: np.ndarray, rate: int, edge: float, rng: np.random.Generator) -> np.ndarray:
    """The sound with noise above ``edge`` (Hz) that follows what is just below it: sibilants and breath.

    The noise falls by 6 dB an octave from the loudness of the half octave below the edge, and varies by 3 dB.
    """
    top = min(16_000.0, 0.45 * rate)
    if edge >= 0.8 * top:
        return sound
    below = sosfiltfilt(butter(4, (0.7 * edge, 0.95 * edge), "bandpass", fs=rate, output="sos"), sound)
    follow = sosfiltfilt(butter(2, 40.0, fs=rate, output="sos"), np.abs(below))
    noise = sosfilt(
        butter(4, (edge, top), "bandpass", fs=rate, output="sos"), rng.standard_normal(len(sound))
    )
    fallen = sosfilt(butter(1, edge, fs=rate, output="sos"), noise)
    loud = np.maximum(follow, 0) / (np.sqrt(np.mean(fallen**2)) + 1e-12)
    loud *= np.sqrt(loud / (np.percentile(loud, 98) + 1e-12))  # consonants have more of it than vowels
    return (sound + 10 ** (rng.normal(-6, 3) / 20) * loud * fallen).astype(np.float32)


def with_dynamics(sound: np.ndarray, rate: int, rng: np.random.Generator) -> np.ndarray:
    """The sound with a loudness that rises and falls slowly, by about 3 dB."""
    knots = max(3, round(len(sound) / rate / 0.8))
    curve = np.interp(np.linspace(0, knots - 1, len(sound)), np.arange(knots), rng.normal(0, 2.5, knots))
    return sound * 10 ** (curve / 20)


def with_breaths(
    sound: np.ndarray, rate: int, notes: tuple[Note, ...], rng: np.random.Generator
) -> np.ndarray:
    """The sound with a breath before the first note and in rests that leave room for one."""
    out = sound.copy()
    ends = [0.0, *(note.end for note in notes[:-1])]
    loud = np.sqrt(np.mean(sound**2))
    for end, note in zip(ends, notes, strict=True):
        room = note.onset - 0.06 - end
        if room >= 0.15 and rng.random() < 0.7:
            length = min(room, rng.uniform(0.15, 0.4))
            breath = _breath(round(length * rate), rate, rng) * loud * 10 ** (rng.uniform(-36, -20) / 20)
            start = round((note.onset - 0.06 - length) * rate)
            out[start : start + len(breath)] += breath
    return out


def _breath(count: int, rate: int, rng: np.random.Generator) -> np.ndarray:
    """An intake of breath of RMS 1: noise with the broad resonances of an open mouth."""
    noise = rng.standard_normal(count)
    edges = (rng.uniform(500, 900), min(rng.uniform(4_000, 8_000), 0.45 * rate))
    shaped = sosfilt(butter(2, edges, "bandpass", fs=rate, output="sos"), noise)
    centre = rng.uniform(1_400, 2_200)
    shaped += 2 * sosfilt(butter(1, (0.8 * centre, 1.25 * centre), "bandpass", fs=rate, output="sos"), noise)
    shaped *= np.sin(np.pi * np.linspace(0, 1, count) ** rng.uniform(0.8, 1.6)) ** 2
    return shaped / (np.sqrt(np.mean(shaped**2)) + 1e-12)


def thirds(melody: Melody, rng: np.random.Generator) -> Melody:
    """The melody a third of the scale higher or lower, or a sixth lower."""
    ladder = sorted(p + 12 * octave for octave in range(11) for p in notes_of(melody.key))
    steps = (2, -2, 2 - len(notes_of(melody.key)))[int(rng.integers(3))]
    table = {}
    for note in melody.notes:
        near = int(np.abs(np.array(ladder) - note.pitch).argmin())
        off = note.pitch - ladder[near]
        table[note.pitch] = ladder[near + steps] + off
    notes = tuple(
        Note(n.onset, n.duration, table[n.pitch], round(0.85 * n.velocity), n.syllable) for n in melody.notes
    )
    return replace(melody, notes=notes)


def late(melody: Melody, rng: np.random.Generator) -> Melody:
    """The melody as a second take has it: each note up to 25 ms early or late."""
    shift = np.clip(rng.normal(0, 0.012, len(melody.notes)), -0.025, 0.025)
    notes = tuple(
        Note(note.onset + move, note.duration, note.pitch, note.velocity, note.syllable)
        for note, move in zip(melody.notes, shift.tolist(), strict=True)
    )
    return replace(melody, notes=notes)
