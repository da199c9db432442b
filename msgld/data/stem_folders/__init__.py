"""Folders of recorded stems: a folder for each song, with a file for each stem, under any common name.

``folder`` is the source of clips. ``search`` finds the songs: ``words`` and ``names`` read the stem from a file's name,
``rules`` holds the user's corrections. ``slakh``, ``moises`` and ``musdb`` read published layouts. ``check`` examines
the files, and ``songs`` says what it found. ``manifest`` reads lists of songs in place of folders. ``song_set`` draws
clips from songs, whatever their files look like.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from msgld.errors import one_line

SET_ASIDE, LEFT_OUT, PASSED_OVER, USED = "set aside", "left out", "passed over", "used"
"""Consequences for a file or folder, the most serious first."""


class StemStream(NamedTuple):
    """Where the sound of a stem lies.

    Attributes:
        path: of the file.
        number: of the audio stream in it, from 0.
    """

    path: Path
    number: int = 0


@dataclass(frozen=True)
class Listed:
    """A sound that the description of a published data set lists.

    Attributes:
        name: in the song's folder, such as ``stems/S03``.
        stem: the stem it belongs to.
        file: None where there is none.
        dispute: a contradiction in the description; empty where there is none.
        missing: whether the description lists a file that does not exist.
    """

    name: str
    stem: str
    file: Path | None
    dispute: str = ""
    missing: bool = False


@dataclass(frozen=True)
class Found:
    """A song as it lies on the disk.

    Attributes:
        folder: of the song.
        files: stem and place of every sound that is used.
        open: whether the stem ``other`` holds everything that the song has no other file for.
        title: its name, if that is not the folder's.
        mixture: the place of its mixture; None where there is none.
        split: ``train``, ``validation``, ``test``, ``omitted`` or another name; empty where it has none.
        licence: as the set states it.
        twin: songs of which this is the same are the same music; empty where that is not known.
        unclear: names whose stem is not clear.
    """

    folder: Path
    files: tuple[tuple[str, StemStream], ...]
    open: bool = False
    title: str = ""
    mixture: StemStream | None = None
    split: str = ""
    licence: str = ""
    twin: str = ""
    unclear: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """The song's name."""
        return self.title or self.folder.name


@dataclass(frozen=True)
class Finding:
    """A remark on a file or folder of a data set.

    Attributes:
        file: relative to the set.
        what: the remark.
        then: the consequence, such as ``set aside``.
    """

    file: str
    what: str
    then: str


def named(items: Sequence[str]) -> str:
    """Some names in a line: ``a, b, c and 12 more``."""
    return ", ".join(items[:3]) + (f" and {len(items) - 3} more" if len(items) > 3 else "")


def relative(path: Path, root: Path) -> str:
    """A path as it is named in findings: from the set's folder on."""
    try:
        name = path.relative_to(root).as_posix()
    except ValueError:
        name = str(path)
    return one_line(root.name or str(root) if name == "." else name)
