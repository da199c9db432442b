"""Torch's checkpoint files (zip archives), read without unpickling and one tensor at a time."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any, NoReturn, cast

import torch
from torch import Tensor

from msgld.errors import ModelError
from msgld.paper.convert.unpickle import LARGEST, TensorRecord, unpickle

_LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""Pickle of the magic number with which torch before 1.6 began its files."""


class Archive:
    """An open checkpoint file; a context manager.

    Args:
        path: a file that ``torch.save`` wrote in its zip format (the default since torch 1.6).

    Attributes:
        path: of the file.
        content: of its pickle, see ``unpickle``. No tensor of it has been read.

    Raises:
        ModelError: no such file, cut short, or of another kind; one line that names the file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._zip = _open(path)
        try:
            self._root = self._find_root()
            self.content = self._decode()
        except BaseException:
            self._zip.close()
            raise

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def read(self, tensor: TensorRecord) -> Tensor:
        """Read one tensor into memory, contiguous, of the dtype it is stored in.

        Raises:
            ModelError: its file in the archive is missing, damaged or of another size than described.
        """
        storage = tensor.storage
        dtype: torch.dtype = getattr(torch, storage.dtype)
        name = f"{self._root}data/{storage.key}"
        data = self._bytes(name, storage.count * dtype.itemsize)
        if not tensor.size:
            return torch.empty(tensor.shape, dtype=dtype)
        return (
            torch.frombuffer(data, dtype=dtype)
            .as_strided(tensor.shape, tensor.strides, tensor.offset)
            .contiguous()
        )

    def _find_root(self) -> str:
        """The folder inside of the archive that everything lies in, with its slash."""
        names = [name for name in self._zip.namelist() if name.endswith("/data.pkl") and name.count("/") == 1]
        if len(names) != 1:
            self._refuse("is a zip file, but not a torch checkpoint")
        root = names[0].removesuffix("data.pkl")
        if f"{root}constants.pkl" in self._zip.namelist():
            self._refuse("is a TorchScript program, not a checkpoint; get the checkpoint it was made from")
        return root

    def _decode(self) -> Any:
        order = f"{self._root}byteorder"
        if order in self._zip.namelist() and self._bytes(order) != b"little":
            self._refuse("was written on a big-endian machine; save it again on another one")
        try:
            return unpickle(bytes(self._bytes(f"{self._root}data.pkl")))
        except ModelError as error:
            raise ModelError(f"cannot read {self.path}: {error}") from error

    def _bytes(self, name: str, expected: int | None = None) -> bytearray:
        """The content of a file inside, which must have the expected size, or a description's at most."""
        try:
            info = self._zip.getinfo(name)
        except KeyError:
            self._refuse(f"is damaged: {name} is missing in it")
        # What is stored as it is cannot be larger than the file that holds it.
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            self._refuse("was packed again with compression; unpack it, or save it again with torch.save")
        if expected is None and info.file_size > LARGEST:
            self._refuse(f"is damaged: {name} is too large")
        if expected is not None and info.file_size != expected:
            self._refuse(f"is damaged: {name} has {info.file_size} bytes instead of {expected}")
        if info.file_size > self.path.stat().st_size:
            self._refuse(f"is damaged: {name} is longer than the whole file")
        return self._read(info)

    def _read(self, info: zipfile.ZipInfo) -> bytearray:
        data = bytearray(info.file_size)
        try:
            with self._zip.open(info) as file:
                # Reading to the end checks the sum of the bytes as well.
                complete = cast(io.BufferedIOBase, file).readinto(data) == len(data) and not file.read(1)
        except (zipfile.BadZipFile, EOFError, RuntimeError, NotImplementedError, ValueError):
            complete = False
        if not complete:
            self._refuse(f"is damaged: {info.filename} in it cannot be read; get the file again")
        return data

    def _refuse(self, fault: str) -> NoReturn:
        raise ModelError(f"{self.path} {fault}")


def _open(path: Path) -> zipfile.ZipFile:
    if path.is_dir():
        raise ModelError(f"{path} is a folder; name the checkpoint file in it")
    try:
        with open(path, "rb") as file:
            start = file.read(64)
        return zipfile.ZipFile(path)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror or error}") from error
    except (zipfile.BadZipFile, ValueError, NotImplementedError, RuntimeError) as error:
        raise ModelError(f"{path} {_fault(start, path)}") from error


def _fault(start: bytes, path: Path) -> str:
    """What is wrong with a file that is no zip archive, by its first bytes."""
    if start.startswith(b"PK"):
        return "is cut short or damaged; get it again"
    if start.startswith(_LEGACY):
        new = path.with_name(path.stem + "-new.ckpt").name
        load = f"torch.load({path.name!r}, map_location='cpu', weights_only=True)"
        return f"is in torch's format before 1.6; write it anew with: torch.save({load}, {new!r})"
    if start[8:9] == b"{":
        return "is a safetensors file; give the checkpoint that the authors published"
    return "is not a torch checkpoint; give the file that the authors published"
