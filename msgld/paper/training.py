"""The training loop of the published design: the noise of all stems, predicted at one timestep an item."""

from __future__ import annotations

import torch
from torch import Tensor

from msgld.diffusion.noise import mix
from msgld.paper.autoencoder import KLCodec
from msgld.paper.denoiser import PublishedDenoiser
from msgld.paper.presets import PublishedPreset
from msgld.runtime import bf16_is_fast
from msgld.training.batch import mix_mels
from msgld.training.clips import ClipPool, Crops, draw_crops
from msgld.training.network import NetworkTraining, plain


class PublishedTraining(NetworkTraining[ClipPool]):
    """A run: the denoiser, its average, the optimiser and the clock. The codec is not trained."""

    def __init__(self, preset: PublishedPreset, denoiser: PublishedDenoiser, codec: KLCodec, pool: ClipPool,
                 minutes: float, device: torch.device, seed: int = 0) -> None:  # fmt: skip
        super().__init__("denoiser", denoiser, preset.optim, pool, minutes, device, seed)
        self.preset = preset
        self.denoiser = denoiser
        self.codec = codec.to(device).eval().requires_grad_(False)
        self.half = preset.half and bf16_is_fast(device)

    def next_batch(self) -> tuple[Tensor, Tensor]:
        """Latents of stems and mixture (B, K, C, T), and which stems the data have, bool (B, K - 1)."""
        config = self.preset.stage(self.progress)
        crops = draw_crops(self.pool, config.items, config.frames * self.codec.frame_samples, self.rng)
        parts = zip(crops.audio.split(1), crops.present.split(1), strict=True)
        generator = self.generator()
        with torch.no_grad():
            mels = [mix_mels(Crops(*part), self.codec.mel, config, self.rng) for part in parts]
            z = torch.cat([self.codec.encode(mel, generator) for mel in mels])
        return z, crops.present

    def draw(self, items: int) -> tuple[Tensor, Tensor]:
        """Levels (items,) of timesteps that are all as likely, and whether each mixture is seen, bool (items,)."""
        timesteps = torch.from_numpy(self.rng.integers(0, self.denoiser.schedule.timesteps, items))
        seen = torch.from_numpy(self.rng.random(items) >= self.preset.dropout)
        levels = (timesteps.float() + 1) / self.denoiser.schedule.timesteps
        return levels.to(self.device), seen.to(self.device)

    def step(self) -> dict[str, float]:
        """One batch, one update of the weights and of their average."""
        losses = self.losses(*self.next_batch())
        return {**plain(losses), "norm": self.descend(losses["noise"])}

    def losses(self, z: Tensor, present: Tensor) -> dict[str, Tensor]:
        """Mean squared error of the noise of the stems that the data have (Ho et al. 2020, eq. 14)."""
        levels, seen = self.draw(len(z))
        noise = torch.randn(z[:, :-1].shape, generator=self.generator(), device=self.device)
        per_track = levels.view(-1, 1, 1).expand(-1, z.shape[1] - 1, z.shape[3])
        noisy = mix(z[:, :-1], noise, per_track, self.denoiser.schedule)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            said = self.denoiser.noise(torch.cat([noisy, z[:, -1:]], 1), levels, seen)
        error = (said - noise).square().mean((2, 3))
        return {"noise": torch.where(present, error, 0.0).sum() / present.sum().clamp_min(1)}
