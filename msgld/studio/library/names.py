"""Names that become parts of paths: made here, from letters, digits and hyphens, never the user's own."""

from __future__ import annotations

import re
import unicodedata

from msgld.errors import one_line

LONGEST_TITLE = 200
"""Characters of a title."""

TAKE_ID = "[0-9]{3,7}"
"""Pattern of a take's id."""

_SLUG = 40


def slug(title: str) -> str:
    """ASCII letters, digits and hyphens that remind of a title; empty where nothing does."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_SLUG].strip("-")


def as_title(text: str, default: str) -> str:
    """A title as it is shown: one line, without surrogates and invisible letters, not too long."""
    shown = "".join(
        letter for letter in text if unicodedata.category(letter) != "Cf"
    )  # such as marks of direction
    clean = one_line(shown.encode("utf-8", "replace").decode()).strip()
    return clean[:LONGEST_TITLE].strip() or default


def stem_of_file(name: str) -> str:
    """What a file is called without its folder and ending: ``song`` of ``C:\\music\\song.mp3``."""
    base = re.split(r"[/\\]", name)[-1]
    head, dot, ending = base.rpartition(".")
    return head if dot and head and len(ending) <= 5 else base


def numbered(number: int, digits: int, name: str) -> str:
    """``0001-song``; the number alone where there is no name."""
    return f"{number:0{digits}}-{name}" if name else f"{number:0{digits}}"
