"""The kinds of parts of a model. A class becomes a kind by :func:`register`, in its own file."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib import import_module
from typing import Any, TypeVar

from msgld.ranges import shown
from msgld.schema import read_settings

C = TypeVar("C", bound=type)

PARTS = (
    "beats",
    "codec",
    "composer",
    "denoiser",
    "guide",
    "listener",
    "notes",
    "refiner",
    "score_codec",
    "vocoder",
)
"""Names of the parts, as in ``model.json``; ``notes`` is the note reader, ``beats`` the beat tracker, ``guide`` a small
composer for guidance."""

PROVIDERS = (
    "msgld.dsp.codec",
    "msgld.nets",
    "msgld.paper.autoencoder",
    "msgld.paper.unet3d",
    "msgld.paper.hifigan",
)
"""Modules whose classes register themselves; of a package, all its modules."""


@dataclass(frozen=True)
class Kind:
    """A kind of part.

    Attributes:
        config: dataclass of its settings with their ranges; see :mod:`msgld.schema`. The configuration of every part
            but the codec has ``check_fit(codec, stems)``, which raises ValueError if the part does not match.
        build: configuration -> the untrained module; ImportError if a further package is needed.
    """

    config: type[Any]
    build: Callable[[Any], Any]


_KINDS: dict[str, dict[str, Kind]] = {part: {} for part in PARTS}


def register(part: str, kind: str, config: type[Any]) -> Callable[[C], C]:
    """Class decorator: the class is the ``kind`` of that ``part``, built from a ``config``."""

    def registered(cls: C) -> C:
        _KINDS[part][kind] = Kind(config, cls)
        cls.kind = kind  # type: ignore[attr-defined]
        return cls

    return registered


@cache
def kinds() -> Mapping[str, Mapping[str, Kind]]:
    """Part -> kind -> how it is built. Imports all providers."""
    for name in PROVIDERS:
        module = import_module(name)
        for child in pkgutil.iter_modules(getattr(module, "__path__", ())):
            import_module(f"{name}.{child.name}")
    return _KINDS


def kind_of(part: str, settings: Mapping[str, Any]) -> Kind:
    """The kind named by the settings of a part; ValueError if there is no such part or kind."""
    if part not in PARTS:
        raise ValueError(f"there is no part {shown(part)}; there are: {', '.join(PARTS)}")
    name, known = settings.get("kind"), kinds()[part]
    if not isinstance(name, str) or name not in known:
        names = " and ".join(repr(kind) for kind in known)
        raise ValueError(f"there is a {part} of kind {shown(name)}, this version reads {names}")
    return known[name]


def config_of(part: str, settings: Mapping[str, Any]) -> Any:
    """The checked configuration of a part, from its settings or from JSON; ValueError names the fault."""
    given = {key: value for key, value in settings.items() if key != "kind"}
    return read_settings(kind_of(part, settings).config, given, f"the {part}")


def settings_of(module: Any) -> dict[str, Any]:
    """The ``kind`` and the configuration of a part, ready for JSON."""
    return {"kind": module.kind, **asdict(module.config)}
