"""Stores the parts that were found as a model's folder: tensor by tensor, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import math
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from msgld.checkpoint import described
from msgld.errors import ModelError
from msgld.files import write_whole
from msgld.folders import new_model_folder
from msgld.names import as_path_part
from msgld.paper.convert.parts import Part
from msgld.paper.convert.published import Published
from msgld.progress import CancelToken, Meter, OnProgress

_NAMES = {torch.float32: "F32", torch.float16: "F16"}
"""What the safetensors format calls the dtypes that are written here."""
REPORTS = 50
"""On the progress of each part."""


def store(
    published: Published,
    folder: Path,
    *,
    name: str | None = None,
    half: bool = False,
    overwrite: bool = False,
    on_progress: OnProgress | None = None,
    cancel: CancelToken | None = None,
) -> None:
    """Write a model's folder, or nothing where anything goes wrong.

    Args:
        published: the parts, whose files are still open.
        folder: of the new model.
        name: of the model; the folder's by default.
        half: store 16 bits a number instead of 32.
        overwrite: replace a model that is there.
        on_progress: called with the number of values written.
        cancel: checked with every report.

    Raises:
        ModelError: a part is incomplete, a tensor is damaged, the folder cannot be written; one line.
        Cancelled: ``cancel`` was set.
    """
    for part in published.parts:
        part.check()
    # Published models take mixtures at any loudness.
    info = {"name": name or as_path_part(folder.name, "converted"), **published.info}
    about = {"stems": published.stems, "level": None, "info": info}
    described(about, {part.name: {**part.settings, "sha256": "0" * 64} for part in published.parts})
    meter = Meter(sum(part.parameters for part in published.parts), "values", "reading", on_progress, cancel)
    with new_model_folder(folder, overwrite) as new:
        parts = {part.name: _store_part(part, new, half, meter) for part in published.parts}
        write_whole(new / "model.json", described(about, parts).encode())


def _store_part(part: Part, folder: Path, half: bool, meter: Meter) -> dict[str, Any]:
    dtype = torch.float16 if half else torch.float32
    path = folder / f"{part.name}.safetensors"
    digest = write_tensors(path, part.shapes, _metered(part, meter), dtype)
    return {**part.settings, "sha256": digest}


def _metered(part: Part, meter: Meter) -> Iterator[tuple[str, Tensor]]:
    stage, done, reported = f"writing the {part.name}", 0, 0
    for name, tensor in part.read():
        yield name, tensor
        done += tensor.numel()
        # Not after every small one: the time left would be guessed from next to nothing.
        if done - reported >= part.parameters / REPORTS or done == part.parameters:
            meter.advance(done - reported, stage)
            reported = done


def write_tensors(
    path: Path,
    shapes: Mapping[str, tuple[int, ...]],
    tensors: Iterable[tuple[str, Tensor]],
    dtype: torch.dtype,
) -> str:
    """Write a safetensors file with one tensor in memory at a time.

    Args:
        path: of the file, in a temporary folder, as it is written in place.
        shapes: of all tensors, in the order in which they come.
        tensors: name and values, in that order, of any floating-point dtype.
        dtype: float32 or float16, to store them in; single numbers keep 32 bits.

    Returns:
        The file's sha256 in hexadecimal.
    """
    digest = hashlib.sha256()
    with open(path, "wb") as file:
        for block in _blocks(shapes, tensors, dtype):
            file.write(block)
            digest.update(block)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _blocks(
    shapes: Mapping[str, tuple[int, ...]], tensors: Iterable[tuple[str, Tensor]], dtype: torch.dtype
) -> Iterator[bytes | memoryview]:
    yield _header(shapes, dtype)
    for (name, shape), (given, tensor) in zip(shapes.items(), tensors, strict=True):
        if (name, shape) != (given, tuple(tensor.shape)):
            raise ModelError(f"{given} came out with shape {tuple(tensor.shape)} instead of {shape}")
        values = tensor.to(_stored(shape, dtype))
        if not bool(values.isfinite().all()):
            fault = (
                "too large for 16 bits; leave out --half"
                if tensor.isfinite().all()
                else "that are no numbers"
            )
            raise ModelError(f"{name} has values {fault}")
        if values.numel():
            yield values.contiguous().view(-1).numpy().data.cast("B")


def _header(shapes: Mapping[str, tuple[int, ...]], dtype: torch.dtype) -> bytes:
    entries, begin = {}, 0
    for name, shape in shapes.items():
        stored = _stored(shape, dtype)
        end = begin + stored.itemsize * math.prod(shape)
        entries[name] = {"dtype": _NAMES[stored], "shape": list(shape), "data_offsets": [begin, end]}
        begin = end
    text = json.dumps(entries, separators=(",", ":")).encode()
    # Blanks at the end, so that the numbers begin at a multiple of eight bytes.
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text


def _stored(shape: tuple[int, ...], dtype: torch.dtype) -> torch.dtype:
    return dtype if shape else torch.float32
