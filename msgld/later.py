"""Parts of a model that are read from their files when they are first used."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Deferred:
    """A part that is not there yet.

    Attributes:
        read: returns it.
    """

    read: Callable[[], Any]


def later() -> Any:
    """The default of an attribute of a dataclass: None, until it is set to a part or to a :class:`Deferred` one.

    A deferred part is read when the attribute is first asked for; errors are those of its ``read``.
    """
    return _Later()


class _Later:
    def __set_name__(self, owner: type, name: str) -> None:
        self.name = f"_{name}"

    def __get__(self, model: Any, owner: type | None = None) -> Any:
        if model is None:
            return None
        value = model.__dict__.get(self.name)
        if isinstance(value, Deferred):
            value = model.__dict__[self.name] = value.read()
        return value

    def __set__(self, model: Any, value: Any) -> None:
        model.__dict__[self.name] = value
