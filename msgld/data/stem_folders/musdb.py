"""MUSDB18 and other songs in the Stems format of Native Instruments: an MP4 with a stream for each stem, ``.stem.mp4``.

The first audio stream is the mixture. The others are named in a box of JSON inside ``moov/udta``, as in MUSDB18, or
have MUSDB18's order (Rafii et al., 2017, "The MUSDB18 corpus for music separation").
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from msgld.audio.binary import big
from msgld.data.stem_folders.words import vocabulary, words_of

ENDING = ".stem.mp4"

ORDER = ("drums", "bass", "other", "vocals")
"""The stems of MUSDB18, in the order of their streams after the mixture."""

_LARGEST = 1 << 26  # bytes of the box ``moov``: more is damage


def is_stem_file(path: Path) -> bool:
    """Whether a file holds stems as streams, by its ending."""
    return path.name.lower().endswith(ENDING)


def song_of(path: Path) -> str:
    """The name of the song in a file."""
    return path.name[: -len(ENDING)]


def streams(path: Path, stems: tuple[str, ...]) -> list[tuple[str, str | None, bool]]:
    """The streams after the mixture: name, stem (None where it is not clear) and whether it is everything else.

    A file that cannot be read has MUSDB18's; its check says what is wrong with it.
    """
    found = []
    for name in _names(path) or ORDER:
        meant = vocabulary(stems).read(words_of(name))
        found.append((name, meant.stem, meant.open))
    return found


def _names(path: Path) -> list[str]:
    """The names of the stems in the file's description; empty where it has none."""
    try:
        text = _box(_box(_moov(path), b"udta"), b"stem")
        return [str(stem["name"]) for stem in json.loads(text)["stems"]] if text else []
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _moov(path: Path) -> bytes:
    """The content of the file's box ``moov``; empty where there is none."""
    with path.open("rb") as file:
        while len(head := file.read(8)) == 8:
            size, kind, width = big(head, 0), head[4:], 8
            if size == 1:
                size, width = big(file.read(8), 0, 8), 16
            if kind == b"moov":
                return file.read(size - width) if size - width <= _LARGEST else b""
            if size < width:
                break
            file.seek(size - width, 1)
    return b""


def _box(data: bytes, kind: bytes) -> bytes:
    """The content of the first box of a kind among those in ``data``; empty where there is none."""
    return next((content for found, content in _boxes(data) if found == kind), b"")


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size = max(big(data, at), 8)
        yield data[at + 4 : at + 8], data[at + 8 : at + size]
        at += size
