"""Stores what was found as a model of ours, a part at a time and a tensor at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from msgld.checkpoint import described, write_whole
from msgld.names import as_path_part
from msgld.paper.convert.parts import Part
from msgld.paper.convert.published import Found
from msgld.paper.convert.writing import new_model_folder, write_tensors
from msgld.progress import CancelToken, Meter, OnProgress

REPORTS = 50
"""On the progress of each part."""


def store(
    found: Found,
    folder: Path,
    *,
    name: str | None = None,
    half: bool = False,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
    cancel: CancelToken | None = None,
) -> None:
    """Write a model's folder, or none where anything goes wrong.

    Args:
        name: of the model; the folder's by default.
        half: store 16 bits a number instead of 32.
        overwrite: replace a model that is there.
        on_progress: told of the values written.

    Raises:
        ModelError: a part is incomplete, a tensor is damaged, the folder cannot be written; one line.
        Cancelled: the caller asked to stop.
    """
    for part in found.parts:
        part.check()
    # Published mixtures come as they are, at any level.
    own_name = name or as_path_part(folder.name, "converted")
    about = {"stems": found.stems, "level": None, "info": {"name": own_name, **found.about}}
    described(about, {part.name: {**part.settings, "sha256": "0" * 64} for part in found.parts})
    meter = Meter(sum(part.parameters for part in found.parts), "values", "reading", on_progress, cancel)
    with new_model_folder(folder, overwrite) as new:
        parts = {part.name: _store_part(part, new, half, meter) for part in found.parts}
        write_whole(new / "model.json", described(about, parts).encode())


def _store_part(part: Part, folder: Path, half: bool, meter: Meter) -> dict[str, Any]:
    dtype = torch.float16 if half else torch.float32
    path = folder / f"{part.name}.safetensors"
    digest = write_tensors(path, part.shapes, _metered(part, meter), dtype)
    return {**part.settings, "sha256": digest}


def _metered(part: Part, meter: Meter) -> Iterator[tuple[str, Tensor]]:
    stage, done, told = f"writing the {part.name}", 0, 0
    for name, tensor in part.read():
        yield name, tensor
        done += tensor.numel()
        # Not after every small one: the time left would be guessed from next to nothing.
        if done - told >= part.parameters / REPORTS or done == part.parameters:
            meter.advance(done - told, stage)
            told = done
