"""Puts the parts of several runs into one checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgld.checkpoint import load_model, save_model
from msgld.nets.vocoder import Vocoder


def join_vocoder(model: Path, vocoder: Vocoder, out: Path, **about: Any) -> Path:
    """Write ``model`` with this vocoder to ``out`` (which may be ``model`` itself); ``about`` joins its info.

    Raises:
        ModelError: ``model`` is missing or damaged.
    """
    whole = load_model(model, half=False)
    whole.vocoder = vocoder
    whole.info.update(about)
    save_model(whole, out)
    return out
