"""Training from the command line: sources and device put together, progress shown."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from msgld.app.progress import track
from msgld.app.talk import Talk, shown
from msgld.errors import DataError, UsageError
from msgld.progress import OnProgress, Progress

if TYPE_CHECKING:
    import torch

    from msgld.data.source import Source
    from msgld.training.timed import Step

NEWS_SECONDS = 20.0
"""How often the losses shown are renewed."""


@dataclass(frozen=True)
class Training:
    """What the options of ``msgld train`` say; see their help."""

    preset: str | None
    midi: tuple[Path, ...]
    stems: tuple[Path, ...]
    band: bool
    soundfont: Path | None
    minutes: float | None
    out: Path
    start: Path | None
    seed: int
    device: str
    jobs: int | None


def train_denoiser_on(settings: Training) -> Path:
    """Train or resume a denoiser; the model's folder.

    Raises:
        UsageError, DataError, ModelError: see their messages.
    """
    from msgld.training.presets import find_preset
    from msgld.training.run import train_denoiser

    preset = find_preset(settings.preset or "small")
    _check_paths(settings)
    device, source = _device(settings), _source(settings)
    with _shown(settings.out) as show:
        news = _News(show)
        model = train_denoiser(
            preset, source, settings.out, settings.minutes, settings.start, device, settings.seed, news.report
        )
    return _announce(model)


def train_vocoder_on(settings: Training) -> Path:
    """Train or resume a vocoder for the model in ``settings.start``; the folder of the model that has both."""
    from msgld.checkpoint import load_model
    from msgld.training.assemble import join_vocoder
    from msgld.training.pool import ClipPool
    from msgld.training.vocoder_presets import find_vocoder_preset
    from msgld.training.vocoder_run import run_vocoder

    preset = find_vocoder_preset(settings.preset or "light")
    if settings.start is None:
        raise UsageError("a vocoder belongs to a model: name its folder with --start")
    _check_paths(settings)
    device, model = _device(settings), load_model(settings.start)
    config = replace(preset.pool, seed=preset.pool.seed + settings.seed * 10**7)
    pool = ClipPool(_source(settings), config, model.codec.mel.rate)
    with _shown(settings.out) as show:
        news, minutes = _News(show), settings.minutes or preset.minutes
        vocoder = run_vocoder(
            preset, pool, model.codec, minutes, settings.out, device, lambda step: news.step(step, minutes)
        )
    return _announce(join_vocoder(settings.start, vocoder, settings.out / "model"))


def _announce(model: Path) -> Path:
    Talk().say(f"model in {shown(model)}: use it with --name {shown(model)}")
    return model


def _check_paths(settings: Training) -> None:
    for path in (*settings.midi, *settings.stems):
        if not path.exists():
            raise DataError(f"there is no folder {path}")
    if settings.out.exists() and not settings.out.is_dir():
        raise UsageError(f"{settings.out} is a file; choose another folder with --out")


def _source(settings: Training) -> Source:
    from msgld.training.data import training_source

    return training_source(settings.midi, settings.stems, float(settings.band), settings.soundfont)


def _device(settings: Training) -> torch.device:
    import torch

    from msgld.api.devices import choose_device

    if settings.jobs:
        torch.set_num_threads(settings.jobs)
    return choose_device(settings.device)


def _shown(out: Path) -> AbstractContextManager[OnProgress]:
    return track(out.name)


class _News:
    """Passes progress on, with a loss in its text that changes only now and then: each change is a line in a log."""

    def __init__(self, show: OnProgress, clock: Callable[[], float] = time.monotonic) -> None:
        self._show, self._clock = show, clock
        self._text, self._due = "training", 0.0

    def report(self, progress: Progress, losses: dict[str, float]) -> None:
        """What ``train_denoiser`` calls."""
        now = self._clock()
        if losses and now >= self._due:
            name, value = next(iter(losses.items()))
            self._text, self._due = f"training, {name} {value:.4g}", now + NEWS_SECONDS
        self._show(replace(progress, stage=self._text) if losses else progress)

    def step(self, step: Step, minutes: float) -> None:
        """What ``run_vocoder`` calls after each step."""
        total = minutes * 60
        left = total * (1 - step.progress)
        self.report(Progress(total - left, total, "s", "training", left), step.losses)
