"""The state of a run on disk: written atomically, read without executing anything."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import torch

from msgld.checkpoint import write_whole
from msgld.errors import ModelError


def save_state(state: dict[str, Any], path: Path) -> None:
    """Write ``state`` to ``path`` so that a crash leaves the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not straight into the file: what torch says of a full disk does not tell it from other faults.
    data = io.BytesIO()
    torch.save(state, data)
    write_whole(path, data.getvalue())


def load_state(path: Path) -> dict[str, Any] | None:
    """What :func:`save_state` wrote, or None if there is nothing; ModelError if the file is damaged."""
    if not path.exists():
        return None
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ModelError(f"cannot resume from {path}: it is damaged; remove it to start afresh") from error
