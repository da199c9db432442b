"""Training from the command line: sources and device put together, progress shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from msgld.app.progress import track
from msgld.app.sources import Chosen, chosen_source
from msgld.app.talk import Talk, shown
from msgld.errors import DataError, UsageError
from msgld.progress import OnProgress, Progress

if TYPE_CHECKING:
    import torch

    from msgld.data.source import Source

NEWS_SECONDS = 20.0
"""How often the losses shown are renewed."""


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


def train_denoiser_on(settings: Training) -> Path:
    """Train or resume a denoiser; the model's folder.

    Raises:
        UsageError, DataError, ModelError: see their messages.
    """
    from msgld.training.presets import Preset
    from msgld.training.published_presets import find_recipe
    from msgld.training.published_run import train_published
    from msgld.training.run import train_denoiser

    preset = find_recipe(settings.preset or "small")
    _check_paths(settings)
    first_stage = settings.first_stage
    device, source = _device(settings), _source(settings)
    out, minutes, start, seed = settings.out, settings.minutes, settings.start, settings.seed
    with _shown(out) as show:
        report = News(show).report
        if isinstance(preset, Preset):
            model = train_denoiser(preset, source, out, minutes, start, device, seed, report, first_stage)
        else:
            model = train_published(preset, source, out, first_stage, minutes, start, device, seed, report)
    return _announce(model)


def train_codec_on(settings: Training) -> Path:
    """Train or resume the autoencoder of the published design; the folder of the first stage."""
    from msgld.training.autoencoder_run import train_codec
    from msgld.training.published_presets import find_codec_preset

    preset = find_codec_preset(settings.preset or "paper")
    if settings.start or settings.first_stage:
        raise UsageError("an autoencoder begins from nothing: leave out --start and --first-stage")
    _check_paths(settings)
    device, source = _device(settings), _source(settings)
    with _shown(settings.out) as show:
        folder = train_codec(
            preset, source, settings.out, settings.minutes, device, settings.seed, News(show).report
        )
    return _announce_first_stage(folder)


def train_vocoder_on(settings: Training) -> Path:
    """Train or resume a vocoder for the model or first stage in ``settings.start``; the folder of what has both.

    One that is there is trained on, if it is of the preset's size.
    """
    from msgld.checkpoint import load_first_stage
    from msgld.description import read_description
    from msgld.training.assemble import join_vocoder
    from msgld.training.vocoder import goes_on
    from msgld.training.vocoder_presets import find_vocoder_preset
    from msgld.training.vocoder_run import train_vocoder, training_of

    preset = find_vocoder_preset(settings.preset or "light")
    start = settings.start or settings.first_stage
    if start is None:
        raise UsageError("a vocoder belongs to a model or to a first stage: name its folder with --start")
    _check_paths(settings)
    device, source, (codec, first) = _device(settings), _source(settings), load_first_stage(start)
    first = first if goes_on(first, preset, codec) else None
    Talk().say(f"{'goes on with the vocoder' if first else 'a new vocoder for the codec'} of {shown(start)}")
    with _shown(settings.out) as show:
        vocoder = train_vocoder(
            preset,
            source,
            codec,
            settings.out,
            settings.minutes,
            device,
            settings.seed,
            News(show).report,
            first,
        )
    about = {"vocoder_training": training_of(settings.out)}
    folder = join_vocoder(start, vocoder, settings.out / "model", **about)
    whole = "denoiser" in read_description(folder)["parts"]
    return _announce(folder) if whole else _announce_first_stage(folder)


def train_refiner_on(settings: Training) -> Path:
    """Train or resume a refiner for the model in ``settings.start``, or the shipped one; the folder of both."""
    from msgld.training.refiner_presets import find_refiner_preset
    from msgld.training.refiner_run import train_refiner

    return _train_over("a refiner", find_refiner_preset, train_refiner, settings)


def train_notes_on(settings: Training) -> Path:
    """Train or resume a note reader for the model in ``settings.start``, or the shipped one; the folder of both."""
    from msgld.training.notes_presets import find_notes_preset
    from msgld.training.notes_run import train_notes

    return _train_over("a note reader", find_notes_preset, train_notes, settings)


def _train_over(
    what: str, find: Callable[[str], object], train: Callable[..., Path], settings: Training
) -> Path:
    """Train a part over a whole model whose other parts stay as they are; the folder of the model with it."""
    from msgld.api.store import model_folder

    preset = find(settings.preset or "small")
    if settings.first_stage:
        raise UsageError(f"{what} belongs to a whole model: name its folder with --start")
    _check_paths(settings)
    device, source, start = _device(settings), _source(settings), model_folder(settings.start)
    out, minutes, seed = settings.out, settings.minutes, settings.seed
    with _shown(out) as show:
        model = train(preset, source, start, out, minutes, device, seed, News(show).report)
    return _announce(model)


def _announce(model: Path) -> Path:
    Talk().say(f"model in {shown(model)}: use it with --name {shown(model)}")
    return model


def _announce_first_stage(folder: Path) -> Path:
    name = shown(folder)
    Talk().say(f"first stage in {name}: --part vocoder --start {name} trains a vocoder for it, "
               f"--preset paper --first-stage {name} a denoiser")  # fmt: skip
    return folder


def _check_paths(settings: Training) -> None:
    for path in (*settings.midi, *settings.stems):
        if not path.exists():
            raise DataError(f"there is no folder {path}")
    if settings.out.exists() and not settings.out.is_dir():
        raise UsageError(f"{settings.out} is a file; choose another folder with --out")


def _source(settings: Training) -> Source:
    chosen = Chosen(settings.midi, settings.stems, settings.band, settings.soundfont, settings.stem_names,
                    settings.maps, settings.start)  # fmt: skip
    return chosen_source(chosen, Talk())


def _device(settings: Training) -> torch.device:
    import torch

    from msgld.api.devices import choose_device

    if settings.jobs:
        torch.set_num_threads(settings.jobs)
    return choose_device(settings.device)


def _shown(out: Path) -> AbstractContextManager[OnProgress]:
    return track(out.name)


class News:
    """Passes progress on, with a loss in its text that changes only now and then: each change is a line in a log."""

    def __init__(self, show: OnProgress, clock: Callable[[], float] = time.monotonic) -> None:
        self._show, self._clock = show, clock
        self._text, self._due = "training", 0.0

    def report(self, progress: Progress, losses: dict[str, float]) -> None:
        """What a run calls with its losses."""
        now = self._clock()
        if losses and now >= self._due:
            name, value = next(iter(losses.items()))
            self._text, self._due = f"training, {name} {value:.4g}", now + NEWS_SECONDS
        self._show(replace(progress, stage=self._text) if losses else progress)
