"""Names that checkpoints were written with before they were renamed: old name -> today's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

Value = TypeVar("Value")

SETTINGS: Mapping[str, Mapping[str, str]] = {
    "TransformerConfig": {"reach": "attention_window", "told": "conditioning_width"},  # 0.1
}
"""Class of a configuration -> its settings."""

WEIGHTS: Mapping[str, Mapping[str, str]] = {
    "StemTransformer": {"brief.": "conditioning."},  # 0.1
}
"""Class of a network -> beginnings of the names of its tensors."""


def current_settings(cls: object, given: Mapping[Any, Value]) -> dict[Any, Value]:
    """Settings under today's names; a setting that has both names keeps the old one, which is then unknown."""
    names = SETTINGS.get(getattr(cls, "__name__", ""), {})
    return {key if names.get(key, key) in given else names.get(key, key): v for key, v in given.items()}


def current_weights(module: object, stored: Mapping[str, Value]) -> dict[str, Value]:
    """Tensors under today's names."""
    return {_current(type(module).__name__, key): value for key, value in stored.items()}


def _current(module: str, key: str) -> str:
    for old, new in WEIGHTS.get(module, {}).items():
        if key.startswith(old):
            return new + key.removeprefix(old)
    return key
