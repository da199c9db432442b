"""Drum grooves as text: a row an instrument, a character a step, see ``drums.py`` for the letters.

``X`` is an accent, ``x`` a normal stroke, ``s`` a soft one, ``o`` a ghost note, ``?`` a soft one that may be
left out.
"""

from __future__ import annotations

from .drums_dance import DANCE
from .drums_fills import FILL, OVERLAY, WALTZ_FILL
from .drums_rock import ROCK
from .drums_world import SWUNG, WORLD


def _read(text: str) -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = {}
    for line in filter(None, text.splitlines()):
        if line.startswith("["):
            rows = table.setdefault(line[1:-1], {})
        else:
            instrument, _, steps = line.partition(" ")
            rows[instrument] = steps
    return table


GROOVES: dict[str, dict[str, str]] = _read(ROCK + DANCE + WORLD + SWUNG)
"""Rows of steps by groove and instrument."""

OVERLAYS: dict[str, dict[str, str]] = _read(OVERLAY)
"""Percussion by name."""

FILLS: dict[int, dict[str, dict[str, str]]] = {4: _read(FILL), 3: _read(WALTZ_FILL)}
"""Fills by beats in a bar; a fill replaces the groove from its first stroke on."""
