"""A run of the refiner's training: state, the model with its refiner, log and pictures in one folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from msgld.checkpoint import load_model, save_model
from msgld.data.source import Source
from msgld.dsp.codec import PatchCodec
from msgld.dsp.mel import to_log
from msgld.errors import DataError, ModelError
from msgld.model import Model
from msgld.tasks.masking import Masking
from msgld.tasks.separate import expected_masks
from msgld.training.beginning import Report, begun, wait_for
from msgld.training.cuts import CutPool
from msgld.training.disk import Run, described, trained_on
from msgld.training.naming import model_name
from msgld.training.pool import PoolConfig
from msgld.training.preview import draw_mels, mel_range
from msgld.training.record import of_preset
from msgld.training.refiner import RefinerTraining, build_refiner
from msgld.training.refiner_presets import RefinerPreset


class RefinerRun(Run):
    """A refiner's training and its folder."""

    def __init__(self, training: RefinerTraining, out: Path, report: Report | None) -> None:
        super().__init__(training, training.preset, out, report)
        self.refining = training

    def export(self) -> None:
        """Write the whole model, with this refiner, to ``model/``."""
        model = self.refining.model
        model.info["name"] = model_name(self.out)
        model.info["refiner_training"] = {**described(self.refining.preset), **self.about()}
        save_model(model, self.out / "model")

    def draw(self, path: Path) -> None:
        """Draw what one crop's stems have in common with the mixture, as it is, as first guessed, and refined.

        The crop is the same in every picture, as far as the pool's clips are.
        """
        training, mel = self.refining, self.refining.model.codec.mel
        with training.aside(), torch.no_grad():
            cuts = training.next_cuts()
            masks = training.masks(cuts)
        powers = {
            "true": cuts.cross[0].clamp_min(0).sum(1),
            "first guess": cuts.guesses[0] * cuts.mixture[0].sum(0),
            "refined": (masks[0] * cuts.mixture[0]).sum(1),
        }
        mels = {title: to_log(power, mel) for title, power in powers.items()}
        draw_mels(training.model.stems, mels, path, *mel_range(mel))


@dataclass(frozen=True)
class Guesser:
    """First guesses of a model, on the CPU, where clips are rendered."""

    model: Model
    masking: Masking

    def __call__(self, mixtures: Tensor) -> Tensor:
        """Mixtures (B, 2, L) at the model's rate and level -> masks (B, S, M, N)."""
        return expected_masks(self.model, mixtures, self.model.codec.mel.rate, self.masking)


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
        start: the model's folder; a refiner that it has is trained on, if it is of the preset's size.
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
    model.refiner = trained_on(model.refiner, build_refiner(preset, len(model.stems), seed))

    def pool_of(config: PoolConfig) -> CutPool:
        guess = Guesser(load_model(start), Masking(preset.exponent, preset.prior))
        return CutPool(source, config, guess.model.codec.mel, preset.network.bands, guess, preset.vary)

    minutes, about = minutes or preset.minutes, of_preset("refiner", preset)
    with begun(out, pool_of, preset.pool, seed, source, about) as (pool, saved):
        wait_for(pool, 4 * preset.items, report, minutes)
        training = RefinerTraining(preset, model, pool, minutes, torch.device(device), seed)
        run = RefinerRun(training, out, report)
        run.resume(saved)
        run.go()
    return out / "model"
