"""What a trained model is called: as its run's folder, never as a model that comes with the package."""

from __future__ import annotations

import re
from pathlib import Path

LONGEST = 60
_SHIPPED = Path(__file__).parent.parent / "weights"
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices."""


def model_name(out: Path) -> str:
    """Name of the model that a run in ``out`` exports: one path part, on any system, of at most 66 characters."""
    plain = re.sub(r"[^\w .+-]+", "_", out.resolve().name)[:LONGEST].strip(" .") or "trained"
    taken = {folder.name.lower() for folder in _SHIPPED.glob("*") if folder.is_dir()}
    return f"{plain}-tuned" if plain.lower() in taken or _DEVICES.fullmatch(plain) else plain
