"""``--filename``: a template for where results go, as a folder and the names in it."""

from __future__ import annotations

import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from msgld.errors import UsageError
from msgld.results.naming import Names

DEFAULT = "{model}/{track}/{stem}.{ext}"
NUMBERS = ("seed", "index")
VARIABLES = ("model", "track", "trackext", "stem", "ext", "seed", "index")


@dataclass(frozen=True)
class Template:
    """Path of a stem's file below the folder of results, with variables in braces.

    ``{track}`` is the song's name without its ending, ``{trackext}`` that ending, ``{index}`` the song's number
    among those of the command, from 1; numbers may have a width, as in ``{index:02}``.

    Raises:
        UsageError: a variable that there is not, no ``{stem}``, another ending than ``.{ext}``, or a path that
            leaves the folder of results.
    """

    text: str = DEFAULT

    def __post_init__(self) -> None:
        try:
            found = {name for _, name, _, _ in string.Formatter().parse(self.text) if name is not None}
        except ValueError as error:
            raise UsageError(f"--filename {self.text!r} does not read as a template: {error}") from error
        unknown = found - set(VARIABLES)
        if unknown:
            names = ", ".join(f"{{{name}}}" for name in VARIABLES)
            raise UsageError(f"--filename knows no {{{min(unknown)}}}; there are: {names}")
        if "stem" not in found or not self.text.endswith(".{ext}"):
            raise UsageError(
                "--filename has to hold {stem} and to end in .{ext}, such as {track}_{stem}.{ext}"
            )
        try:
            self.place(Path(), {name: 1 if name in NUMBERS else "x" for name in VARIABLES})
        except (ValueError, IndexError, KeyError, AttributeError) as error:
            raise UsageError(f"--filename {self.text!r} cannot be filled in: {error}") from error
        path = PurePosixPath(self.text)
        if path.is_absolute() or ".." in path.parts:
            raise UsageError("--filename leads below --out: give the folder there")

    def tells_apart(self) -> bool:
        """Whether the songs of one command get files of their own."""
        return "{track" in self.text or "{index" in self.text

    def place(self, out: Path, values: Mapping[str, str | int]) -> tuple[Path, Names]:
        """Folder and names of a song's stems.

        Args:
            values: of all variables but ``stem`` and ``ext``.
        """
        kept = {name: _escaped(value) for name, value in values.items() if name not in ("stem", "ext")}
        filled = PurePosixPath(self.text.format(**kept, stem="{stem}", ext="{ext}"))
        own = next(index for index, part in enumerate(filled.parts) if "{stem}" in _variables(part))
        folder = "/".join(filled.parts[:own]).format()
        return out / folder, Names("/".join(filled.parts[own:]))


def _escaped(value: str | int) -> str | int:
    return value.replace("{", "{{").replace("}", "}}") if isinstance(value, str) else value


def _variables(part: str) -> set[str]:
    return {f"{{{name}}}" for _, name, _, _ in string.Formatter().parse(part) if name}
