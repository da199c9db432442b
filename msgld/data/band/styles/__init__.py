"""The styles of the built-in band, by name."""

from __future__ import annotations

from ..style import Style
from . import dance, jazz, pop, rock

RESERVED_STYLES: tuple[str, ...] = tuple(s.name for s in jazz.RESERVED)
"""Styles kept for held-out sets: they are composed only on request, never drawn."""

STYLES: dict[str, Style] = {
    s.name: s for s in (*pop.STYLES, *rock.STYLES, *dance.STYLES, *jazz.STYLES, *jazz.RESERVED)
}
"""Every style by name, the reserved ones last."""
