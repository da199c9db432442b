"""``--filename``: a template for where results go, as a folder and the names in it."""

from __future__ import annotations

import hashlib
import os
import re
import string
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgld.api.naming import LONGEST, Names, check_path, fields_of, is_control
from msgld.errors import UsageError

DEFAULT = "{model}/{track}/{stem}.{ext}"
NUMBERS = ("seed", "index")
VARIABLES = ("model", "track", "trackext", "stem", "ext", "seed", "index")

STEM_BYTES = 60
"""Room for a stem and its ending in the name of a file."""

_LEAST = 16
_FOREIGN = '<>:"|?*' if os.name == "nt" else ""
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class Template:
    """Path of a stem's file below the folder of results, with variables in braces.

    ``{track}`` is the song's name without its ending, ``{trackext}`` that ending, ``{index}`` the song's number
    among those of the command, from 1; numbers may have a width, as in ``{index:02}``. Names of more than
    ``LONGEST`` bytes are shortened, and what no file system takes is replaced.

    Raises:
        UsageError: a variable that there is not, no ``{stem}``, another ending than ``.{ext}``, a path that
            leaves the folder of results, or names that are too long whatever is filled in.
    """

    text: str = DEFAULT

    def __post_init__(self) -> None:
        fields = fields_of("--filename", self.text, NUMBERS)
        unknown = fields - set(VARIABLES)
        if unknown:
            names = ", ".join(f"{{{name}}}" for name in VARIABLES)
            raise UsageError(f"--filename knows no {{{min(unknown)}}}; there are: {names}")
        check_path("--filename", self.text, fields)
        if set(self.text) & set(_FOREIGN):
            raise UsageError(f"--filename cannot hold any of {_FOREIGN} on this system")
        self.place(Path(), {name: 1 if name in NUMBERS else "x" for name in VARIABLES})

    def place(self, out: Path, values: Mapping[str, str | int]) -> tuple[Path, Names]:
        """Folder and names of a song's stems.

        Args:
            values: of all variables but ``stem`` and ``ext``.
        """
        parts = [part for part in self.text.split("/") if part not in ("", ".")]
        own = next(index for index, part in enumerate(parts) if {"stem", "ext"} & set(_fields(part)))
        filled = [_filled(part, values) for part in parts]
        folder = "/".join(filled[:own]).format()
        return out / folder, Names("/".join(filled[own:]))


def check_apart(songs: Mapping[str, Sequence[Path]]) -> None:
    """Raise UsageError where two files would have one path, or one would be a folder for another.

    File systems may ignore case and the way in which letters with accents are encoded, so both are ignored here.

    Args:
        songs: name of each song -> the files that are to be written for it.
    """
    taken: dict[str, str] = {}
    for song, paths in songs.items():
        for path in paths:
            other = taken.setdefault(_same(path), song)
            if other != song or paths.count(path) > 1:
                both = (
                    f"{other} and {song} would both be" if other != song else f"stems of {song} would all be"
                )
                raise UsageError(f"{both} written to {path}: add {{track}} or {{index}} to --filename")
    for song, paths in songs.items():
        for path in paths:
            if any(_same(parent) in taken for parent in path.parents):
                raise UsageError(f"--filename needs a folder for {song} where a file goes: {path.parent}")


def _same(path: Path) -> str:
    folded = unicodedata.normalize("NFC", str(path)).casefold()
    return unicodedata.normalize("NFC", folded)


def _fields(part: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(part) if name]


def _filled(part: str, values: Mapping[str, str | int]) -> str:
    """One part of a path with everything filled in but ``{stem}`` and ``{ext}``: a pattern again."""
    names = [name for name in _fields(part) if name not in ("stem", "ext")]
    texts = [name for name in names if name not in NUMBERS]
    empty = {**dict.fromkeys(NUMBERS, 0), **dict.fromkeys(VARIABLES[:5], "")}
    room = LONGEST - len(os.fsencode(part.format(**empty))) - 20 * (len(names) - len(texts))
    room -= STEM_BYTES * ("stem" in _fields(part))
    if room < _LEAST * len(texts):
        raise UsageError(f"--filename makes names of more than {LONGEST} bytes: shorten it")
    share = room // max(1, len(texts))
    filled = ""
    for literal, name, spec, _ in string.Formatter().parse(part):
        filled += _escaped(literal)
        if name in ("stem", "ext"):
            filled += f"{{{name}}}"
        elif name:
            value = values[name]
            filled += (
                _escaped(_shortened(clean(value), share))
                if isinstance(value, str)
                else format(value, spec or "")
            )
    return _allowed(filled)


def part_of(value: str) -> str:
    """A name as one part of a path, with room for a number behind it."""
    return _allowed(_shortened(clean(value), LONGEST - STEM_BYTES))


def _allowed(part: str) -> str:
    """The part, changed where it would be no name: nothing at all, dots only, or what Windows keeps for itself."""
    if not part.strip("."):
        return "_" * max(1, len(part))
    return f"_{part}" if _RESERVED.fullmatch(part) else part


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def clean(value: str) -> str:
    """A value without what parts folders, breaks lines, or is no letter at all (a name that is not UTF-8)."""
    text = "".join("_" if letter in f"/\\\0{_FOREIGN}" or is_control(letter) else letter for letter in value)
    return re.sub("[\ud800-\udfff]", lambda found: f"%{ord(found[0]) & 0xFF:02X}", text)


def _shortened(value: str, room: int) -> str:
    """At most ``room`` bytes; a shortened value ends in a mark that differs with what was cut off."""
    encoded = value.encode()
    if len(encoded) <= room:
        return value
    mark = f"~{hashlib.sha256(encoded).hexdigest()[:8]}"
    return encoded[: room - len(mark)].decode(errors="ignore") + mark
