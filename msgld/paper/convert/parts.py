"""A part that was found in a checkpoint: its kind, whether it is complete, and how to read it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from msgld.errors import ModelError
from msgld.paper.convert.unpickle import TensorRecord

Shapes = Mapping[str, tuple[int, ...]]
Records = Mapping[str, TensorRecord]

Faults = Mapping[str, tuple[str, ...]]
"""Kind of fault -> tensors by their published names, as :func:`compare` finds them."""

_FATAL = ("missing", "wrong shape")
_NAMED = 3
"""Tensors that an error names at most; ``--list`` shows the others."""


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

    @property
    def fatal(self) -> bool:
        """Whether the part cannot be built; tensors that are not used are only left out."""
        return any(self.faults[kind] for kind in _FATAL)

    def check(self) -> None:
        """Raise ModelError, in one line, where the part cannot be built."""
        if self.fatal:
            faults = "; ".join(_counted(kind, self.faults[kind]) for kind in _FATAL if self.faults[kind])
            raise ModelError(
                f"the {self.name} ({self.weights}) is not the published one: {faults}; see --list"
            )


def _counted(kind: str, names: tuple[str, ...]) -> str:
    more = ", ..." if len(names) > _NAMED else ""
    return f"{len(names)} tensors, {kind} ({', '.join(names[:_NAMED])}{more})"


def compare(expected: Shapes, given: Shapes) -> Faults:
    """What is wrong with the shapes given, both by published name."""
    wrong = {
        name: f"({', '.join(map(str, given[name]))}) instead of ({', '.join(map(str, shape))})"
        for name, shape in expected.items()
        if name in given and tuple(given[name]) != tuple(shape)
    }
    return {
        "missing": tuple(name for name in expected if name not in given),
        "wrong shape": tuple(f"{name} {shapes}" for name, shapes in wrong.items()),
        "not used": tuple(name for name in given if name not in expected),
    }


def shapes_of(tensors: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """The shapes of tensors or of their records."""
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


def below(records: Records, prefix: str) -> dict[str, TensorRecord]:
    """The records whose name begins with the prefix, by the rest of their name."""
    return {name.removeprefix(prefix): record for name, record in records.items() if name.startswith(prefix)}


def tensors_in(content: Any, where: str | None = None) -> dict[str, TensorRecord]:
    """The tensors of a mapping, or of the mapping that it holds as ``where``; {} if there is none."""
    if where is not None and isinstance(content, dict):
        content = content.get(where)
    if not isinstance(content, dict):
        return {}
    return {k: v for k, v in content.items() if isinstance(k, str) and isinstance(v, TensorRecord)}
