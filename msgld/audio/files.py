"""Which files and folders hold sound, by their names."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

AUDIO = frozenset({
    ".wav", ".wave", ".bwf", ".w64", ".rf64", ".flac", ".ogg", ".oga", ".opus", ".spx", ".mp3", ".mp2", ".mpga",
    ".aif", ".aiff", ".aifc", ".caf", ".au", ".snd", ".voc", ".m4a", ".m4b", ".m4r", ".aac", ".alac", ".ac3", ".eac3",
    ".dts", ".wma", ".wv", ".ape", ".tta", ".tak", ".mpc", ".dsf", ".amr", ".3gp", ".3g2", ".mka", ".mp4", ".m4v",
    ".mkv", ".mov", ".webm", ".avi", ".wmv", ".mpg", ".mpeg", ".flv",
})  # fmt: skip
"""Endings that are taken for sound inside a folder; a file named by itself may have any."""

LOSSLESS = frozenset({".wav", ".wave", ".bwf", ".w64", ".rf64", ".flac", ".aif", ".aiff", ".aifc", ".caf", ".au", ".wv",
                      ".ape", ".tta", ".tak", ".alac"})  # fmt: skip
"""Endings of formats that keep every sample."""

MAC_FOLDER = "__MACOSX"
"""Where macOS puts its own notes on files inside archives; they carry the names of sounds, and are none."""


def is_hidden(path: Path) -> bool:
    """Whether a file or folder is not the user's own: ``._bass.wav``, ``.part``, ``__MACOSX``."""
    return path.name.startswith(".") or path.name == MAC_FOLDER


def sounds(paths: Iterable[Path]) -> Iterator[Path]:
    """Those of some files that are sound by their ending, and not hidden."""
    return (path for path in paths if path.suffix.lower() in AUDIO and not is_hidden(path))


def folders(root: Path) -> Iterator[Path]:
    """A folder and all below it, sorted, through links but never in a circle, without hidden ones."""
    seen: set[str] = set()
    for text, names, _ in os.walk(root, followlinks=True):
        real = os.path.realpath(text)
        fresh = real not in seen
        seen.add(real)
        names[:] = sorted(name for name in names if fresh and not is_hidden(Path(name)))
        if fresh:
            yield Path(text)
