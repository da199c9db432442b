"""How the files of a result are called."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Names:
    """Names of a result's files inside its folder, by a pattern with ``{stem}`` and ``{ext}``.

    The record and the picture are called by the same pattern, so several results can share a folder.
    A pattern may lead into further folders: ``{stem}/song.{ext}``.
    """

    pattern: str = "{stem}.{ext}"

    def file(self, stem: str, ext: str) -> str:
        """Path of a track's file, relative to the folder."""
        return self.pattern.format(stem=stem, ext=ext)

    @property
    def record(self) -> str:
        """Path of what says how the result came about; written last."""
        return self.file("run", "json")

    @property
    def picture(self) -> str:
        """Path of the picture of all tracks."""
        return self.file("spectrograms", "png")

    @property
    def alone(self) -> bool:
        """Whether the folder holds this result only."""
        return self == Names()


PLAIN = Names()
