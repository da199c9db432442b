"""Which instrument belongs to which stem, by General MIDI program.

General MIDI puts programs in families of eight: 0-7 pianos, 24-31 guitars, 32-39 basses. Percussion is a
matter of the channel, not of the program. Whatever else there is goes to ``other``.
"""

from __future__ import annotations

import numpy as np

from msgld.stems import STEMS

FAMILY = 8
"""Programs in one General MIDI family."""

KITS = (0, 8, 16, 24, 25, 32, 40)
"""Drum kits of General MIDI level 2: standard, room, power, electronic, analogue, jazz, brush."""

_STEM_OF_FAMILY = {0: "piano", 3: "guitar", 4: "bass"}


def stem_of(program: int, is_drum: bool = False) -> str:
    """Return the stem of a General MIDI program (0 to 127); percussion is drums whatever its program."""
    return "drums" if is_drum else _STEM_OF_FAMILY.get(program // FAMILY, "other")


def stem_of_track(name: str, program: int, is_drum: bool) -> str:
    """Return the stem of a track: its name where that is a stem's (the band's are), else its program's stem.

    A real song's track may be called "Bass" and play a harp; only the band's lower-case names count.
    """
    return name if name in STEMS else stem_of(program, is_drum)


def substitute(program: int, is_drum: bool, rng: np.random.Generator) -> int:
    """Draw another program of the same family, or another drum kit."""
    if is_drum:
        return int(rng.choice(KITS))
    return program // FAMILY * FAMILY + int(rng.integers(FAMILY))
