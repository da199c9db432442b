"""What comes before a training from the command line: refusals, then device and source."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgld.cli.console import Talk
from msgld.cli.sources import Chosen, chosen_source
from msgld.errors import DataError, UsageError

if TYPE_CHECKING:
    import torch

    from msgld.data.source import Source

LEAST_MINUTES = 0.01
"""What is left of a run's time at least, when its data have been read."""


@dataclass(frozen=True)
class Training:
    """What the options of ``msgld train`` say; see their help."""

    preset: str | None
    midi: tuple[Path, ...]
    stems: tuple[Path, ...]
    band: bool | None
    soundfont: Path | None
    minutes: float | None
    out: Path
    start: Path | None
    first_stage: Path | None
    seed: int
    device: str
    jobs: int | None
    stem_names: tuple[str, ...] | None = None
    maps: tuple[str, ...] = ()

    @property
    def chosen(self) -> Chosen:
        """The options about data."""
        return Chosen(
            self.midi, self.stems, self.band, self.soundfont, self.stem_names, self.maps, self.start
        )

    def sources(self) -> dict[str, Any]:
        """What is trained on, for the run's record; folders are the same however they are written."""
        folders = {"midi": self.midi, "stems": self.stems}
        resolved = {name: sorted(str(path.resolve()) for path in paths) for name, paths in folders.items()}
        return {
            **resolved,
            "band": self.chosen.with_band,
            "stem_names": self.stem_names,
            "maps": sorted(self.maps),
        }


@dataclass(frozen=True)
class Ready:
    """What a run begins with. ``minutes`` are those that are left of its time."""

    device: torch.device
    source: Source
    minutes: float


def refused_first(settings: Training, part: str, preset: Any) -> Training:
    """The settings with models' names as folders, after all refusals that need no data.

    Raises:
        DataError: a folder is missing. UsageError: ``out`` is a file, or holds a run of other settings.
        ModelError: there is no such model. TrainingError: another run is training in ``out``.
    """
    from msgld.training.lock import refuse_busy
    from msgld.training.record import check_record, of_preset

    _check_paths(settings)
    refuse_busy(settings.out)
    start, first_stage = _model(settings.start), _model(settings.first_stage)
    check_record(settings.out, **of_preset(part, preset), sources=settings.sources(), start=_whole(start))
    return replace(settings, start=start, first_stage=first_stage)


def _model(name: Path | None) -> Path | None:
    """Folder of a model that is given by a folder or by its name."""
    from msgld.api.store import model_folder
    from msgld.description import read_description

    if name is None:
        return None
    folder = model_folder(str(name))
    read_description(folder)
    return folder


def _whole(path: Path | None) -> str | None:
    return str(path.resolve()) if path else None


def _check_paths(settings: Training) -> None:
    for path in (*settings.midi, *settings.stems):
        if not path.exists():
            raise DataError(f"there is no folder {path}")
    if settings.out.exists() and not settings.out.is_dir():
        raise UsageError(f"{settings.out} is a file; choose another folder with --out")


def make_ready(settings: Training, minutes: float, since: float) -> Ready:
    """Device and source; the run's record names what is trained on.

    Args:
        minutes: of the preset. since: when the command began, which its time is counted from.
    """
    from msgld.training.record import write_record

    device = _device(settings)
    source = chosen_source(settings.chosen, Talk())
    write_record(settings.out, sources=settings.sources(), start=_whole(settings.start))
    left = (settings.minutes or minutes) - (time.monotonic() - since) / 60
    return Ready(device, source, max(left, LEAST_MINUTES))


def _device(settings: Training) -> torch.device:
    import torch

    from msgld.runtime import choose_device

    if settings.jobs:
        torch.set_num_threads(settings.jobs)
    return choose_device(settings.device)
