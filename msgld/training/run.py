"""A training run on disk: start or resume, save, export, draw. The same call does all of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch

from msgld.checkpoint import load_model, save_model
from msgld.data.source import Source
from msgld.diffusion.denoise import StemDenoiser
from msgld.diffusion.noise import CosineSchedule
from msgld.errors import ModelError
from msgld.model import Model
from msgld.nets.transformer import StemTransformer
from msgld.progress import Progress
from msgld.sound.codec import PatchCodec
from msgld.training.codec import fit_codec
from msgld.training.denoiser import DenoiserTraining
from msgld.training.log import RunLog
from msgld.training.pool import ClipPool, running
from msgld.training.presets import Preset
from msgld.training.state import load_state, save_state
from msgld.training.timed import Step

Report = Callable[[Progress, dict[str, float]], None]


def train_denoiser(
    preset: Preset,
    source: Source,
    out: Path,
    minutes: float | None = None,
    start: Path | None = None,
    device: torch.device | str = "cpu",
    seed: int = 0,
    report: Report | None = None,
) -> Path:
    """Train the codec's statistics and the denoiser; called again it goes on where it was.

    Args:
        preset: the recipe. source: clips.
        out: the run's folder: ``state.pt``, ``log.jsonl``, ``samples/`` and the model in ``model/``.
        minutes: length of the whole run; the preset's by default.
        start: a model's folder whose codec and weights the run begins with.
        report: called about every 20 steps.

    Returns:
        The model's folder.

    Raises:
        DataError, ModelError, UsageError: see their messages.
    """
    device = torch.device(device)
    saved = load_state(out / "state.pt")
    clips = saved["clips"] if saved else preset.pool.seed + seed * 10**7
    pool = ClipPool(source, replace(preset.pool, seed=clips), rate=preset.codec.mel.rate)
    with running(pool):
        _wait(pool, preset.codec_clips if not (saved or start) else 2 * preset.batch.items, report)
        model = _begin(preset, pool, source, saved, start, seed)
        training = DenoiserTraining(
            preset, model.denoiser, model.codec, pool, minutes or preset.minutes, device, seed
        )
        if saved:
            _resume(training, saved, out / "state.pt")
        _go(training, model, out, preset, report)
    return out / "model"


def _wait(pool: ClipPool, clips: int, report: Report | None) -> None:
    """Let the workers render that many clips first."""
    if not pool.config.workers:
        pool.fill()
    needed = min(pool.config.slots, clips)
    for ready in pool.wait(needed):
        if report:
            report(Progress(ready, needed, unit="clips", stage="rendering"), {})


def _begin(
    preset: Preset,
    pool: ClipPool,
    source: Source,
    saved: dict[str, Any] | None,
    start: Path | None,
    seed: int,
) -> Model:
    torch.manual_seed(seed)
    network = StemTransformer(replace(preset.network, tracks=len(source.stems) + 1))
    info = {"name": preset.name, "preset": _plain(preset)}
    if saved:
        codec = PatchCodec(preset.codec)
    elif start:
        begun = load_model(start)
        codec, info = begun.codec, {**info, "started_from": begun.info}
        network.load_state_dict(begun.denoiser.network.state_dict())
    else:
        codec = fit_codec(pool, preset.codec, preset.stage(0.0), preset.codec_clips, seed)
        network.begin_with(codec.decoder)
    return Model(codec, StemDenoiser(network, CosineSchedule()), None, tuple(source.stems), info=info)


def _resume(training: DenoiserTraining, saved: dict[str, Any], path: Path) -> None:
    try:
        training.codec.load_state_dict(saved["codec"])
        training.load_state_dict(saved["training"])
    except (KeyError, RuntimeError, ValueError) as error:
        raise ModelError(
            f"{path} is of another preset or source; remove it or choose another folder"
        ) from error


def _plain(preset: Preset) -> dict[str, Any]:
    return {key: value for key, value in asdict(preset).items() if key != "expected"}


def _go(training: DenoiserTraining, model: Model, out: Path, preset: Preset, report: Report | None) -> None:
    log = RunLog(out)
    saved_at = time.monotonic()
    try:
        for step in training:
            means = log.add(step.number, {**step.losses, "progress": step.progress, "seconds": step.seconds})
            if means and report:
                report(_progress(training, step), means)
            if time.monotonic() - saved_at > preset.save_minutes * 60:
                save_run(training, model, out)
                saved_at = time.monotonic()
    finally:
        # Also when the user stops the run: the same command goes on from here.
        save_run(training, model, out)
        log.close()


def _progress(training: DenoiserTraining, step: Step) -> Progress:
    left = training.budget - training.elapsed
    return Progress(round(training.elapsed), round(training.budget), unit="s", stage="training", eta=left)


def save_run(training: DenoiserTraining, model: Model, out: Path) -> None:
    """Write the state from which the run resumes, the model as it is now (averaged weights) and a picture."""
    from msgld.training.preview import draw_preview

    save_state(
        {
            "training": training.state_dict(),
            "codec": training.codec.state_dict(),
            "clips": training.pool.config.seed + training.pool.written,
        },
        out / "state.pt",
    )
    model.info["training"] = {"steps": training.number, "minutes": round(training.elapsed / 60, 1)}
    training.average.swap(training.denoiser)
    save_model(model, out / "model")
    draw_preview(training, out / "samples" / f"{training.number:07d}.png")
    training.average.swap(training.denoiser)
