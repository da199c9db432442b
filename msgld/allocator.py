"""How this process holds memory. Windows of a song need the same large tensors again and again."""

from __future__ import annotations

import ctypes
import os
import sys

TRIM_THRESHOLD, MMAP_MAX = -1, -4
"""Names of glibc's settings (mallopt(3))."""

KEPT = 1 << 30
"""Bytes of freed memory that are kept."""


def keep_freed_memory() -> bool:
    """Keep freed memory for what is allocated next, up to a GiB; whether that could be arranged.

    glibc gives large blocks back at once, and the pages of the next ones are cleared one by one as they are first
    touched, which took a quarter of a separation's time. Whoever has set ``MALLOC_`` variables is left alone, and so
    are other C libraries.
    """
    if not sys.platform.startswith("linux") or any(name.startswith("MALLOC_") for name in os.environ):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):
        return False
    return bool(mallopt(MMAP_MAX, 0)) and bool(mallopt(TRIM_THRESHOLD, KEPT))
