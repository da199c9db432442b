"""Settings from a file: a dataclass declares types and ranges, and one reader checks them all.

The annotation of a field holds its range. Defaults are for Python only; a file has every setting::

    width: Annotated[int, Between(8, 8192)] = 320
    widths: Annotated[tuple[Size, ...], Length(1, 8)] = (16, 32)

A class whose fields depend on each other has a method ``check()`` that raises ValueError if they do not agree.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    Protocol,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    runtime_checkable,
)

from msgld.aliases import current_settings
from msgld.ranges import shown

T = TypeVar("T")

WORDS = {int: "a whole number", float: "a number", bool: "true or false", str: "a text", dict: "an object"}


@dataclass(frozen=True)
class Between:
    """A number from ``low`` to ``high``, both included; with a step, ``low`` plus multiples of it."""

    low: float
    high: float
    step: int = 1

    def check(self, name: str, value: Any) -> None:
        """Raise ValueError if the value lies outside."""
        if not self.low <= value <= self.high:
            raise ValueError(
                f"{name} has to lie between {self.low:g} and {self.high:g}, not at {shown(value)}"
            )
        if isinstance(value, int) and (value - int(self.low)) % self.step:
            raise ValueError(f"{name} has to be {self.low:g} plus a multiple of {self.step}, not {value}")


@dataclass(frozen=True)
class Length:
    """Number of items of a tuple, or of characters of a text."""

    low: int
    high: int

    def check(self, name: str, value: Any) -> None:
        """Raise ValueError if there are fewer or more."""
        if not self.low <= len(value) <= self.high:
            raise ValueError(f"{name} has to have {self.low} to {self.high} items, not {len(value)}")


Size = Annotated[int, Between(1, 8192)]
"""Of a layer."""

Depth = Annotated[int, Between(1, 200)]
"""Of a stack of equal layers."""

Text = Annotated[str, Length(1, 100)]
"""A name to be shown."""

Style = Annotated[tuple[Text, ...], Length(0, 1000)]
"""Names of styles."""

Stems = Annotated[int, Between(2, 63)]
"""Number of stems of a network, at least two."""

Tracks = Annotated[int, Between(3, 64)]
"""The stems and the mixture."""


@runtime_checkable
class Grid(Protocol):
    """The shape of a codec's latents and log-mels, which the other parts have to match.

    Attributes:
        channels: C.
        frame_columns: log-mel columns of a latent frame.
        mel: a :class:`msgld.dsp.mel.MelConfig`.
    """

    @property
    def channels(self) -> int: ...  # noqa: D102
    @property
    def frame_columns(self) -> int: ...  # noqa: D102
    @property
    def mel(self) -> Any: ...  # noqa: D102


def same(**pairs: tuple[object, object]) -> None:
    """Raise ValueError for a setting whose own value (first) differs from that of the rest of the model (second)."""
    for name, (own, other) in pairs.items():
        if own != other:
            raise ValueError(f"{name} is {shown(own)}, where the rest of the model has {shown(other)}")


def read_settings(cls: Callable[..., T], given: object, name: str) -> T:
    """An instance of a dataclass from the content of a file.

    Args:
        cls: the dataclass.
        given: setting -> value, of the types of JSON.
        name: of the settings, for messages.

    Raises:
        ValueError: a setting is missing, unknown, of another type or out of range; one line.
    """
    if not isinstance(given, Mapping):
        raise ValueError(f"{name} has to be an object, not {shown(given)}")
    given = current_settings(cls, given)
    hints = _hints(cls)
    unknown = [key for key in given if key not in hints]
    if unknown:
        raise ValueError(f"{name} has no setting {shown(unknown[0])}")
    missing = [key for key in hints if key not in given]
    if missing:
        raise ValueError(f"{name} lacks {missing[0]}")
    settings = cls(**{key: _value(hints[key], value, f"{name}'s {key}") for key, value in given.items()})
    check = getattr(settings, "check", None)
    if check:
        check()
    return settings


@cache
def _hints(cls: Hashable) -> dict[str, Any]:
    hints = get_type_hints(cls, include_extras=True)
    return {field.name: hints[field.name] for field in fields(cls)}  # type: ignore[arg-type]


def _value(hint: Any, value: object, name: str) -> Any:
    """A value of the type of a hint, which may be any of those below."""
    kind, inner = get_origin(hint), get_args(hint)
    if kind is Annotated:
        read = _value(inner[0], value, name)
        for rule in inner[1:]:
            rule.check(name, read)
        return read
    if kind in (Union, UnionType):
        return None if value is None else _value(next(i for i in inner if i is not NoneType), value, name)
    if kind is Literal:
        if value not in inner:
            raise ValueError(f"{name} has to be {' or '.join(inner)}, not {shown(value)}")
        return value
    if kind is tuple:
        return tuple(_value(inner[0], item, name) for item in _items(value, name))
    if is_dataclass(hint) and isinstance(hint, type):
        return read_settings(hint, value, name)
    return _plain(kind or hint, value, name)


def _items(value: object, name: str) -> Sequence[object]:
    if not isinstance(value, list | tuple):
        raise ValueError(f"{name} has to be a list, not {shown(value)}")
    return value


def _plain(kind: Any, value: object, name: str) -> Any:
    """A truth value is no number, a whole number is also a ``float``, and numbers are finite."""
    number = kind is float and type(value) in (int, float) and abs(value) < 1e300  # type: ignore[arg-type]
    if not (number or type(value) is kind) or (type(value) is float and not math.isfinite(value)):
        raise ValueError(f"{name} has to be {WORDS[kind]}, not {shown(value)}")
    if isinstance(value, str) and not value.isprintable():
        raise ValueError(f"{name} has invisible characters: {shown(value)}")
    return kind(value)
