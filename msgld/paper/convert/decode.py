"""Reads a pickle as data.

Unpickling runs a program: it imports whatever the file names and calls it. Nothing here does. The opcodes are
decoded one by one, numbers, text and plain containers become themselves, a few names of torch become records,
and every other class, call or state becomes an ``Inert`` that only knows its name. No name of the file is ever
imported, looked up on an object or called, so there is nothing that it could make run.
"""

from __future__ import annotations

import pickletools
import struct
from collections.abc import Callable
from typing import Any

from msgld.errors import ModelError
from msgld.paper.convert.records import Inert, parameter, storage_record, tensor_record

LARGEST = 16 * 2**20
"""Bytes of a description; those of real checkpoints are below one million."""

_PLAIN = (str, int, float, bool, bytes, type(None))


def _mapping(arguments: tuple[Any, ...]) -> Any:
    # Torch and Lightning pickle ordered dictionaries empty and fill them afterwards.
    return Inert("dictionary") if arguments else {}


RECORDS: dict[str, Callable[[tuple[Any, ...]], Any]] = {
    "collections.OrderedDict": _mapping,
    "torch._utils._rebuild_tensor_v2": tensor_record,
    "torch._utils._rebuild_parameter": parameter,
    "torch._utils._rebuild_parameter_with_state": parameter,
}
"""Calls whose meaning is known: name -> what to make of the arguments. All functions are ours."""


def decode(data: bytes) -> Any:
    """What a pickle describes: plain values and containers, records of tensors, and inert rest.

    Dictionaries keep only the items whose key is plain (text, numbers); sets are inert.

    Raises:
        ModelError: it is too large, damaged, or describes a tensor wrongly; one line.
    """
    if len(data) > LARGEST:
        raise ModelError(f"its description has more than {LARGEST >> 20} MB")
    reader = _Reader()
    try:
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name == "STOP":
                return reader.pop()
            reader.take(opcode.name, argument)
    except (ValueError, IndexError, KeyError, TypeError, OverflowError, struct.error) as error:
        raise ModelError("its description is damaged") from error
    raise ModelError("its description is damaged")


