"""What a model can do, from its description: nothing of it is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from msgld.api.options import QUALITIES
from msgld.api.store import model_folder
from msgld.description import read_description
from msgld.stems import about


@dataclass(frozen=True)
class Abilities:
    """Of a model.

    Attributes:
        model: its name.
        stems: into which it separates.
        makes: stems that it makes; none where it only separates.
        styles: that it knows.
        instruments: stem -> names.
        notes: whether it makes notes.
        ears: whether it finds notes in sound.
    """

    model: str
    stems: tuple[str, ...]
    makes: tuple[str, ...]
    styles: tuple[str, ...]
    instruments: dict[str, list[str]]
    notes: bool
    ears: bool

    @classmethod
    def of(cls, model: str | None) -> Abilities:
        """The facts of a model by name or folder; ModelError where there is none."""
        folder = model_folder(model)
        found = read_description(folder)
        parts: dict[str, Any] = found["parts"]
        composer, stems = parts.get("composer"), tuple(found["stems"])
        makes = SCORE_STEMS if composer else stems if "vocoder" in parts else ()
        styles = tuple((composer or parts.get("denoiser", {})).get("styles", ()))
        instruments = {stem: list(about(stem).instruments) for stem in makes if about(stem).instruments}
        name = str(found.get("info", {}).get("name", folder.name))
        return cls(name, stems, makes, styles, instruments, composer is not None, "listener" in parts)


SCORE_STEMS = ("bass", "drums", "guitar", "piano", "vocals", "other")
"""The stems of music in notes, as :data:`msgld.music.score.SCORE_STEMS`, which would import torch."""

__all__ = ["QUALITIES", "SCORE_STEMS", "Abilities"]
