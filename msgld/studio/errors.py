"""What the studio answers where something cannot be done: a status and one line."""

from __future__ import annotations

from msgld.errors import MsgldError


class Refused(MsgldError):
    """A request that is not carried out.

    Args:
        status: of HTTP.
        line: what is wrong and what to do.
    """

    def __init__(self, status: int, line: str) -> None:
        super().__init__(line)
        self.status = status


def line_of(error: BaseException) -> str:
    """One line about an error, for people."""
    if isinstance(error, MsgldError):
        return str(error)
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return "out of memory; close other programs, or choose the quality draft"
    if isinstance(error, OSError) and error.strerror:
        return f"the disk or the system refused: {error.strerror}"
    return f"unexpected {type(error).__name__}: {' '.join(str(error).split())[:300]}"
