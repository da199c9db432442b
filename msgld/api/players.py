"""Who plays a made stem: General MIDI programs, by the conditions, the given notes, or the style."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from msgld.music.conditions import Conditions
from msgld.music.notes import Notes

USUAL: Mapping[str, tuple[int, ...]] = {
    "bass": (33, 34, 32, 35, 38),
    "drums": (0, 8, 16),
    "guitar": (25, 27, 24, 26, 29),
    "piano": (0, 4, 1, 5),
    "vocals": (53, 52, 80, 73),
    "other": (48, 61, 50, 18, 89),
}
"""Programs of each stem where the style is open, the most usual first."""

_ROLES = {
    "bass": "bass",
    "drums": "drums",
    "guitar": "guitar",
    "piano": "piano",
    "vocals": "lead",
    "other": "pad",
}
"""The entry of a band style that has a stem's programs."""


def player_of(stem: str, conditions: Conditions, given: Notes | None, rng: np.random.Generator) -> int:
    """The program that plays a stem: that of the conditions, that of the given notes, or one that suits the style."""
    chosen = conditions.programs.get(stem)
    if chosen:
        return chosen[0]
    if given is not None and len(given):
        return given.programs[0]
    odds = _of_style(stem, conditions.style)
    programs = sorted(odds)
    weights = np.array([odds[program] for program in programs])
    return int(rng.choice(programs, p=weights / weights.sum()))


def _of_style(stem: str, style: str | None) -> Mapping[int, float]:
    """Weights of programs of a stem in a style; the usual ones, the first most, where that says nothing."""
    from msgld.data.band.styles import STYLES

    found = STYLES[style].programs.get(_ROLES.get(stem, ""), {}) if style in STYLES else {}
    usual = USUAL.get(stem, (0,))
    return found or {program: 1.0 / (place + 1) for place, program in enumerate(usual)}


def tempo_of(conditions: Conditions, rng: np.random.Generator) -> float:
    """Quarter notes a minute: those of the conditions, or some that suit the style."""
    from msgld.data.band.styles import STYLES

    if conditions.bpm is not None:
        return conditions.bpm
    slowest, fastest = STYLES[conditions.style].tempo if conditions.style in STYLES else (84.0, 132.0)
    return float(round(rng.uniform(slowest, fastest)))
