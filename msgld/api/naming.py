"""How the files of a result are called."""

from __future__ import annotations

import re
import string
import unicodedata
from dataclasses import dataclass
from pathlib import PurePosixPath

from msgld.errors import UsageError
from msgld.ranges import shown

LONGEST = 200
"""Most bytes of the name of a file or folder. File systems take 255; the rest is for temporary names."""

_WIDTH = re.compile(r"(0?[1-9]\d?d?)?")


@dataclass(frozen=True)
class Names:
    """Names of a result's files inside its folder, by a pattern with ``{stem}`` and ``{ext}``.

    The record and the picture are called by the same pattern, so several results can share a folder.
    A pattern may lead into further folders: ``{stem}/song.{ext}``.

    Raises:
        UsageError: an invalid pattern, one that gives two stems the same name, or one that leads out of the folder.
    """

    pattern: str = "{stem}.{ext}"

    def __post_init__(self) -> None:
        if not isinstance(self.pattern, str):
            raise UsageError(
                f"the pattern of names is text such as '{{stem}}.{{ext}}', not {shown(self.pattern)}"
            )
        check_path("the pattern of names", self.pattern, fields_of("the pattern of names", self.pattern))
        unknown = fields_of("the pattern of names", self.pattern) - {"stem", "ext"}
        if unknown:
            raise UsageError(f"the pattern of names has {{stem}} and {{ext}}, but no {{{min(unknown)}}}")

    def file(self, stem: str, ext: str) -> str:
        """Path of a track's file, relative to the folder."""
        return self.pattern.format(stem=stem, ext=ext)

    @property
    def record(self) -> str:
        """Path of the record, which is written last."""
        return self.file("run", "json")

    @property
    def picture(self) -> str:
        """Path of the picture of all tracks."""
        return self.file("spectrograms", "png")

    @property
    def alone(self) -> bool:
        """Whether the folder holds this result only."""
        return self == Names()


def fields_of(what: str, text: str, numbers: tuple[str, ...] = ()) -> set[str]:
    """The names of a template's fields.

    Args:
        what: how a message calls the template.
        numbers: the fields that may have a width, as in ``{index:02}``.

    Raises:
        UsageError: it cannot be read as a template, or a field is more than a name.
    """
    try:
        parsed = [field for field in string.Formatter().parse(text) if field[1] is not None]
    except ValueError as error:
        raise UsageError(f"{what} {shown(text)} does not read as a template: {error}") from error
    for _, name, spec, conversion in parsed:
        plain = name is not None and name.isidentifier() and not conversion
        if not plain or (spec and not (name in numbers and _WIDTH.fullmatch(spec))):
            raise UsageError(f"{what} {shown(text)} cannot be filled in: write {{name}}, or {{index:02}}")
    return {str(name) for _, name, _, _ in parsed}


def check_path(what: str, text: str, fields: set[str]) -> None:
    """Raise UsageError unless a template is a path below a folder, with ``{stem}`` in it and ``.{ext}`` at its end."""
    if "stem" not in fields or not text.endswith(".{ext}"):
        raise UsageError(
            f"{what} has to hold {{stem}} and to end in .{{ext}}, such as {{track}}_{{stem}}.{{ext}}"
        )
    if any(is_control(letter) for letter in text):
        raise UsageError(f"{what} holds a line break or another control character")
    if "\\" in text:
        raise UsageError(f"{what} parts folders with /, not with a backslash")
    if PurePosixPath(text).is_absolute() or ".." in PurePosixPath(text).parts:
        raise UsageError(f"{what} leads below the folder of results: it has neither .. nor a / in front")


def is_control(letter: str) -> bool:
    """Whether a letter is a line break, another control character, or one that changes the direction of writing."""
    return unicodedata.category(letter) in ("Cc", "Zl", "Zp") or letter in "\u202a\u202b\u202c\u202d\u202e"


PLAIN = Names()
