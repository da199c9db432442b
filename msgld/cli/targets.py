"""The folder for results, checked before anything is computed."""

from __future__ import annotations

import os
from pathlib import Path

from msgld.errors import AudioWriteError


def check_out(out: Path) -> None:
    """Raise AudioWriteError where ``out`` is not, and cannot become, a folder that may be written to."""
    for place in (out, *out.parents):
        if place.is_dir():
            if not os.access(place, os.W_OK | os.X_OK):
                raise AudioWriteError(f"{place} may not be written to; choose another folder with --out")
            return
        if place.is_symlink():
            aim = os.readlink(place)
            raise AudioWriteError(f"{place} is a link to {aim}, which is not there; choose another --out")
        if place.exists():
            raise AudioWriteError(f"{place} is a file; choose another folder with --out")
