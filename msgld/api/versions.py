"""The versions that made a result."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version


def own_version() -> str:
    """The version of msgld; ``0`` where it runs from a folder that was never installed."""
    try:
        return version("msgld")
    except PackageNotFoundError:
        return "0"


def versions() -> dict[str, str]:
    """Versions of everything that a result may depend on."""
    packages = {name: version(name) for name in ("torch", "numpy", "soxr", "soundfile")}
    return {"msgld": own_version(), "python": platform.python_version(), **packages}
