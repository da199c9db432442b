"""Puts the parts of several runs into one checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from msgld.checkpoint import load_first_stage, load_model, save_model, save_parts
from msgld.description import read_description
from msgld.nets.vocoder import Vocoder


def join_vocoder(model: Path, vocoder: Vocoder, out: Path, **about: Any) -> Path:
    """Write ``model`` with this vocoder to ``out`` (which may be ``model`` itself); ``about`` joins its info.

    A first stage alone (a codec) becomes a first stage with a vocoder.

    Raises:
        ModelError: ``model`` is missing or damaged.
    """
    description = read_description(model)
    if "denoiser" not in description["parts"]:
        codec, _ = load_first_stage(model)
        kept = {key: description.get(key) for key in ("stems", "level")}
        info = {**description["info"], **about}
        save_parts({"codec": codec, "vocoder": vocoder}, out, {**kept, "info": info}, torch.float16)
        return out
    whole = load_model(model, half=False)
    whole.vocoder = vocoder
    whole.info.update(about)
    save_model(whole, out)
    return out
