"""A run of the denoiser's training: codec and network put together, exported as a model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from msgld.checkpoint import load_first_stage, load_model, save_model
from msgld.data.source import Source
from msgld.description import read_description
from msgld.diffusion.denoise import StemDenoiser, StemNetwork
from msgld.diffusion.noise import CosineSchedule
from msgld.dsp.codec import PatchCodec
from msgld.errors import ModelError, UsageError
from msgld.model import Model
from msgld.nets.transformer import StemTransformer
from msgld.training.beginning import Report, begun, wait_for
from msgld.training.codec import fit_codec
from msgld.training.denoiser import DenoiserTraining
from msgld.training.disk import Run, described
from msgld.training.energies import EnergyPool
from msgld.training.naming import model_name
from msgld.training.pool import PoolConfig
from msgld.training.presets import Preset
from msgld.training.record import of_preset


class DenoiserRun(Run):
    """A denoiser's training and its folder."""

    def __init__(self, training: DenoiserTraining, model: Model, out: Path, report: Report | None) -> None:
        super().__init__(training, training.preset, out, report)
        self.denoising = training
        self.model = model

    def state(self) -> dict[str, Any]:
        """The training's state, and the codec that it stands on."""
        training, codec = self.denoising.state_dict(), self.denoising.codec.state_dict()
        return {"training": training, "codec": codec, "clips": training["clips"]}

    def load(self, state: dict[str, Any]) -> None:
        """Inverse of :meth:`state`."""
        self.denoising.codec.load_state_dict(state["codec"])
        self.denoising.load_state_dict(state["training"])

    def export(self) -> None:
        """Write the model."""
        self.model.info["training"] = self.about()
        save_model(self.model, self.out / "model")

    def draw(self, path: Path) -> None:
        """Draw a crop and what one call makes of it."""
        from msgld.training.preview import draw_preview

        draw_preview(self.denoising, path)


def train_denoiser(
    preset: Preset,
    source: Source,
    out: Path,
    minutes: float | None = None,
    start: Path | None = None,
    device: torch.device | str = "cpu",
    seed: int = 0,
    report: Report | None = None,
    first_stage: Path | None = None,
) -> Path:
    """Train the codec's statistics and the denoiser; called again it goes on where it was.

    Args:
        preset: the recipe. source: clips.
        out: the run's folder: ``state.pt``, ``log.jsonl``, ``samples/`` and the model in ``model/``.
        minutes: length of the whole run; the preset's by default.
        start: a model's folder whose codec and weights the run begins with.
        report: called about every 20 steps.
        first_stage: folder with a codec that is used as it is, and perhaps a vocoder for it, which the model then has.

    Returns:
        The model's folder.

    Raises:
        DataError, ModelError, UsageError: see their messages.
    """
    refuse_both(start, first_stage)
    stage = _stage(first_stage or start)

    def pool_of(config: PoolConfig) -> EnergyPool:
        return EnergyPool(source, config, preset.codec.mel, preset.batch.remix, preset.network.styles)

    network = _network(preset, source, out, start, seed)
    minutes, about = minutes or preset.minutes, of_preset("denoiser", preset)
    with begun(out, pool_of, preset.pool, seed, source, about) as (pool, saved):
        fitted = saved or stage[0] is not None
        wait_for(pool, 2 * preset.batch.items if fitted else preset.codec_clips, report, minutes)
        codec = stage[0] or _codec(preset, pool, saved, seed)
        if not (start or saved):
            network.begin_with(codec.basis, codec.scale)
        denoiser = StemDenoiser(network, CosineSchedule())
        training = DenoiserTraining(preset, denoiser, codec, pool, minutes, torch.device(device), seed)
        info = {"name": model_name(out), "preset": described(preset)}
        info |= {"started_from": read_description(start)["info"]} if start else {}
        model = Model(codec, denoiser, stage[1], tuple(source.stems), info=info)
        run = DenoiserRun(training, model, out, report)
        run.resume(saved)
        run.go()
    return out / "model"


def _take_over(network: StemNetwork, start: Path) -> None:
    """Begin with a model's weights; what it lacks, such as conditions, stays as it is.

    Raises:
        ModelError: it is of another size.
    """
    old = load_model(start).denoiser.network
    try:
        missing, unknown = network.load_state_dict(old.state_dict(), strict=False)
    except RuntimeError as error:
        raise ModelError(f"{start} is of another size than the preset") from error
    if unknown or any(not name.startswith("conditions.") for name in missing):
        raise ModelError(f"{start} is of another size than the preset")


def refuse_both(start: Path | None, first_stage: Path | None) -> None:
    """Raise UsageError where a run would have two codecs to stand on."""
    if start and first_stage:
        raise UsageError("a model to start with brings its codec along: leave out --start or --first-stage")


def _network(preset: Preset, source: Source, out: Path, start: Path | None, seed: int) -> StemNetwork:
    """The network to train, with the weights of the model to start with, if there is one and the run is new.

    Raises:
        ModelError: that model has other stems, or is of another size.
    """
    torch.manual_seed(seed)
    network = StemTransformer(replace(preset.network, tracks=len(source.stems) + 1))
    if start:
        check_stems(start, source)
        if not (out / "state.pt").exists():
            _take_over(network, start)
    return network


def check_stems(start: Path, source: Source) -> None:
    """Raise ModelError if the model has other stems than the source."""
    stems = read_description(start).get("stems") or []
    if list(stems) != list(source.stems):
        raise ModelError(
            f"{start}, the model to start with, has the stems {', '.join(stems)}, the data {', '.join(source.stems)}"
        )


def _codec(preset: Preset, pool: EnergyPool, saved: dict[str, Any] | None, seed: int) -> PatchCodec:
    """A codec fitted to the pool, or a blank one for what was saved."""
    if saved:
        return PatchCodec(preset.codec)
    return fit_codec(pool, preset.codec, preset.stage(0.0), preset.codec_clips, seed)


def _stage(folder: Path | None) -> tuple[PatchCodec | None, Any]:
    """The codec and the vocoder of a folder, None for what there is not.

    Raises:
        ModelError: the codec is the published design's.
    """
    if folder is None:
        return None, None
    codec, vocoder = load_first_stage(folder)
    if not isinstance(codec, PatchCodec):
        raise ModelError(
            f"{folder} is of the published design: name a preset of that, such as --preset paper"
        )
    return codec, vocoder
