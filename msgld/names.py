"""Names that become names of files: those of models and of stems."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

from msgld.errors import ModelError, MsgldError
from msgld.ranges import shown

LONGEST, BYTES = 100, 200
"""Most characters of a name, and bytes in UTF-8: with an ending it has to fit into the 255 of file systems."""

SEPARATORS = frozenset('/\\:*?"<>|')
"""Characters that separate paths or that Windows forbids."""

DEVICES = {"con", "prn", "aux", "nul", "conin$", "conout$"} | {
    f"{port}{number}" for port in ("com", "lpt") for number in range(10)
}
"""Names of devices on Windows, with any ending."""

TAKEN = ("mixture", "mix", "residual")
"""Names of other tracks than stems."""


def check_path_part(kind: str, name: object, error: type[MsgldError] = ModelError) -> str:
    """Return a name that is valid for a file or a folder on any system; raise ``error`` for any other.

    Args:
        kind: owner of the name, for the message: ``a stem``, ``a model``.
        name: to check.
        error: to raise.
    """
    fault = _fault(name)
    if fault:
        raise error(f"{kind} cannot be called {shown(name)}: {fault}")
    return str(name)


def check_stem_names(names: Iterable[object], error: type[MsgldError] = ModelError) -> tuple[str, ...]:
    """Return names of stems that are valid for files in one folder; raise ``error`` for any others."""
    stems = tuple(check_path_part("a stem", name, error) for name in names)
    folded: dict[str, str] = {}
    for stem in stems:
        if fold(stem) in TAKEN:
            raise error(f"a stem cannot be called {shown(stem)}: {', '.join(TAKEN)} are other tracks' names")
        if fold(stem) in folded:
            raise error(
                f"two stems are called {shown(folded[fold(stem)])} and {shown(stem)}: rename one of them"
            )
        folded[fold(stem)] = stem
    for stem in stems:
        if f"no_{fold(stem)}" in folded:
            raise error(
                f"a stem cannot be called 'no_{stem}': that is what a song without {shown(stem)} is called"
            )
    return stems


def as_path_part(name: str, default: str) -> str:
    """The nearest name that :func:`check_path_part` accepts.

    Args:
        name: part of a path.
        default: a valid name, returned if nothing is left of ``name``.
    """
    plain = unicodedata.normalize("NFKC", name)
    kept = "".join("_" if c in SEPARATORS or not c.isprintable() else c for c in plain)[:LONGEST]
    kept = kept.encode("utf-8")[:BYTES].decode("utf-8", "ignore").lstrip(". ").rstrip(". ")
    return default if _fault(kept) else kept


def fold(name: str) -> str:
    """The form in which names collide on some file system: without case and composition."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _fault(name: object) -> str | None:
    """The fault of a name, None if there is none."""
    if not isinstance(name, str):
        return "a name is a text"
    plain = unicodedata.normalize("NFKC", name)
    if not name or name[0] in ". " or name[-1] in ". ":
        return "a name is not empty, and neither begins nor ends with a dot or a blank"
    if not (name.isprintable() and plain.isprintable()):
        return "a name has no invisible characters"
    if len(name) > LONGEST or len(name.encode("utf-8")) > BYTES:
        return f"a name has at most {LONGEST} characters"
    if SEPARATORS & {*name, *plain}:
        return f"a name has none of {' '.join(sorted(SEPARATORS))}"
    if plain.casefold().partition(".")[0].rstrip(" ") in DEVICES:
        return "Windows keeps that name for a device"
    return None