class _Reader:
    """The stack, the marks on it and the memo that the opcodes of a pickle work on."""

    def __init__(self) -> None:
        self._stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}

    def take(self, name: str, argument: Any) -> None:
        """Follow one opcode."""
        if name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name]())
        elif name in _VALUES:
            self._stack.append(argument)
        elif name in _WITH_ARGUMENT:
            _WITH_ARGUMENT[name](self, argument)
        elif name in _BARE:
            _BARE[name](self)
        elif name not in _NOTHING:
            raise ModelError("its description is of a kind that is not known here")

    def pop(self) -> Any:
        """The topmost value; IndexError where there is none above the last mark."""
        if len(self._stack) <= (self._marks[-1] if self._marks else 0):
            raise IndexError
        return self._stack.pop()

    def _pop_mark(self) -> list[Any]:
        start = self._marks.pop()
        values = self._stack[start:]
        del self._stack[start:]
        return values

    def _mark(self) -> None:
        self._marks.append(len(self._stack))

    def _drop(self) -> None:
        if self._marks and self._marks[-1] == len(self._stack):
            self._marks.pop()
        else:
            self.pop()

    def _drop_marked(self) -> None:
        self._pop_mark()

    def _duplicate(self) -> None:
        self._stack.append(self._stack[-1])

    def _tuple(self, count: int) -> None:
        values = [self.pop() for _ in range(count)]
        self._stack.append(tuple(reversed(values)))

    def _memoize(self, index: int | None = None) -> None:
        self._memo[len(self._memo) if index is None else int(index)] = self._stack[-1]

    def _recall(self, index: int) -> None:
        self._stack.append(self._memo[int(index)])

    def _add_items(self, pairs: list[Any]) -> None:
        target = self._stack[-1]
        if isinstance(target, dict):
            items = zip(pairs[::2], pairs[1::2], strict=True)
            target.update((key, value) for key, value in items if isinstance(key, _PLAIN))
        elif not isinstance(target, Inert):
            raise TypeError

    def _set_item(self) -> None:
        value, key = self.pop(), self.pop()
        self._add_items([key, value])

    def _add_values(self, values: list[Any]) -> None:
        target = self._stack[-1]
        if isinstance(target, list):
            target.extend(values)
        elif not isinstance(target, Inert):
            raise TypeError

    def _dictionary(self) -> None:
        pairs = self._pop_mark()
        self._stack.append({})
        self._add_items(pairs)

    def _call(self) -> None:
        arguments, function = self.pop(), self.pop()
        name = function.name if isinstance(function, Inert) else "object"
        record = RECORDS.get(name) if isinstance(arguments, tuple) else None
        self._stack.append(record(arguments) if record else Inert(name))

    def _new(self, count: int) -> None:
        for _ in range(count):
            self.pop()
        made = self.pop()
        self._stack.append(Inert(made.name if isinstance(made, Inert) else "object"))

    def _inert_marked(self) -> None:
        self._pop_mark()
        self._stack.append(Inert("object"))

    def _drop_state(self) -> None:
        # What an object would have been told of itself; ours have no such thing.
        self.pop()

    def _stack_global(self) -> None:
        name, module = self.pop(), self.pop()
        self._stack.append(Inert(f"{_text(module)}.{_text(name)}"))

    def _global(self, words: str) -> None:
        self._stack.append(Inert(words.replace(" ", ".", 1)))

    def _instance(self, words: str) -> None:
        self._pop_mark()
        self._global(words)

    def _reference(self) -> None:
        self._stack.append(storage_record(self.pop()))

    def _inert(self, argument: Any) -> None:
        self._stack.append(Inert("reference"))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list,
    "EMPTY_DICT": dict,
    "EMPTY_SET": lambda: Inert("set"),
    "NEXT_BUFFER": lambda: Inert("buffer"),
}
# fmt: off
_VALUES = frozenset((
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT",
    "STRING", "BINSTRING", "SHORT_BINSTRING", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8", "BYTEARRAY8",
    "UNICODE", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
))
# fmt: on
_NOTHING = frozenset(["PROTO", "FRAME", "READONLY_BUFFER"])
_WITH_ARGUMENT: dict[str, Callable[[_Reader, Any], None]] = {
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _Reader._memoize),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _Reader._recall),
    # References into a table of the program that wrote the file; nobody knows what they meant.
    **dict.fromkeys(("EXT1", "EXT2", "EXT4", "PERSID"), _Reader._inert),
    "GLOBAL": _Reader._global,
    "INST": _Reader._instance,
}
_BARE: dict[str, Callable[[_Reader], None]] = {
    "MARK": _Reader._mark,
    "POP": _Reader._drop,
    "POP_MARK": _Reader._drop_marked,
    "DUP": _Reader._duplicate,
    "MEMOIZE": _Reader._memoize,
    "TUPLE": lambda reader: reader._stack.append(tuple(reader._pop_mark())),
    "TUPLE1": lambda reader: reader._tuple(1),
    "TUPLE2": lambda reader: reader._tuple(2),
    "TUPLE3": lambda reader: reader._tuple(3),
    "LIST": lambda reader: reader._stack.append(reader._pop_mark()),
    "APPEND": lambda reader: reader._add_values([reader.pop()]),
    "APPENDS": lambda reader: reader._add_values(reader._pop_mark()),
    "DICT": _Reader._dictionary,
    "SETITEM": _Reader._set_item,
    "SETITEMS": lambda reader: reader._add_items(reader._pop_mark()),
    "ADDITEMS": lambda reader: reader._add_values(reader._pop_mark()),
    "FROZENSET": _Reader._inert_marked,
    "REDUCE": _Reader._call,
    "NEWOBJ": lambda reader: reader._new(1),
    "NEWOBJ_EX": lambda reader: reader._new(2),
    "OBJ": _Reader._inert_marked,
    "STACK_GLOBAL": _Reader._stack_global,
    "BINPERSID": _Reader._reference,
    "BUILD": _Reader._drop_state,
}
