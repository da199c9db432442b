"""Stems to a mix: how loud each is, where it stands, and how much of the room it has.

Synthesisers and soundfonts differ by up to 17 dB in how loud a program is, so loudness is set after rendering. In
mixes of popular music drums, tune and all accompaniment together are about equally loud, and the bass a little softer
to the ear; parts of the accompaniment share its place. How these share it was measured on 62 songs as their MIDI files
mix them, rendered with Fluid R3 (medians): guitars 4 LU, other parts 5 LU, pads 7 LU and pianos 8 LU below the sum.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from msgld.dsp.limiter import CEILING, peak_gains
from msgld.dsp.panning import stereo_gains
from msgld.music.notes import Notes
from msgld.music.render.loudness import SILENT, lufs
from msgld.music.render.room import reverberated
from msgld.stems import RATE, about

MIX = -16.5
"""Loudness of a mix, in LUFS: between -14, to which streaming services turn music, and -20."""


@dataclass(frozen=True)
class MixPosition:
    """Of a stem in a mix.

    Attributes:
        loudness: LU in comparison with drums.
        room: gain of the room's answer.
    """

    loudness: float
    room: float


POSITIONS: Mapping[str, MixPosition] = {
    "drums": MixPosition(0.0, 0.07), "vocals": MixPosition(0.0, 0.20), "bass": MixPosition(-1.5, 0.02),
    "guitar": MixPosition(-4.0, 0.12), "piano": MixPosition(-5.0, 0.13), "other": MixPosition(-5.0, 0.20),
}  # fmt: skip

PAD = MixPosition(-7.5, 0.25)
"""Of a part of ``other`` that is played by sections, choirs or pads."""

PADS = (*range(48, 55), *range(88, 96))
"""Programs of sections, choirs and pads."""

DYNAMICS = 0.4
"""How much of a stem's mean loudness in velocities stays, when stems are brought to their places."""

USUAL, FARTHEST = 90.0, 6.0
"""Velocity that stands for a stem's place, and LU by which velocities move it at most."""


def position_of(stem: str, notes: Notes) -> MixPosition:
    """Where a stem stands in a mix."""
    if stem == "other" and len(notes) and notes.programs[0] in PADS:
        return PAD
    return POSITIONS.get(stem, POSITIONS["other"])


def balanced(dry: Mapping[str, np.ndarray], notes: Mapping[str, Notes]) -> dict[str, np.ndarray]:
    """Stems that sum to a mix at ``MIX`` LUFS whose peaks are below -1 dBFS.

    Args:
        dry: sound of each stem, (2, L) at 44,100 samples per second.
        notes: of each stem.
    """
    stems = {stem: placed(stem, sound, notes[stem]) for stem, sound in dry.items()}
    if not stems:
        return {}
    mix = np.zeros_like(next(iter(stems.values())))
    for sound in stems.values():
        mix += sound
    loudness = lufs(mix)
    if loudness <= SILENT:
        return stems
    gain = np.float32(10 ** ((MIX - loudness) / 20))
    gains = gain * peak_gains(gain * mix, RATE, CEILING)
    return {stem: sound * gains for stem, sound in stems.items()}


def placed(stem: str, dry: np.ndarray, notes: Notes) -> np.ndarray:
    """A stem at its place in a mix at ``MIX`` LUFS: loudness, panning, room; (2, L) at 44,100 samples per second."""
    loudness = lufs(dry)
    if loudness <= SILENT:
        return np.zeros_like(dry)
    place = position_of(stem, notes)
    gain = 10 ** ((MIX + place.loudness + _played(notes) - loudness) / 20)
    sides = (gain * stereo_gains(about(stem).pan)).astype(np.float32)
    return np.asarray(sides[:, None] * (dry + np.float32(place.room) * reverberated(dry)))


def _played(notes: Notes) -> float:
    """LU by which a stem is louder than its place, for it is played harder than usual."""
    power = np.mean((notes.velocity / USUAL) ** 4.0)  # amplitude goes with the square of velocity
    return float(np.clip(DYNAMICS * 10 * np.log10(power), -FARTHEST, FARTHEST))
