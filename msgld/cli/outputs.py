"""Where results go and how they are written: the folder, ``--filename``, the format."""

from __future__ import annotations

import hashlib
import os
import re
import string
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from msgld.api.encoding import LOSSY, Encoding
from msgld.api.naming import LONGEST, Names, check_path, fields_of, is_control
from msgld.cli.options import From, number
from msgld.errors import UsageError

DEFAULT = "{model}/{track}/{stem}.{ext}"
NUMBERS = ("seed", "index")
VARIABLES = ("model", "track", "trackext", "stem", "ext", "seed", "index")

STEM_BYTES = 60
"""Room for a stem and its ending in the name of a file."""

_LEAST = 16
_FOREIGN = '<>:"|?*' if os.name == "nt" else ""
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


class Format(str, Enum):
    """Formats of sound files."""

    wav = "wav"
    flac = "flac"
    mp3 = "mp3"
    ogg = "ogg"


class ClipMode(str, Enum):
    """What happens to stems beyond full scale."""

    auto = "auto"
    rescale = "rescale"
    clamp = "clamp"


Out = Annotated[Path, typer.Option("-o", "--out", metavar="FOLDER", help="Folder for the results.")]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace results that exist.")]
FormatOption = Annotated[Format, typer.Option(help="Format of the results.")]
Mp3Bitrate = Annotated[
    int | None, number("mp3_bitrate", metavar="KBIT", help="Bit rate of MP3; by default 320.")
]
Float32 = Annotated[bool, typer.Option("--float32", help="Write samples as 32-bit float (WAV).")]
Int16 = Annotated[bool, typer.Option("--int16", help="Write 16 bits per sample, dithered; by default 24.")]
ClipModeOption = Annotated[
    ClipMode,
    typer.Option(help="What happens to stems beyond full scale. rescale: turn all stems down by the same gain. clamp: "
                 "cut off the peaks. auto: write WAV as 32-bit float, rescale other formats."),
]  # fmt: skip
OldInt24 = Annotated[bool, typer.Option("--int24", hidden=True)]
OldInt16 = Annotated[bool, typer.Option("--int16", hidden=True)]
OldFloat32 = Annotated[bool, typer.Option("--float32", hidden=True)]


def choose_encoding(format: FormatOption = Format.wav, mp3_bitrate: Mp3Bitrate = None, float32: Float32 = False,
                    int16: Int16 = False, clip_mode: ClipModeOption = ClipMode.auto,
                    int24: OldInt24 = False) -> Encoding:  # fmt: skip
    """The encoding of the results; WAV and FLAC have 24 bits without any of the flags for the depth.

    Raises:
        UsageError: these exclude each other.
    """
    depths = [name for name, chosen in (("int24", int24), ("int16", int16), ("float32", float32)) if chosen]
    ext, clip = Format(format).value, ClipMode(clip_mode).value
    if len(depths) > 1:
        raise UsageError(f"choose one of {' and '.join('--' + name for name in depths)}")
    if depths and ext in LOSSY:
        raise UsageError(f"{ext} has no bit depth: leave --{depths[0]} out")
    if depths == ["float32"] and ext == "flac":
        raise UsageError("FLAC holds integers only: choose --int24, or --float32 with --format wav")
    if mp3_bitrate is not None and ext != "mp3":
        raise UsageError("--mp3-bitrate goes with --format mp3")
    if depths and clip == "auto":
        clip = "rescale"  # a depth that was chosen is kept
    subtype = {"int16": "PCM_16", "float32": "FLOAT"}.get(depths[0] if depths else "int24", "PCM_24")
    return Encoding(ext, subtype, mp3_bitrate or 320, clip)


def _format(format: FormatOption = Format.wav, int24: OldInt24 = False, int16: OldInt16 = False,
            float32: OldFloat32 = False) -> Encoding:  # fmt: skip
    return choose_encoding(format, int24=int24, int16=int16, float32=float32)


Encoded = Annotated[Encoding, From(_format)]
EncodedAsDemucs = Annotated[Encoding, From(choose_encoding)]
"""With Demucs' options for it."""


@dataclass(frozen=True)
class Template:
    """Path of a stem's file below the folder of results, with variables in braces.

    ``{track}`` is the song's name without its ending, ``{trackext}`` that ending, ``{index}`` the song's number
    among those of the command, from 1; numbers may have a width, as in ``{index:02}``. Names of more than
    ``LONGEST`` bytes are shortened, and characters that no file system takes are replaced.

    Raises:
        UsageError: an unknown variable, no ``{stem}``, another ending than ``.{ext}``, a path that leaves the
            folder of results, or names that are too long whatever is filled in.
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
                both = f"{other} and {song} would both" if other != song else f"stems of {song} would all"
                raise UsageError(f"{both} be written to {path}: add {{track}} or {{index}} to --filename")
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
    room = _room_for_texts(part)
    filled = ""
    for literal, name, spec, _ in string.Formatter().parse(part):
        filled += _escaped(literal)
        if name in ("stem", "ext"):
            filled += f"{{{name}}}"
        elif name:
            value = values[name]
            text = _shortened(_clean(value), room) if isinstance(value, str) else format(value, spec or "")
            filled += _escaped(text)
    return _allowed(filled)


def _room_for_texts(part: str) -> int:
    """Bytes that each text may take which is filled in, so that the whole is not too long."""
    fields = _fields(part)
    numbers = sum(name in NUMBERS for name in fields)
    texts = sum(name not in (*NUMBERS, "stem", "ext") for name in fields)
    empty = {**dict.fromkeys(VARIABLES, ""), **dict.fromkeys(NUMBERS, 0)}
    room = LONGEST - len(os.fsencode(part.format(**empty))) - 20 * numbers - STEM_BYTES * ("stem" in fields)
    if room < _LEAST * texts:
        raise UsageError(f"--filename makes names of more than {LONGEST} bytes: shorten it")
    return room // max(1, texts)


def part_of(value: str) -> str:
    """A name as one part of a path, with room for a number behind it."""
    return _allowed(_shortened(_clean(value), LONGEST - STEM_BYTES))


def _allowed(part: str) -> str:
    """The part, changed where it would be no name: nothing at all, dots only, or a name that Windows reserves."""
    if not part.strip("."):
        return "_" * max(1, len(part))
    return f"_{part}" if _RESERVED.fullmatch(part) else part


def _escaped(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def _clean(value: str) -> str:
    """A value without separators of folders, line breaks, and bytes that are not UTF-8."""
    text = "".join("_" if letter in f"/\\\0{_FOREIGN}" or is_control(letter) else letter for letter in value)
    return re.sub("[\ud800-\udfff]", lambda found: f"%{ord(found[0]) & 0xFF:02X}", text)


def _shortened(value: str, room: int) -> str:
    """At most ``room`` bytes; a shortened value ends in a hash of the whole."""
    encoded = value.encode()
    if len(encoded) <= room:
        return value
    mark = f"~{hashlib.sha256(encoded).hexdigest()[:8]}"
    return encoded[: room - len(mark)].decode(errors="ignore") + mark
