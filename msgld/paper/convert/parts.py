"""A part that was found in a checkpoint: its kind, whether it is complete, and how to read it."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from msgld.errors import ModelError
from msgld.paper.convert.unpickle import TensorRecord

Shapes = Mapping[str, tuple[int, ...]]
Records = Mapping[str, TensorRecord]

_NAMED = 3
"""Tensors that an error names at most; ``--list`` shows the others."""


@dataclass(frozen=True)
class Faults:
    """How the tensors found differ from those expected, by their published names.

    Attributes:
        missing: names of tensors that the part needs and the file lacks.
        extra: names of tensors that the part has no use for.
        misshaped: names with both shapes.
    """

    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    misshaped: tuple[str, ...] = ()

    @property
    def fatal(self) -> bool:
        """Whether the part cannot be built; extra tensors are only left out."""
        return bool(self.missing or self.misshaped)

    @property
    def named(self) -> dict[str, tuple[str, ...]]:
        """The kinds of faults, in words -> the tensors."""
        return {"missing": self.missing, "wrong shape": self.misshaped, "not used": self.extra}

    def lines(self) -> list[str]:
        """All of them, one a line."""
        return [f"{kind}: {name}" for kind, names in self.named.items() for name in names]


@dataclass(frozen=True)
class Part:
    """A part as it will be stored.

    Attributes:
        name: ``codec``, ``denoiser`` or ``vocoder``.
        settings: its entry in the model's JSON, with its ``kind``.
        shapes: of our tensors, in the order in which they are stored.
        weights: where they come from, for people.
        faults: how the file differs from the published part.
        read: yields our tensors in the order of ``shapes``, from the open archive; only if no fault is fatal.
    """

    name: str
    settings: dict[str, Any]
    shapes: Shapes
    weights: str
    faults: Faults
    read: Callable[[], Iterator[tuple[str, Tensor]]]

    @property
    def parameters(self) -> int:
        """Number of values stored."""
        return sum(math.prod(shape) for shape in self.shapes.values())

    def check(self) -> None:
        """Raise ModelError, in one line, where the part cannot be built."""
        if self.faults.fatal:
            kinds = {"missing": self.faults.missing, "of the wrong shape": self.faults.misshaped}
            said = "; ".join(_said(kind, names) for kind, names in kinds.items() if names)
            raise ModelError(f"the {self.name} ({self.weights}) is not the published one: {said}; see --list")


def _said(kind: str, names: tuple[str, ...]) -> str:
    more = ", ..." if len(names) > _NAMED else ""
    return f"{len(names)} tensors {kind} ({', '.join(names[:_NAMED])}{more})"


def compare(expected: Shapes, given: Shapes) -> Faults:
    """What is wrong with the shapes given, both by published name."""
    return Faults(
        tuple(name for name in expected if name not in given),
        tuple(name for name in given if name not in expected),
        tuple(
            f"{name} {_shape(given[name])} instead of {_shape(shape)}"
            for name, shape in expected.items()
            if name in given and tuple(given[name]) != tuple(shape)
        ),
    )


def _shape(shape: Collection[int]) -> str:
    return f"({', '.join(map(str, shape))})"


def shapes_of(tensors: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """The shapes of tensors or of their records."""
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def below(records: Records, prefix: str) -> dict[str, TensorRecord]:
    """The records whose name begins with the prefix, by the rest of their name."""
    return {name.removeprefix(prefix): record for name, record in records.items() if name.startswith(prefix)}


def tensors_in(content: Any, where: str | None = None) -> dict[str, TensorRecord]:
    """The tensors of a mapping, or of the mapping that it holds as ``where``; {} if there is none."""
    if where is not None:
        content = content.get(where) if isinstance(content, dict) else None
    if not isinstance(content, dict):
        return {}
    return {
        name: value
        for name, value in content.items()
        if isinstance(name, str) and isinstance(value, TensorRecord)
    }
