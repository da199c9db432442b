"""A run of the published design: a denoiser on a first stage that is there already."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from msgld.checkpoint import load_first_stage, load_model, save_model
from msgld.data.source import Source
from msgld.diffusion.noise_map import NoiseMap
from msgld.diffusion.run import run
from msgld.diffusion.sample import last_state
from msgld.diffusion.sampling import Sampling
from msgld.errors import ModelError, UsageError
from msgld.model import REFERENCE_RMS, Model
from msgld.paper.autoencoder import KLCodec
from msgld.paper.denoiser import PublishedDenoiser
from msgld.paper.presets import PublishedPreset
from msgld.paper.training import PublishedTraining
from msgld.paper.unet3d import PublishedUNet
from msgld.tasks import noise_maps as maps
from msgld.training.beginning import Report, begun, wait_for
from msgld.training.clips import clip_pool
from msgld.training.disk import Run, described
from msgld.training.naming import model_name
from msgld.training.preview import draw_mels, mel_range
from msgld.training.record import of_preset


class PublishedRun(Run):
    """A denoiser's training and its folder."""

    def __init__(self, training: PublishedTraining, model: Model, out: Path, report: Report | None) -> None:
        super().__init__(training, training.preset, out, report)
        self.denoising = training
        self.model = model

    def state(self) -> dict[str, Any]:
        """The training's state, and the codec that it stands on."""
        return {**super().state(), "codec": self.denoising.codec.state_dict()}

    def load(self, state: dict[str, Any]) -> None:
        """Inverse of :meth:`state`; ValueError if the first stage is another one."""
        codec = self.denoising.codec.state_dict()
        if any(not torch.equal(codec[name].cpu(), value) for name, value in state["codec"].items()):
            raise ValueError("another first stage")
        super().load(state)

    def export(self) -> None:
        """Write the model."""
        self.model.info["training"] = self.about()
        save_model(self.model, self.out / "model")

    def draw(self, path: Path) -> None:
        """Draw a crop, and what comes of separating it and of arranging for its first two stems."""
        training = self.denoising
        with torch.inference_mode(), training.aside():
            z = training.next_batch()[0][:1]
            tracks, frames = z.shape[1], z.shape[3]
            tasks = {
                "separated": maps.separate(tracks, frames),
                "arranged to the first two": maps.arrange(tracks, frames, {0: 0.0, 1: 0.0}),
            }
            latents = {"true": z} | {name: self._answer(z, task) for name, task in tasks.items()}
            mels = {name: training.codec.decode(z[0]) for name, z in latents.items()}
        names = [*training.pool.source.stems, "mixture"]
        draw_mels(names, mels, path, *mel_range(training.codec.mel))

    def _answer(self, z: Tensor, task: NoiseMap) -> Tensor:
        """Latents (1, K, C, T) of a task, in few steps."""
        sampling = Sampling(steps=self.denoising.preset.sample_steps)
        return last_state(run(self.denoising.denoiser, z, task, sampling)).x


@dataclass(frozen=True)
class FirstStage:
    """What a denoiser stands on, and the weights that it begins with, if any."""

    codec: KLCodec
    vocoder: Any
    begin: Model | None = None


def read_first_stage(first_stage: Path | None, start: Path | None, out: Path) -> FirstStage:
    """The codec and vocoder to train on: of ``first_stage``, else of the model to start with or of the run itself.

    Raises:
        UsageError: none is named. ModelError: the folder is unusable or its codec is no autoencoder.
    """
    begin = load_model(start, half=False) if start else None
    own = out / "model"
    folder = first_stage or start or (own if (own / "model.json").exists() else None)
    if folder is None:
        raise UsageError(
            "the published design learns on an autoencoder that is there already: name its folder with --first-stage "
            "(msgld convert or msgld train --part codec makes one)"
        )
    codec, vocoder = load_first_stage(folder)
    if not isinstance(codec, KLCodec):
        raise ModelError(f"the codec in {folder} is no autoencoder: name a folder that msgld convert or "
                         "msgld train --part codec has made")  # fmt: skip
    return FirstStage(codec, vocoder, begin)


def train_published(
    preset: PublishedPreset,
    source: Source,
    out: Path,
    first_stage: Path | None = None,
    minutes: float | None = None,
    start: Path | None = None,
    device: torch.device | str = "cpu",
    seed: int = 0,
    report: Report | None = None,
) -> Path:
    """Train the published denoiser on a first stage, which stays as it is; called again it goes on where it was.

    Args:
        preset: the recipe. source: clips, with any stems.
        out: the run's folder: ``state.pt``, ``log.jsonl``, ``samples/`` and the model in ``model/``.
        first_stage: folder with a codec, and a vocoder if there is one.
        minutes: length of the whole run; the preset's by default.
        start: a model's folder whose weights the run begins with, and its first stage unless another is named.
        report: called every ``log_steps`` steps.

    Returns:
        The model's folder.

    Raises:
        DataError, ModelError, UsageError: see their messages.
    """
    stage = read_first_stage(first_stage, start, out)
    if stage.codec.mel != preset.mel:
        raise ModelError(f"the first stage hears other log-mels ({stage.codec.mel}) than {preset.name} does")
    denoiser = _begin(preset, source, stage, seed)
    minutes, about = minutes or preset.minutes, of_preset("denoiser", preset)
    with begun(out, clip_pool(source, preset.mel.rate), preset.pool, seed, source, about) as (pool, saved):
        wait_for(pool, 4 * preset.stage(0.0).items, report, minutes)
        training = PublishedTraining(preset, denoiser, stage.codec, pool, minutes, torch.device(device), seed)
        info = {"name": model_name(out), "preset": described(preset)}
        info |= {"started_from": stage.begin.info} if stage.begin else {}
        model = Model(stage.codec, denoiser, stage.vocoder, tuple(source.stems), False, REFERENCE_RMS, info)
        run = PublishedRun(training, model, out, report)
        run.resume(saved)
        run.go()
    return out / "model"


def _begin(preset: PublishedPreset, source: Source, stage: FirstStage, seed: int) -> PublishedDenoiser:
    """A denoiser for the source's stems, new or with the weights of the model to begin with."""
    torch.manual_seed(seed)
    network = PublishedUNet(replace(preset.network, stems=len(source.stems)))
    if stage.begin is not None:
        _take_over(network, stage.begin, source)
    denoiser = network.denoiser(stage.codec)
    assert isinstance(denoiser, PublishedDenoiser)
    return denoiser


def _take_over(network: PublishedUNet, model: Model, source: Source) -> None:
    if model.stems != tuple(source.stems):
        raise ModelError(
            f"the model to start with has the stems {', '.join(model.stems)}, the data {', '.join(source.stems)}"
        )
    try:
        network.load_state_dict(model.denoiser.network.state_dict())
    except RuntimeError as error:
        raise ModelError(
            f"{model.name}, the model to start with, is of another size than the preset"
        ) from error
