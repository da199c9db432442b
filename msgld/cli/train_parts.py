"""Training from the command line: sources and device put together, progress shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

from msgld.cli.console import Talk, shown, track
from msgld.cli.preparing import Training, make_ready, refused_first
from msgld.errors import UsageError
from msgld.progress import OnProgress, Progress

NEWS_SECONDS = 20.0
"""How often the losses shown are renewed."""


def train_denoiser_on(settings: Training) -> Path:
    """Train or resume a denoiser; the model's folder.

    Raises:
        UsageError, DataError, ModelError, TrainingError: see their messages.
    """
    since = time.monotonic()
    from msgld.paper.presets import find_recipe
    from msgld.paper.run import read_first_stage, train_published
    from msgld.training.presets import Preset
    from msgld.training.run import refuse_both, train_denoiser

    preset = find_recipe(settings.preset or "small")
    if isinstance(preset, Preset):
        refuse_both(settings.start, settings.first_stage)
    settings = refused_first(settings, "denoiser", preset)
    start, first_stage = settings.start, settings.first_stage
    if not isinstance(preset, Preset):
        read_first_stage(first_stage, start, settings.out)
    ready = make_ready(settings, preset.minutes, since)
    source, out, seed, device = ready.source, settings.out, settings.seed, ready.device
    with _shown(out) as show:
        report = News(show).report
        if isinstance(preset, Preset):
            model = train_denoiser(
                preset, source, out, ready.minutes, start, device, seed, report, first_stage
            )
        else:
            model = train_published(
                preset, source, out, first_stage, ready.minutes, start, device, seed, report
            )
    return _announce(model)


def train_codec_on(settings: Training) -> Path:
    """Train or resume the autoencoder of the published design; the folder of the first stage."""
    since = time.monotonic()
    from msgld.paper.autoencoder_run import train_codec
    from msgld.paper.presets import find_codec_preset

    preset = find_codec_preset(settings.preset or "paper")
    if settings.start or settings.first_stage:
        raise UsageError("an autoencoder begins from nothing: leave out --start and --first-stage")
    settings = refused_first(settings, "codec", preset)
    ready = make_ready(settings, preset.minutes, since)
    with _shown(settings.out) as show:
        folder = train_codec(
            preset, ready.source, settings.out, ready.minutes, ready.device, settings.seed, News(show).report
        )
    return _announce_first_stage(folder)


def train_vocoder_on(settings: Training) -> Path:
    """Train or resume a vocoder for the model or first stage in ``settings.start``; the folder of what has both.

    One that is there is trained on, if it is of the preset's size.
    """
    since = time.monotonic()
    from msgld.checkpoint import load_first_stage
    from msgld.description import read_description
    from msgld.training.assemble import join_vocoder
    from msgld.training.naming import model_name
    from msgld.training.vocoder import goes_on
    from msgld.training.vocoder_presets import find_vocoder_preset
    from msgld.training.vocoder_run import train_vocoder, training_of

    preset = find_vocoder_preset(settings.preset or "light")
    if settings.start is None and settings.first_stage is None:
        raise UsageError("a vocoder belongs to a model or to a first stage: name its folder with --start")
    settings = refused_first(settings, "vocoder", preset)
    out, start = settings.out, settings.start or settings.first_stage
    assert start is not None
    codec, first = load_first_stage(start)
    ready = make_ready(settings, preset.minutes, since)
    first = first if goes_on(first, preset, codec) else None
    Talk().say(f"{'goes on with the vocoder' if first else 'a new vocoder for the codec'} of {shown(start)}")
    with _shown(out) as show:
        report = News(show).report
        vocoder = train_vocoder(
            preset, ready.source, codec, out, ready.minutes, ready.device, settings.seed, report, first
        )
    about = {"name": model_name(out), "vocoder_training": training_of(out)}
    folder = join_vocoder(start, vocoder, out / "model", **about)
    whole = "denoiser" in read_description(folder)["parts"]
    return _announce(folder) if whole else _announce_first_stage(folder)


def train_refiner_on(settings: Training) -> Path:
    """Train or resume a refiner for the model in ``settings.start``, or the shipped one; the folder of both."""
    from msgld.training.refiner_presets import find_refiner_preset
    from msgld.training.refiner_run import train_refiner

    return _train_over("refiner", find_refiner_preset, train_refiner, settings)


def train_notes_on(settings: Training) -> Path:
    """Train or resume a note reader for the model in ``settings.start``, or the shipped one; the folder of both."""
    from msgld.training.notes_presets import find_notes_preset
    from msgld.training.notes_run import train_notes

    return _train_over("notes", find_notes_preset, train_notes, settings)


def _train_over(
    part: str, find: Callable[[str], Any], train: Callable[..., Path], settings: Training
) -> Path:
    """Train a part over a whole model whose other parts stay as they are; the folder of the model with it."""
    since = time.monotonic()
    from msgld.api.store import model_folder

    preset = find(settings.preset or "small")
    if settings.first_stage:
        raise UsageError(f"--part {part} belongs to a whole model: name its folder with --start")
    settings = refused_first(settings, part, preset)
    start = settings.start or model_folder()
    ready = make_ready(settings, preset.minutes, since)
    out, seed = settings.out, settings.seed
    with _shown(out) as show:
        report = News(show).report
        model = train(preset, ready.source, start, out, ready.minutes, ready.device, seed, report)
    return _announce(model)


def _announce(model: Path) -> Path:
    Talk().say(f"model in {shown(model)}: use it with --name {shown(model)}")
    return model


def _announce_first_stage(folder: Path) -> Path:
    name = shown(folder)
    Talk().say(f"first stage in {name}: --part vocoder --start {name} trains a vocoder for it, "
               f"--preset paper --first-stage {name} a denoiser")  # fmt: skip
    return folder


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
            self._text, self._due = _told(losses), now + NEWS_SECONDS
        self._show(replace(progress, stage=self._text) if progress.stage == "training" else progress)


def _told(figures: dict[str, float]) -> str:
    """The first loss, and how many steps and clips were left out, if any."""
    losses = {name: value for name, value in figures.items() if name not in _NO_LOSSES}
    parts = [f"{name} {value:.4g}" for name, value in list(losses.items())[:1]]
    left_out = {"dropped_steps": "steps", "dropped_clips": "clips"}
    parts += [f"{figures[key]:.0f} {what} left out" for key, what in left_out.items() if key in figures]
    return ", ".join(["training", *parts])


_NO_LOSSES = {"progress", "seconds", "norm", "dropped_steps", "dropped_clips"}
