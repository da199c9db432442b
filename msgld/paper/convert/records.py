"""What the description of a torch checkpoint is made of: tensors not yet read, and everything else, inert."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from msgld.errors import ModelError

STORAGES = {
    "torch.DoubleStorage": "float64",
    "torch.FloatStorage": "float32",
    "torch.HalfStorage": "float16",
    "torch.BFloat16Storage": "bfloat16",
    "torch.LongStorage": "int64",
    "torch.IntStorage": "int32",
    "torch.ShortStorage": "int16",
    "torch.CharStorage": "int8",
    "torch.ByteStorage": "uint8",
    "torch.BoolStorage": "bool",
}
"""Names under which torch stores flat arrays -> their dtype."""


@dataclass(frozen=True, eq=False)
class Inert:
    """Stands for a class, a function, or what one would have made: only its name, which nothing looks up."""

    name: str


@dataclass(frozen=True)
class StorageRecord:
    """A flat array in a file of its own.

    Attributes:
        key: name of the file. dtype: of its elements. count: of its elements.
    """

    key: str
    dtype: str
    count: int


@dataclass(frozen=True)
class TensorRecord:
    """A tensor that has not been read: a view of a flat array.

    Attributes:
        storage: the array. offset: of the first element in it.
        shape, strides: in elements; checked to stay inside the array, none of it counted twice.
    """

    storage: StorageRecord
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


def storage_record(reference: Any) -> StorageRecord | Inert:
    """What a persistent reference of torch means: ``("storage", kind, key, device, elements)``.

    Raises:
        ModelError: it begins like one and goes on differently.
    """
    if not (isinstance(reference, tuple) and reference[:1] == ("storage",)):
        return Inert("reference")
    if len(reference) != 5:
        raise ModelError("a storage is described wrongly")
    _, kind, key, _, count = reference
    if not (isinstance(kind, Inert) and isinstance(key, str) and _whole(count)):
        raise ModelError("a storage is described wrongly")
    dtype = STORAGES.get(kind.name)
    return Inert(kind.name) if dtype is None else StorageRecord(key, dtype, count)


def tensor_record(arguments: tuple[Any, ...]) -> TensorRecord | Inert:
    """What the arguments of torch's ``_rebuild_tensor_v2`` describe; inert where the kind of array is unknown.

    Raises:
        ModelError: the description is wrong or reaches outside of the array.
    """
    if len(arguments) < 4:
        raise ModelError("a tensor is described wrongly")
    storage, offset, shape, strides = arguments[:4]
    if isinstance(storage, Inert):
        return storage
    if not (isinstance(storage, StorageRecord) and _whole(offset) and _wholes(shape) and _wholes(strides)):
        raise ModelError("a tensor is described wrongly")
    record = TensorRecord(storage, offset, shape, strides)
    _check_inside(record)
    return record


def parameter(arguments: tuple[Any, ...]) -> Any:
    """What torch's ``_rebuild_parameter`` wraps: its first argument."""
    if not arguments:
        raise ModelError("a parameter is described wrongly")
    return arguments[0]


def _check_inside(record: TensorRecord) -> None:
    if len(record.shape) != len(record.strides):
        raise ModelError("a tensor has more dimensions than strides, or fewer")
    if not record.size:
        return
    last = record.offset + sum((n - 1) * step for n, step in zip(record.shape, record.strides, strict=True))
    # A stride of 0 would let a few bytes stand for terabytes.
    if last >= record.storage.count or record.size > record.storage.count:
        raise ModelError("a tensor reaches outside of its storage")


def _whole(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _wholes(values: Any) -> bool:
    return isinstance(values, tuple) and len(values) <= 16 and all(map(_whole, values))
