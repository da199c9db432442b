"""Splits of a set: the names that published sets have for them, and where a song's is found."""

from __future__ import annotations

from pathlib import Path

TRAIN, VALIDATION, TEST, OMITTED = "train", "validation", "test", "omitted"
"""Names of splits; a song without one has the empty name."""

_SPELLINGS = {
    "training": TRAIN, "train": TRAIN, "valid": VALIDATION, "val": VALIDATION, "dev": VALIDATION,
    "validation": VALIDATION, "test": TEST, "testing": TEST, "eval": TEST, "omitted": OMITTED,
}  # fmt: skip


def split_named(text: str) -> str:
    """The split that a text names in one of the usual spellings, else the text itself in lower case."""
    name = text.strip().lower()
    return _SPELLINGS.get(name, name)


def split_of(path: Path, root: Path) -> str:
    """The split by a folder of the set that a song's folder or file lies in, such as ``test/Track01876``; else empty.

    The set may also be such a folder itself, ``slakh/omitted``: that is not asked, as the user has named it.
    """
    parts = path.relative_to(root).parts[:-1]
    return next((_SPELLINGS[part.lower()] for part in parts if part.lower() in _SPELLINGS), "")
