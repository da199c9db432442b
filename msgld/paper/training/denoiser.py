"""The published denoiser as a part that is trained: the noise of all stems, predicted at one timestep an item."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from msgld.checkpoint import load_first_stage, load_model, save_model
from msgld.data.source import Source
from msgld.diffusion.noise import mix
from msgld.diffusion.noise_map import NoiseMap
from msgld.diffusion.run import run
from msgld.diffusion.sample import last_state
from msgld.diffusion.sampling import Sampling
from msgld.errors import ModelError, UsageError
from msgld.model import REFERENCE_RMS, Model
from msgld.paper.autoencoder import KLCodec
from msgld.paper.denoiser import PublishedDenoiser
from msgld.paper.training.recipes import PUBLISHED, PublishedRecipe, PublishedSettings
from msgld.paper.unet3d import PublishedUNet
from msgld.runtime import bf16_is_fast
from msgld.tasks import noise_maps as maps
from msgld.training.folder import MODEL, model_name
from msgld.training.mixing import mix_mels
from msgld.training.part import Part, check_stems
from msgld.training.pictures import draw_mels
from msgld.training.pool.clips import ClipPool, Crops, draw_crops
from msgld.training.recipe import PoolConfig
from msgld.training.trainer import Trainer


class PublishedTrainer(Trainer[ClipPool]):
    """Trains a model's denoiser; its codec stays as it is."""

    codec: KLCodec
    denoiser: PublishedDenoiser

    def __init__(self, recipe: PublishedRecipe, model: Model, pool: ClipPool, minutes: float,
                 device: torch.device, seed: int = 0) -> None:  # fmt: skip
        super().__init__("denoiser", model.denoiser, recipe, pool, minutes, device, seed)
        self.recipe, self.model, self.weights = recipe, model, {"noise": 1.0}
        assert isinstance(model.codec, KLCodec) and isinstance(model.denoiser, PublishedDenoiser)
        self.denoiser = model.denoiser
        self.codec = model.codec.to(device).eval().requires_grad_(False)
        self.half = recipe.settings.half and bf16_is_fast(device)

    def next_batch(self) -> tuple[Tensor, Tensor]:
        """Latents of stems and mixture (B, K, C, T), and which stems the data have, bool (B, K - 1)."""
        stage, config = self.recipe.stage(self.progress), self.recipe.settings.mix
        crops = draw_crops(self.pool, stage.items, stage.frames * self.codec.frame_samples, self.rng)
        parts = zip(crops.audio.split(1), crops.present.split(1), strict=True)
        generator = self.generator()
        with torch.no_grad():
            mels = [mix_mels(Crops(*part), self.codec.mel, config, self.rng) for part in parts]
            z = torch.cat([self.codec.encode(mel, generator) for mel in mels])
        return z, crops.present

    def draw_levels(self, items: int) -> tuple[Tensor, Tensor]:
        """Levels (items,) of evenly drawn timesteps, and whether each mixture is seen, bool (items,)."""
        timesteps = torch.from_numpy(self.rng.integers(0, self.denoiser.schedule.timesteps, items))
        seen = torch.from_numpy(self.rng.random(items) >= self.recipe.settings.dropout)
        levels = (timesteps.float() + 1) / self.denoiser.schedule.timesteps
        return levels.to(self.device), seen.to(self.device)

    def losses(self, z: Tensor, present: Tensor) -> dict[str, Tensor]:
        """Mean squared error of the noise of the stems that the data have (Ho et al. 2020, eq. 14)."""
        levels, seen = self.draw_levels(len(z))
        noise = torch.randn(z[:, :-1].shape, generator=self.generator(), device=self.device)
        per_track = levels.view(-1, 1, 1).expand(-1, z.shape[1] - 1, z.shape[3])
        noisy = mix(z[:, :-1], noise, per_track, self.denoiser.schedule)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            predicted = self.denoiser.noise(torch.cat([noisy, z[:, -1:]], 1), levels, seen)
        error = (predicted - noise).square().mean((2, 3))
        return {"noise": torch.where(present, error, 0.0).sum() / present.sum().clamp_min(1)}

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs, and the codec, to tell another first stage."""
        return {**super().state_dict(), "codec": self.codec.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Inverse of :meth:`state_dict`; ValueError if the first stage is another one."""
        codec = self.codec.state_dict()
        if any(not torch.equal(codec[name].cpu(), value) for name, value in state["codec"].items()):
            raise ValueError("another first stage")
        super().load_state_dict(state)

    def export(self, out: Path, about: dict[str, Any]) -> dict[str, float]:
        """Write the whole model."""
        self.model.info["training"] = about
        save_model(self.model, out / MODEL)
        return {}

    @torch.inference_mode()
    def draw(self, path: Path) -> None:
        """Draw a crop, and the results of separating it and of arranging for its first two stems."""
        with self.aside():
            z = self.next_batch()[0][:1]
        tracks, frames = z.shape[1], z.shape[3]
        tasks = {
            "separated": maps.separate(tracks, frames),
            "arranged to the first two": maps.arrange(tracks, frames, {0: 0.0, 1: 0.0}),
        }
        latents = {"true": z} | {name: self._result(z, task) for name, task in tasks.items()}
        mels = {name: self.codec.decode(z[0]) for name, z in latents.items()}
        draw_mels([*self.pool.source.stems, "mixture"], mels, path, self.codec.mel)

    def _result(self, z: Tensor, task: NoiseMap) -> Tensor:
        """Latents (1, K, C, T) of a task, in few steps."""
        sampling = Sampling(steps=self.recipe.settings.sample_steps)
        return last_state(run(self.denoiser, z, task, sampling)).x


