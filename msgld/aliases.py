"""Names of version 0.1: in checkpoints and records they are read as today's, in Python they work with a warning."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from msgld.errors import UsageError

P = ParamSpec("P")
R = TypeVar("R")
Value = TypeVar("Value")

SETTINGS: Mapping[str, Mapping[str, str]] = {
    "TransformerConfig": {"reach": "attention_window", "told": "conditioning_width"},  # 0.1
}
"""Class of a configuration -> its settings."""

ADDED: Mapping[str, Mapping[str, Any]] = {
    "RefinerConfig": {"turned": 0},  # 0.3
}
"""Class of a configuration -> settings that it got later, with the values that say what was done before."""

WEIGHTS: Mapping[str, Mapping[str, str]] = {
    "StemTransformer": {"brief.": "conditioning."},  # 0.1
}
"""Class of a network -> beginnings of the names of its tensors."""

RECORDS: Mapping[str, Mapping[str, str]] = {
    "": {"notes": "remarks"},
    "settings": {
        "brief": "conditions",
        "brief_guidance": "style_guidance",
        "level": "noise",
        "mixture_level": "noise",
        "softness": "noise",
    },
    "windows": {"varispeed": "semitones"},
}
"""Part of ``run.json`` -> its keys; the record itself has no name. Elsewhere keys name parts of models, and stems."""


def current_settings(cls: object, given: Mapping[Any, Value]) -> dict[Any, Value]:
    """Settings under today's names; a setting that has both names keeps the old one, which is then unknown."""
    name = getattr(cls, "__name__", "")
    names = SETTINGS.get(name, {})
    current: dict[Any, Any] = {key: value for key, value in ADDED.get(name, {}).items() if key not in given}
    return current | {
        key if names.get(key, key) in given else names.get(key, key): v for key, v in given.items()
    }


def current_weights(module: object, stored: Mapping[str, Value]) -> dict[str, Value]:
    """Tensors under today's names."""
    return {_current(type(module).__name__, key): value for key, value in stored.items()}


def current_record(record: Any, part: str = "") -> Any:
    """A record from JSON, or a part of one, under today's names."""
    if isinstance(record, dict):
        names = RECORDS.get(part, {})
        return {names.get(key, key): current_record(value, key) for key, value in record.items()}
    return [current_record(item, part) for item in record] if isinstance(record, list) else record


def _current(module: str, key: str) -> str:
    for old, new in WEIGHTS.get(module, {}).items():
        if key.startswith(old):
            return new + key.removeprefix(old)
    return key


def warn_renamed(old: str, new: str, depth: int = 3) -> None:
    """Warn the caller, ``depth`` frames up, that a name has changed."""
    warnings.warn(f"{old} is now {new}; the old name goes in msgld 0.3", FutureWarning, stacklevel=depth)


def renamed_arguments(**names: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Decorator: keyword arguments that are still accepted under their old names, old -> new."""

    def decorated(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def called(*args: Any, **kwargs: Any) -> R:
            for old in names.keys() & kwargs.keys():
                if names[old] in kwargs:
                    raise TypeError(f"{old} is the old name of {names[old]}: give one of them")
                warn_renamed(old, names[old])
                kwargs[names[old]] = kwargs.pop(old)
            return function(*args, **kwargs)

        return called

    return decorated


def renamed_options(cls: type[Value]) -> type[Value]:
    """Decorator of :class:`msgld.Options`: settings that have moved or changed their name are still accepted."""
    build: Callable[..., None] = vars(cls)["__init__"]

    @wraps(build)
    def built(self: Value, *args: Any, **kwargs: Any) -> None:
        old = {name: kwargs.pop(name) for name in ("sampler", "eta", "iterations") if name in kwargs}
        for name in old:
            warn_renamed(name, f"sampling={{'{name}': ...}}")
        sampling = kwargs.get("sampling", {})
        if old and isinstance(sampling, Mapping):
            kwargs["sampling"] = {**sampling, **current_sampling(**old)}
        if "brief_guidance" in kwargs:
            warn_renamed("brief_guidance", "style_guidance")
            kwargs["style_guidance"] = kwargs.pop("brief_guidance")
        build(self, *args, **kwargs)

    cls.__init__ = built  # type: ignore[assignment]
    return cls


def current_sampling(**old: Any) -> dict[str, Any]:
    """Settings of the sampler, of which None says nothing, as ``Options(sampling=...)`` takes them.

    Raises:
        UsageError: the sampler ``ddpm``, which is ``ddim`` with an ``eta`` of 1, and an ``eta``.
    """
    given = {name: value for name, value in old.items() if value is not None}
    if given.get("sampler") != "ddpm":
        return given
    if "eta" in given:
        raise UsageError("eta belongs to the sampler ddim, not to ddpm")
    return {**given, "sampler": "ddim", "eta": 1.0}
