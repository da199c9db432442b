"""Choosing an instrument: mostly one the style is known for, sometimes any that could play the part."""

from __future__ import annotations

from .dice import Dice
from .instruments import CLASSES, ROLES
from .style import Style

_SURPRISE = {"other": 0.4}


def program(style: Style, stem: str, role: str, dice: Dice) -> int:
    """Choose a program, or a kit, for a part.

    Args:
        style: its ``programs[role]`` are the likely ones.
        stem: the stem, whose whole class is open for surprises.
        role: the key of the style's table; for ``other`` a key of ``ROLES``.
        dice: where chance comes from.
    """
    likely = style.programs.get(role)
    if likely and not dice.chance(_SURPRISE.get(stem, 0.25)):
        return dice.weighted(likely)
    return dice.pick(ROLES[role] if stem == "other" else CLASSES[stem])


def pan(dice: Dice, width: float) -> int:
    """Draw a place between left (0) and right (127), mostly within ``width`` (0 to 1) of the middle."""
    return max(0, min(127, round(64 + 63 * width * (dice.unit() + dice.unit() - 1))))
