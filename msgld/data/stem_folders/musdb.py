"""MUSDB18 and other songs in the Stems format of Native Instruments: an MP4 with a stream for each stem, ``.stem.mp4``.

The first audio stream is the mixture. The others are named in a box of JSON inside ``moov/udta``, as in MUSDB18, or
have MUSDB18's order (Rafii et al., 2017, "The MUSDB18 corpus for music separation").
"""

from __future__ import annotations

import json
from pathlib import Path

from msgld.audio.boxes import content_of, find_box
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
        text = content_of(content_of(_moov(path), b"udta"), b"stem")
        return [str(stem["name"]) for stem in json.loads(text)["stems"]] if text else []
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _moov(path: Path) -> bytes:
    """The content of the file's box ``moov``; empty where there is none."""
    with path.open("rb") as file:
        box = find_box(file, b"moov", 0, path.stat().st_size)
        if box is None or box.stop - box.body > _LARGEST:
            return b""
        file.seek(box.body)
        return file.read(box.stop - box.body)
