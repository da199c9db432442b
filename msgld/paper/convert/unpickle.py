"""Reads a pickle as data: nothing that it names is imported, called or changed.

Unpickling runs a program, which imports whatever it names and calls it. Here every name becomes an ``Inert``, which
ignores arguments, items and state; a few names of torch become records of tensors instead.

The reader is Python's own, the one written in Python. That in C cannot be used on hostile files: a memo index of four
bytes makes it reserve gigabytes, a deeply nested tuple as a key overflows its stack, and objects of cached extension
codes bypass ``find_class``.
"""

from __future__ import annotations

import io
import math
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from msgld.errors import ModelError

LARGEST = 16 * 2**20
"""Bytes of a description; those of real checkpoints are below one million."""
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
_PLAIN = (str, int, float, bool, bytes, type(None))


def unpickle(data: bytes) -> Any:
    """Return the content of a pickle: plain values and containers, records of tensors, and the rest inert.

    Dictionaries keep only the items whose key is plain (text, numbers); sets are inert.

    Raises:
        ModelError: it is too large, damaged, or describes a tensor wrongly; one line.
    """
    if len(data) > LARGEST:
        raise ModelError(f"its description has more than {LARGEST >> 20} MB")
    try:
        return _Reader(io.BytesIO(data), encoding="latin-1").load()
    except ModelError:
        raise
    except Exception as error:  # Damaged bytes end in nearly any of Python's errors.
        raise ModelError("its description is damaged") from error


@dataclass(frozen=True, eq=False)
class Inert:
    """Stands for a class, a function, or an object of one; does nothing.

    Attributes:
        name: module and name as the file has them; nothing looks them up.
    """

    name: str

    def __call__(self, *arguments: Any, **_: Any) -> Any:
        """A record where the name is a known one of torch, and else an inert object."""
        record = _RECORDS.get(self.name)
        return record(*arguments) if record else Inert(self.name)

    def _ignore(self, *_: Any) -> None:
        pass

    append = extend = add = __setitem__ = _ignore


class _PlainKeys(dict[Any, Any]):
    """A dictionary of plain keys. Others are dropped: hashing deeply nested ones would overflow the stack."""

    def __setitem__(self, key: Any, value: Any) -> None:
        if isinstance(key, _PLAIN):
            super().__setitem__(key, value)


class _Reader(pickle._Unpickler):
    """Python's reader, with every opcode replaced that imports, hashes, sets attributes or trusts a size."""

    stack: list[Any]
    append: Callable[[Any], None]
    pop_mark: Callable[[], list[Any]]
    load_reduce: Callable[[], None]

    def find_class(self, module: str, name: str) -> Inert:
        return Inert(f"{module}.{name}")

    def persistent_load(self, reference: Any) -> StorageRecord | Inert:
        return storage_record(reference)

    def get_extension(self, code: int) -> None:
        """Push what a number stands for in a table of the program that wrote the file, which is unknown here."""
        self.append(Inert("extension"))

    def _dictionary(self) -> None:
        pairs, mapping = self.pop_mark(), _PlainKeys()
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            mapping[key] = value
        self.append(mapping)

    def _frozenset(self) -> None:
        self.pop_mark()
        self.append(Inert("frozenset"))

    def _new_with_names(self) -> None:
        self.stack.pop()
        self.load_reduce()

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = {
        **pickle._Unpickler.dispatch,
        pickle.EMPTY_DICT[0]: lambda reader: reader.append(_PlainKeys()),
        pickle.DICT[0]: _dictionary,
        pickle.EMPTY_SET[0]: lambda reader: reader.append(Inert("set")),
        pickle.FROZENSET[0]: _frozenset,
        pickle.NEWOBJ[0]: lambda reader: reader.load_reduce(),
        pickle.NEWOBJ_EX[0]: _new_with_names,
        # State is dropped: it would be written into the attributes of records that have been checked.
        pickle.BUILD[0]: lambda reader: reader.stack.pop(),
        # As bytes, which are only as long as the file; an array would have the length that the file claims.
        pickle.BYTEARRAY8[0]: pickle._Unpickler.dispatch[pickle.BINBYTES8[0]],
    }


@dataclass(frozen=True)
class StorageRecord:
    """A flat array in a file of its own.

    Attributes:
        key: name of the file.
        dtype: torch's name of the type of its elements.
        count: number of its elements.
    """

    key: str
    dtype: str
    count: int


@dataclass(frozen=True)
class TensorRecord:
    """A tensor that has not been read: a view of a flat array.

    Attributes:
        storage: the array.
        offset: index of the first element in it.
        shape: sizes of the dimensions.
        strides: in elements; checked to stay inside the array and to count no element twice.
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
    match reference:
        case ("storage", Inert(kind), str(key), _, count) if _whole(count):
            return StorageRecord(key, STORAGES[kind], count) if kind in STORAGES else Inert(kind)
        case ("storage", *_):
            raise ModelError("a storage is described wrongly")
    return Inert("reference")


def tensor_record(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> TensorRecord | Inert:
    """What the arguments of torch's ``_rebuild_tensor_v2`` describe; inert where the kind of array is unknown.

    Raises:
        ModelError: the description is wrong or reaches outside of the array.
    """
    if isinstance(storage, Inert):
        return storage
    if not (isinstance(storage, StorageRecord) and _whole(offset) and _wholes(shape) and _wholes(strides)):
        raise ModelError("a tensor is described wrongly")
    if len(shape) != len(strides):
        raise ModelError("a tensor has more dimensions than strides, or fewer")
    record = TensorRecord(storage, offset, shape, strides)
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    # A stride of 0 would let a few bytes stand for terabytes.
    if record.size and (last >= storage.count or record.size > storage.count):
        raise ModelError("a tensor reaches outside of its storage")
    return record


def _whole(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _wholes(values: Any) -> bool:
    return isinstance(values, tuple) and len(values) <= 16 and all(map(_whole, values))


def _parameter(data: Any, *_: Any) -> Any:
    return data


def _ordered(*arguments: Any) -> _PlainKeys | Inert:
    # Torch and Lightning pickle ordered dictionaries empty and fill them afterwards.
    return Inert("dictionary") if arguments else _PlainKeys()


_RECORDS: dict[str, Callable[..., Any]] = {
    "collections.OrderedDict": _ordered,
    "torch._utils._rebuild_tensor_v2": tensor_record,
    "torch._utils._rebuild_parameter": _parameter,
    "torch._utils._rebuild_parameter_with_state": _parameter,
}
"""Calls whose meaning is known: name -> what to make of the arguments."""
