"""The training loop of the denoiser: a generator of steps. Saving, logging and stopping are the caller's."""

from __future__ import annotations

import torch
from torch import Tensor

from msgld.diffusion.denoise import StemDenoiser, v_loss
from msgld.diffusion.noise import mix
from msgld.diffusion.noise_map import Conditioning
from msgld.dsp.codec import PatchCodec
from msgld.runtime import bf16_is_fast
from msgld.training.batch import Batch, build_batch, mask_loss
from msgld.training.conditions import drawn_conditions
from msgld.training.energies import EnergyPool
from msgld.training.levels import LevelMap, draw_levels
from msgld.training.network import NetworkTraining, plain
from msgld.training.presets import Preset


class DenoiserTraining(NetworkTraining[EnergyPool]):
    """A run: the network, its average, the optimisers and the clock."""

    def __init__(self, preset: Preset, denoiser: StemDenoiser, codec: PatchCodec, pool: EnergyPool, minutes: float,
                 device: torch.device, seed: int = 0) -> None:  # fmt: skip
        super().__init__("denoiser", denoiser, preset.optim, pool, minutes, device, seed)
        self.preset = preset
        self.denoiser = denoiser
        self.codec = codec.to(device)
        self.half = bf16_is_fast(device)
        if device.type == "cuda":
            denoiser.network.fuse()

    def next_batch(self) -> tuple[Batch, LevelMap]:
        """Draw crops and levels."""
        config = self.preset.stage(self.progress)
        with torch.no_grad():
            crops = self.pool.draw(config.items, config.frames * self.codec.frame_columns, self.rng)
            batch = build_batch(crops, self.codec, config, self.rng)
        frames = batch.z.shape[-1]
        return batch, self.draw(batch, frames)

    def draw(self, batch: Batch, frames: int) -> LevelMap:
        """Tasks for a batch."""
        levels, present = self.preset.levels, batch.presence
        return draw_levels(present, batch.sounding, batch.remixed, frames, levels, self.rng)

    def step(self) -> dict[str, float]:
        """One batch, one update of the weights and of their average."""
        batch, drawn = self.next_batch()
        losses = self.losses(batch, drawn)
        norm = self.descend(losses["v"] + self.preset.mask_weight * losses["mask"])
        return {**plain(losses), "norm": norm}

    def conditioning(self, batch: Batch, drawn: LevelMap) -> Conditioning | None:
        """What a network that takes conditions is told."""
        network = self.preset.network
        if not network.frame_features:
            return None
        return drawn_conditions(batch, drawn.presence, len(network.styles), self.preset.conditions, self.rng)

    def losses(self, batch: Batch, drawn: LevelMap) -> dict[str, Tensor]:
        """The error of v over what is unknown, and of the masks where the mixture is known."""
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
