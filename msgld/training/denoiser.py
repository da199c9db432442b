"""The training loop of the denoiser: a generator of steps. Saving, logging and stopping are the caller's."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import torch
from torch import Tensor

from msgld.checkpoint import bf16_is_fast
from msgld.diffusion.denoise import StemDenoiser, v_loss
from msgld.diffusion.noise import mix
from msgld.sound.codec import PatchCodec
from msgld.training.batch import Batch, Crops, build_batch, draw_crops, share_loss
from msgld.training.levels import LevelMap, draw_levels
from msgld.training.optim import Average, build_optimisers, rate_factor, set_rate
from msgld.training.pool import ClipPool
from msgld.training.presets import Preset
from msgld.training.timed import TimedTraining


class DenoiserTraining(TimedTraining):
    """A run: the network, its average, the optimisers and the clock."""

    def __init__(
        self,
        preset: Preset,
        denoiser: StemDenoiser,
        codec: PatchCodec,
        pool: ClipPool,
        minutes: float,
        device: torch.device,
        seed: int = 0,
    ) -> None:
        self.preset = preset
        self.denoiser = denoiser.to(device)
        self.codec = codec.to(device)
        self.pool = pool
        self.budget = minutes * 60
        self.device = device
        self.average = Average(self.denoiser, preset.optim.ema)
        self.optimisers = build_optimisers(self.denoiser, preset.optim)
        self.rng = np.random.default_rng(seed)
        self.half = bf16_is_fast(device)

    def next_batch(self) -> tuple[Batch, LevelMap]:
        """Draw crops and levels."""
        if not self.pool.config.workers:
            self.pool.fill()
        config = self.preset.stage(self.progress)
        crops = draw_crops(self.pool, config, config.frames * self.codec.frame_samples, self.rng)
        moved = Crops(*(part.to(self.device) for part in (crops.audio, crops.present, crops.remixed)))
        with torch.no_grad():
            batch = build_batch(moved, self.codec, config, self.rng)
        frames = batch.z.shape[-1]
        return batch, draw_levels(batch.presence, batch.remixed, frames, self.preset.levels, self.rng)

    def step(self) -> dict[str, float]:
        """One batch, one update of the weights and of their average."""
        config = self.preset.optim
        batch, drawn = self.next_batch()
        losses = self.losses(batch, drawn)
        total = losses["v"] + self.preset.share_weight * losses["share"]
        set_rate(self.optimisers, config.rate * rate_factor(self.number, self.progress, config))
        for optimiser in self.optimisers:
            optimiser.zero_grad(set_to_none=True)
        total.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.denoiser.parameters(), config.clip)
        for optimiser in self.optimisers:
            optimiser.step()
        self.average.update(self.denoiser)
        return {**{k: float(v.detach()) for k, v in losses.items()}, "norm": float(norm)}

    def losses(self, batch: Batch, drawn: LevelMap) -> dict[str, Tensor]:
        """The error of v over what is unknown, and of the shares where the mixture is known."""
        generator = torch.Generator().manual_seed(int(self.rng.integers(2**62)))
        noise = torch.randn(batch.z.shape, generator=generator).to(self.device)
        x = mix(batch.z, noise, drawn.levels, self.denoiser.schedule)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            estimate = self.denoiser(x, drawn.levels, drawn.presence)
        error = v_loss(
            estimate.z, batch.z, drawn.levels, drawn.counted, self.codec.weights, self.denoiser.schedule
        )
        mixture_known = drawn.presence[:, -1:] & (drawn.levels[:, -1:].amax(2) == 0)
        assert estimate.shares is not None
        shares = share_loss(estimate.shares, batch, drawn.counted[:, :-1].any(2) & mixture_known)
        return {"v": error, "share": shares}

    def state_dict(self) -> dict[str, Any]:
        """All that a resumed run needs, the pool's place in the data included."""
        return {
            "denoiser": self.denoiser.state_dict(),
            "average": self.average.state_dict(),
            "optimisers": [optimiser.state_dict() for optimiser in self.optimisers],
            "number": self.number,
            "elapsed": self.elapsed,
            "rng": json.dumps(self.rng.bit_generator.state),
            "clips": self.pool.config.seed + self.pool.written,
            "drawn": int(self.pool.drawn),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Inverse of :meth:`state_dict`, but for the pool, which is made anew (see ``run``)."""
        self.denoiser.load_state_dict(state["denoiser"])
        self.average.load_state_dict(state["average"])
        for optimiser, saved in zip(self.optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(saved)
        self.number, self.elapsed = state["number"], state["elapsed"]
        self.rng.bit_generator.state = json.loads(state["rng"])
