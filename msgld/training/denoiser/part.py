"""The denoiser as a part that is trained, and its trainer."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from msgld.aliases import current_weights
from msgld.checkpoint import load_first_stage, load_model, save_model
from msgld.data.source import Source
from msgld.diffusion.denoise import StemDenoiser
from msgld.diffusion.noise import mix
from msgld.diffusion.noise_map import Conditioning
from msgld.dsp.codec import PatchCodec
from msgld.errors import ModelError, UsageError
from msgld.model import Model
from msgld.nets.transformer import StemTransformer
from msgld.runtime import bf16_is_fast
from msgld.tasks.noise_maps import arrange, separate
from msgld.training.denoiser.batch import Batch, build_batch, drawn_conditions, fit_codec
from msgld.training.denoiser.levels import LevelMap, draw_levels
from msgld.training.denoiser.loss import mask_loss, v_loss
from msgld.training.denoiser.recipes import RECIPES, DenoiserRecipe, DenoiserSettings
from msgld.training.folder import MODEL, STATE, model_name
from msgld.training.mixing import MixConfig
from msgld.training.more_stems import grown, with_more_stems
from msgld.training.part import Part, check_stems
from msgld.training.pictures import draw_mels
from msgld.training.pool.energies import Energies, EnergyPool
from msgld.training.recipe import PoolConfig
from msgld.training.trainer import Trainer


class DenoiserTrainer(Trainer[EnergyPool]):
    """Trains a model's denoiser; its codec stays as it is."""

    codec: PatchCodec
    denoiser: StemDenoiser

    def __init__(self, recipe: DenoiserRecipe, model: Model, pool: EnergyPool, minutes: float,
                 device: torch.device, seed: int = 0) -> None:  # fmt: skip
        super().__init__("denoiser", model.denoiser, recipe, pool, minutes, device, seed)
        self.model = model
        assert isinstance(model.codec, PatchCodec) and isinstance(model.denoiser, StemDenoiser)
        self.denoiser = model.denoiser
        self.codec = model.codec.to(device)
        self.weights = {"v": 1.0, "mask": recipe.settings.mask_weight}
        self.half = bf16_is_fast(device)
        if device.type == "cuda":
            self.denoiser.network.fuse()

    def next_batch(self) -> tuple[Batch, LevelMap]:
        """Draw crops and noise levels."""
        stage, settings = self.recipe.stage(self.progress), self.recipe.settings
        with torch.no_grad():
            crops = self.pool.draw(stage.items, stage.frames * self.codec.frame_columns, self.rng)
            batch = build_batch(crops, self.codec, settings.mix, self.rng)
        frames, known = batch.z.shape[-1], (batch.presence, batch.sounding, batch.remixed)
        return batch, draw_levels(*known, frames, settings.levels, self.rng)

    def conditioning(self, batch: Batch, drawn: LevelMap) -> Conditioning | None:
        """Conditioning of a batch; None for a network without any."""
        network = self.recipe.network
        if not network.frame_features:
            return None
        config = self.recipe.settings.conditions
        return drawn_conditions(batch, drawn.presence, len(network.styles), config, self.rng)

    def losses(self, batch: Batch, drawn: LevelMap) -> dict[str, Tensor]:
        """The error of v in the unknown frames, and of the masks where the mixture is known."""
        noise = torch.randn(batch.z.shape, generator=self.generator(), device=self.device)
        x = mix(batch.z, noise, drawn.levels, self.denoiser.schedule)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            estimate = self.denoiser(x, drawn.levels, drawn.presence, self.conditioning(batch, drawn))
        error = v_loss(
            estimate.z, batch.z, drawn.levels, drawn.counted, self.codec.weights, self.denoiser.schedule
        )
        mixture_known = drawn.presence[:, -1:] & (drawn.levels[:, -1:].amax(2) == 0)
        assert estimate.masks is not None
        masks = mask_loss(estimate.masks, batch, drawn.counted[:, :-1].any(2) & mixture_known)
        return {"v": error, "mask": masks}

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs, the codec included."""
        return {**super().state_dict(), "codec": self.codec.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Inverse of :meth:`state_dict`; also takes names of weights of version 0.1."""
        self.codec.load_state_dict(state["codec"])
        bare = {name.removeprefix("network."): value for name, value in state["denoiser"].items()}
        named = current_weights(self.denoiser.network, bare)
        super().load_state_dict({**state, "denoiser": {f"network.{name}": v for name, v in named.items()}})

    def export(self, out: Path, about: dict[str, Any]) -> dict[str, float]:
        """Write the whole model."""
        self.model.info["training"] = about
        save_model(self.model, out / MODEL)
        return {}

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """Draw the log-mels of one crop's stems, and those that one call makes of it in two tasks."""
        length = self.recipe.stage(1.0).frames * self.codec.frame_columns
        rng = np.random.default_rng(1)
        drawn = self.pool.draw(16, length, rng)
        item = int(drawn.remixed.int().argmin())  # one whose stems belong together, if there is one
        one = Energies(*(getattr(drawn, part.name)[item : item + 1] for part in fields(drawn)))
        z = build_batch(one, self.codec, MixConfig(), rng).z
        tracks, frames = z.shape[1], z.shape[3]
        tasks = {
            "separated": separate(tracks, frames),
            "arranged to the first two": arrange(tracks, frames, {0: 0.0, 1: 0.0}),
        }
        latents = {"true": z[0]}
        for name, task in tasks.items():
            levels, presence = task.levels.to(z.device), task.presence.to(z.device)
            x = torch.where(levels.unsqueeze(2) == 0, z, torch.zeros_like(z))
            # A compiled network would be compiled anew for one crop.
            with (
                torch.compiler.set_stance("force_eager"),
                torch.autocast(self.device.type, torch.bfloat16, enabled=self.half),
            ):
                latents[name] = self.denoiser(x, levels, presence).z[0]
        mels = {name: self.codec.decode(latent) for name, latent in latents.items()}
        draw_mels([*self.pool.source.stems, "mixture"], mels, path, self.codec.mel)


