"""A run of the refiner's training: state, the model with its refiner, log and pictures in one folder."""

from __future__ import annotations

from pathlib import Path

import torch

from msgld.checkpoint import load_model, save_model
from msgld.data.source import Source
from msgld.errors import DataError, ModelError
from msgld.sound.codec import PatchCodec
from msgld.sound.mel import log_mel
from msgld.training.clips import clip_pool
from msgld.training.disk import Report, Run, begun, described, wait_for
from msgld.training.preview import draw_mels, mel_range
from msgld.training.refiner import RefinerTraining, build_refiner
from msgld.training.refiner_presets import RefinerPreset


class RefinerRun(Run):
    """A refiner's training and its folder."""

    def __init__(self, training: RefinerTraining, out: Path, report: Report | None) -> None:
        super().__init__(training, out, report)
        self.refining = training
        self.save_minutes = training.preset.save_minutes
        self.log_steps = training.preset.log_steps

    def export(self) -> None:
        """Write the whole model, with this refiner, to ``model/``."""
        model = self.refining.model
        model.info["refiner_training"] = {**described(self.refining.preset), **self.about()}
        save_model(model, self.out / "model")

    def draw(self, path: Path) -> None:
        """Draw the stems of one crop, as they are, as first guessed, and refined; the crop is always the same."""
        with self.refining.aside(), torch.no_grad():
            stems = self.refining.next_stems()[:1]
            made, rough = self.refining.separate(stems)
        model = self.refining.model
        columns = {"true": stems[0], "first guess": rough, "refined": made[0]}
        mels = {title: log_mel(waves, model.codec.mel) for title, waves in columns.items()}
        draw_mels(model.stems, mels, path, *mel_range(model.codec.mel))


def train_refiner(
    preset: RefinerPreset,
    source: Source,
    start: Path,
    out: Path,
    minutes: float | None = None,
    device: torch.device | str = "cpu",
    seed: int = 0,
    report: Report | None = None,
) -> Path:
    """Train a refiner over a frozen model; called again it goes on where it was.

    Args:
        start: the model's folder; a refiner that it has is trained on.
        out: the run's folder, with the whole model in ``model/``.
        minutes: length of the whole run; the preset's by default.
        report: called about every 20 steps.

    Returns:
        The model's folder.

    Raises:
        DataError: the source's stems are not the model's. ModelError: the model is missing, damaged, or of the
            published design, whose answer in one call is no first guess.
    """
    model = load_model(start, device)
    if not isinstance(model.codec, PatchCodec):
        raise ModelError(f"{start} is of the published design: a refiner belongs to a model such as small")
    if tuple(source.stems) != model.stems:
        raise DataError(
            f"the data have the stems {', '.join(source.stems)}, the model {', '.join(model.stems)}"
        )
    model.refiner = model.refiner or build_refiner(preset, len(model.stems), seed)
    with begun(out, clip_pool(source, model.codec.mel.rate), preset.pool, seed) as (pool, saved):
        wait_for(pool, 4 * preset.items, report)
        training = RefinerTraining(preset, model, pool, minutes or preset.minutes, torch.device(device), seed)
        run = RefinerRun(training, out, report)
        run.resume(saved)
        run.go()
    return out / "model"
