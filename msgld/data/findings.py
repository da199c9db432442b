"""What is noteworthy about a data set: which file, what about it, and what happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from msgld.errors import one_line

SET_ASIDE = "set aside"
LEFT_OUT = "left out"
PASSED_OVER = "passed over"
USED = "used"


@dataclass(frozen=True)
class Finding:
    """One thing about a file or folder.

    Attributes:
        file: relative to the set. what: about it. then: what happens, such as ``set aside``.
    """

    file: str
    what: str
    then: str


def relative(path: Path, root: Path) -> str:
    """A path as it is named in findings: from the set's folder on."""
    try:
        name = path.relative_to(root).as_posix()
    except ValueError:
        name = str(path)
    return one_line(root.name or str(root) if name == "." else name)


def named(items: Sequence[str], most: int = 3) -> str:
    """Some names in a line: ``a, b, c and 12 more``."""
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return f"{', '.join(items[:most])}{more}"
