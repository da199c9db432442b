"""Builds the source of training clips from the options of ``msgld train``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from msgld.cli.checking import checked_folders
from msgld.cli.console import Talk
from msgld.errors import ModelError, UsageError

if TYPE_CHECKING:
    from msgld.data.source import Source


@dataclass(frozen=True)
class Chosen:
    """The options about data, see ``msgld train --help``.

    Attributes:
        band: whether the built-in band plays; None for the default. start: folder of the model to begin with, whose
            stems are the default.
    """

    midi: tuple[Path, ...] = ()
    stems: tuple[Path, ...] = ()
    band: bool | None = None
    soundfont: Path | None = None
    stem_names: tuple[str, ...] | None = None
    maps: tuple[str, ...] = ()
    start: Path | None = None

    @property
    def with_band(self) -> bool:
        """Whether the built-in band plays: as chosen, else where there are no stems, which need no soundfont."""
        return not self.stems if self.band is None else self.band


def chosen_source(chosen: Chosen, talk: Talk) -> Source:
    """Check the songs and put the source together.

    Raises:
        UsageError, DataError: see their messages.
    """
    from msgld.training.data import training_source

    if chosen.soundfont is not None and chosen.stems and not chosen.midi and not chosen.with_band:
        raise UsageError("--soundfont goes with --midi or --band: songs of --stems are not played by one")
    stems = chosen_stems(chosen)
    folders = checked_folders(chosen.stems, stems, chosen.maps, talk)
    return training_source(chosen.midi, folders, float(chosen.with_band), chosen.soundfont)


def chosen_stems(chosen: Chosen) -> tuple[str, ...]:
    """The stems to train: those named, else those of the model to begin with, else the usual five.

    Of the model to begin with only where all clips come from songs of one's own: nothing else has other stems.

    Raises:
        UsageError: names that cannot be, or data that have no such stems.
    """
    from msgld.data.stem_folders.words import stems_to_train
    from msgld.stems import STEMS

    start = _stems_of(chosen.start)
    own = bool(chosen.stems) and not chosen.midi and not chosen.band
    stems = (start if own else None) or STEMS
    if chosen.stem_names is not None:
        stems = stems_to_train(chosen.stem_names)
    if start and chosen.stem_names is not None and len(start) != len(stems):
        raise UsageError(
            f"{chosen.start} has {len(start)} stems ({', '.join(start)}), --stem-names {len(stems)}"
        )
    if stems == STEMS:
        return stems
    played = f"plays {', '.join(STEMS)}, not {', '.join(stems)}"
    if chosen.midi:
        raise UsageError(f"what is made of --midi {played}: leave it out, and train on --stems")
    if chosen.band:
        raise UsageError(f"the built-in band {played}: leave out --band")
    if not chosen.stems:
        raise UsageError(f"the stems {', '.join(stems)} are in songs of your own: add --stems FOLDER")
    return stems


def _stems_of(start: Path | None) -> tuple[str, ...] | None:
    """The stems of a model; None where there is none, which the run itself reports, or only a first stage."""
    from msgld.api.store import model_folder
    from msgld.description import read_description

    if start is None:
        return None
    try:
        folder = start if start.is_dir() else model_folder(str(start))
        about = read_description(folder)
        return tuple(about["stems"]) if "denoiser" in about["parts"] else None
    except ModelError:
        return None