class DenoiserPart(Part[DenoiserRecipe, EnergyPool]):
    """Fits a codec and trains the denoiser; or trains on that of a model, whose other parts come along.

    Attributes:
        started: the model to start with, or None.
        first: codec and vocoder of the first stage; both None without one.
    """

    name = "denoiser"
    recipes = RECIPES
    settings = DenoiserSettings
    grows = True
    started: Model | None = None
    first: tuple[PatchCodec | None, Any] = (None, None)

    def prepare(self) -> None:
        """Read the model, or the codec and the vocoder, that come along, if any."""
        if self.start and self.first_stage:
            raise UsageError(
                "a model to start with brings its codec along: leave out --start or --first-stage"
            )
        folder, codec = self.start or self.first_stage, None
        if self.start:
            self.started = load_model(self.start, self.device)
            codec = self.started.codec
        elif self.first_stage:
            self.first = load_first_stage(self.first_stage)
            codec = self.first[0]
        if folder and not isinstance(codec, PatchCodec):
            raise ModelError(
                f"{folder} is of the published design: name a recipe of that, such as --recipe paper"
            )

    def begin(self, source: Source) -> None:
        """Build the network; a new run takes over the weights of the model to start with."""
        torch.manual_seed(self.seed)
        self.network = StemTransformer(replace(self.recipe.network, tracks=len(source.stems) + 1))
        if self.started is not None:
            check_stems(self.start, self.started.stems, source, more=True)
            if not (self.out / STATE).exists():
                weights = self.started.denoiser.network.state_dict()
                self._take_over(with_more_stems(weights, self.started.stems, source.stems))

    def _take_over(self, weights: dict[str, torch.Tensor]) -> None:
        """Begin with a model's weights; conditions that it lacks stay as they are."""
        try:
            missing, unknown = self.network.load_state_dict(weights, strict=False)
        except RuntimeError:
            missing, unknown = [], ["another size"]
        if unknown or any(not name.startswith("conditioning.") for name in missing):
            raise ModelError(f"{self.start} is of another size than the recipe")

    def pool(self, source: Source, config: PoolConfig) -> EnergyPool:
        """A pool of energies, some of them remixed."""
        settings, styles = self.recipe.settings, self.recipe.network.styles
        return EnergyPool(source, config, settings.codec.mel, settings.mix.remix, styles)

    @property
    def codec(self) -> PatchCodec | None:
        """The codec that comes along."""
        codec = self.first[0] if self.started is None else self.started.codec
        assert codec is None or isinstance(codec, PatchCodec)
        return codec

    def first_clips(self, resumed: bool) -> int:
        """More of them if a codec is to be fitted."""
        fitted = resumed or self.codec is not None
        return self.recipe.first_clips if fitted else self.recipe.settings.codec_clips

    def trainer(self, pool: EnergyPool, minutes: float, resumed: bool) -> DenoiserTrainer:
        """A trainer of the whole model."""
        if self.started is None:
            model = Model(
                self._fitted(pool, resumed), StemDenoiser(self.network), self.first[1], pool.source.stems
            )
        else:
            model = self._grown(self.started, pool.source.stems)
        model.info = {"name": model_name(self.out), **self.info()}
        return DenoiserTrainer(self.recipe, model, pool, minutes, self.device, self.seed)

    def _fitted(self, pool: EnergyPool, resumed: bool) -> PatchCodec:
        """The codec of the first stage, or one that is fitted or about to be resumed."""
        settings, codec = self.recipe.settings, self.codec
        if codec is None and resumed:
            codec = PatchCodec(settings.codec)
        if codec is None:
            frames = self.recipe.stage(0.0).frames
            codec = fit_codec(pool, settings.codec, settings.mix, frames, settings.codec_clips, self.seed)
        if not resumed:
            self.network.begin_with(codec.basis, codec.scale)
        return codec

    def _grown(self, model: Model, stems: tuple[str, ...]) -> Model:
        """The model to start with, its denoiser this one, its refiner for the same stems."""
        if model.refiner is not None and stems != model.stems:
            model.refiner = grown(model.refiner, model.stems, stems, model.refiner.config.turned)
        return replace(model, denoiser=StemDenoiser(self.network), stems=stems)