class PublishedPart(Part[PublishedRecipe, ClipPool]):
    """Trains the published denoiser on a first stage, which stays as it is.

    The first stage is ``first_stage``, else that of ``start``, else that of the run itself.
    """

    name = "denoiser"
    recipes = PUBLISHED
    settings = PublishedSettings

    def prepare(self) -> None:
        """Read the first stage."""
        own = self.out / MODEL
        folder = self.first_stage or self.start or (own if (own / "model.json").exists() else None)
        if folder is None:
            raise UsageError(
                "the published design learns on an autoencoder that is there already: name its folder with "
                "--first-stage (msgld convert or msgld train --part codec makes one)"
            )
        self.codec, self.vocoder = load_first_stage(folder)
        if not isinstance(self.codec, KLCodec):
            raise ModelError(f"the codec in {folder} is no autoencoder: name a folder that msgld convert or "
                             "msgld train --part codec has made")  # fmt: skip
        if self.codec.mel != self.recipe.settings.mel:
            raise ModelError(f"the first stage in {folder} has other log-mels ({self.codec.mel}) than the recipe "
                             f"{self.recipe.name}: choose another of them")  # fmt: skip

    def begin(self, source: Source) -> None:
        """Build the denoiser, with the weights of the model to start with, if there is one."""
        torch.manual_seed(self.seed)
        network = PublishedUNet(replace(self.recipe.network, stems=len(source.stems)))
        if self.start:
            start = load_model(self.start, half=False)
            check_stems(self.start, start.stems, source)
            try:
                network.load_state_dict(start.denoiser.network.state_dict())
            except RuntimeError as error:
                raise ModelError(f"{self.start} is of another size than the recipe") from error
        self.denoiser = network.denoiser(self.codec)

    def pool(self, source: Source, config: PoolConfig) -> ClipPool:
        """A pool of waveforms."""
        return ClipPool(source, config, self.recipe.settings.mel.rate)

    def trainer(self, pool: ClipPool, minutes: float, resumed: bool) -> PublishedTrainer:
        """A trainer of the whole model."""
        info, stems = {"name": model_name(self.out), **self.info()}, tuple(pool.source.stems)
        model = Model(self.codec, self.denoiser, self.vocoder, stems, False, REFERENCE_RMS, info)
        return PublishedTrainer(self.recipe, model, pool, minutes, self.device, self.seed)
