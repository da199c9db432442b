"""What the user names on the command line: stems, numbers, files of stems."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from msgld.audio.files import sounds
from msgld.errors import AudioReadError, UsageError


def stem_list(text: str | None) -> tuple[str, ...] | None:
    """``"bass, drums"`` as names; None stays None."""
    if text is None:
        return None
    names = tuple(dict.fromkeys(name.strip().lower() for name in text.split(",") if name.strip()))
    if not names:
        raise UsageError("name at least one stem, such as bass,drums")
    return names


def stem_files(pairs: Sequence[str], option: str) -> dict[str, Path]:
    """``["bass=b.wav"]`` as a mapping.

    Raises:
        UsageError: not of that form, or a stem named twice. AudioReadError: there is no such file.
    """
    files: dict[str, Path] = {}
    for pair in pairs:
        name, equals, path = pair.partition("=")
        name = name.strip().lower()
        if not (name and equals and path):
            raise UsageError(f"{option} takes STEM=FILE, such as {option} bass=bass.wav, not {pair!r}")
        if name in files:
            raise UsageError(f"{option} names {name} twice")
        files[name] = Path(os.path.expanduser(path))
        if not files[name].is_file():
            raise AudioReadError(f"there is no file {files[name]}")
    return files


def stems_in(folder: Path, stems: Sequence[str]) -> dict[str, Path]:
    """The files named after a stem in a folder, as msgld writes them.

    Raises:
        AudioReadError: there is no such folder, none in it, or two files of one stem.
    """
    if not folder.is_dir():
        raise AudioReadError(f"there is no folder {folder}")
    files: dict[str, Path] = {}
    for path in sorted(sounds(folder.iterdir())):
        stem = path.stem.lower()
        if stem in files:
            raise AudioReadError(f"{folder} holds {files[stem].name} and {path.name}: remove one of them")
        if stem in stems:
            files[stem] = path
    files = {stem: files[stem] for stem in stems if stem in files}
    if not files:
        raise AudioReadError(f"no stems in {folder}: it holds no file named {stems[0]}.wav or the like")
    return files
