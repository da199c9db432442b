"""Writes a model's folder tensor by tensor, whole or not at all."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
import struct
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor

from msgld.errors import ModelError

_NAMES = {torch.float32: "F32", torch.float16: "F16"}
"""What the safetensors format calls the dtypes that are written here."""


@contextmanager
def new_model_folder(folder: Path, overwrite: bool) -> Iterator[Path]:
    """A temporary folder beside ``folder`` that becomes it when all went well, and else vanishes.

    Raises:
        ModelError: the folder exists and may not be replaced, holds something else than a model, or cannot be
            written; one line.
    """
    check_free(folder, overwrite)
    temporary = folder.parent / f".{folder.name[:40]}-{uuid.uuid4().hex[:12]}.part"
    try:
        temporary.mkdir(parents=True)
        yield temporary
        check_free(folder, overwrite)
        _put_in_place(temporary, folder)
    except OSError as error:
        raise ModelError(f"cannot write to {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_free(folder: Path, overwrite: bool) -> None:
    """Raise ModelError unless a model may be written to ``folder``.

    Only models are ever overwritten: anything else in the folder would be lost.
    """
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ModelError(f"{folder} is a file; choose another folder")
    names = [path.name for path in folder.iterdir()]
    if names and not overwrite:
        raise ModelError(f"{folder} exists already; choose another folder, or add --overwrite")
    others = [name for name in names if name != "model.json" and not name.endswith(".safetensors")]
    if others:
        raise ModelError(f"{folder} holds more than a model ({sorted(others)[0]}); choose another folder")


def _put_in_place(temporary: Path, folder: Path) -> None:
    if not folder.exists():
        os.rename(temporary, folder)
        return
    # Two renames, so that there is a whole model under one of the names at every moment.
    former = temporary.with_name(temporary.name.removesuffix(".part") + "-former.part")
    os.rename(folder, former)
    try:
        os.rename(temporary, folder)
    except OSError:
        os.rename(former, folder)
        raise
    shutil.rmtree(former, ignore_errors=True)


def write_tensors(
    path: Path,
    shapes: Mapping[str, tuple[int, ...]],
    tensors: Iterable[tuple[str, Tensor]],
    dtype: torch.dtype,
) -> str:
    """Write a safetensors file of which only one tensor at a time is in memory.

    Args:
        path: written to at once, so it belongs into a temporary folder.
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
