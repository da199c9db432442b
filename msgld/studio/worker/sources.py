"""What a job starts from: the stems of a take as sound or as notes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgld.errors import UsageError
from msgld.studio.jobs.order import Order
from msgld.studio.library.takes import own_file
from msgld.studio.schemas import Take

if TYPE_CHECKING:
    from msgld.music.score import Score

MIDI = ".mid"
MIX_MIDI = "mix.mid"


@dataclass(frozen=True)
class Source:
    """A finished take.

    Attributes:
        take: its record.
        folder: of its files.
    """

    take: Take
    folder: Path

    @classmethod
    def of(cls, order: Order, take: str) -> Source:
        """The take of that id in the project of an order."""
        return cls(*order.place.takes.whole(take))

    @property
    def in_notes(self) -> bool:
        """Whether the whole take was made in notes, so that its MIDI files say all."""
        return self.take.origin == "notes"

    @property
    def made(self) -> set[str]:
        """The stems that were made."""
        return {stem.name for stem in self.take.stems if stem.made}

    def names(self) -> list[str]:
        """All stems."""
        return [stem.name for stem in self.take.stems]

    def sounds(self, known: Iterable[str]) -> dict[str, Path]:
        """Stem -> its sound, of those that are among ``known``; UsageError where there are none."""
        allowed = set(known)
        names = [stem.name for stem in self.take.stems if stem.sound and stem.name in allowed]
        if not names:
            raise UsageError(f"the take {self.take.title!r} has no sound of stems that this model knows")
        return {name: self.file(name) for name in names}

    def notes(self, known: Iterable[str]) -> dict[str, Path]:
        """Stem -> its MIDI file, of those among ``known`` that have notes."""
        allowed = set(known)
        names = [stem.name for stem in self.take.stems if stem.notes and stem.name in allowed]
        return {name: self.file(f"{name}{MIDI}") for name in names}

    def given(self, known: Iterable[str]) -> dict[str, Path]:
        """Stem -> its notes where the take was made in notes, else its sound."""
        notes = self.notes(known) if self.in_notes else {}
        return notes or self.sounds(known)

    def file(self, key: str) -> Path:
        """A file by its key in the record."""
        if key not in self.take.files:
            raise UsageError(f"the take {self.take.title!r} has no file {key}")
        return own_file(self.folder, self.take.files[key])

    def score(self) -> Score:
        """All its notes, on its bars; UsageError where it has none."""
        from msgld.api.composing import given_score

        notes = self.notes(self.names())
        if not notes:
            raise UsageError(f"the take {self.take.title!r} has no notes: transcribe it first")
        return given_score(notes)
