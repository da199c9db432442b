"""The training loop of the autoencoder that the published design stands on, without its adversary."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import torch
from einops import rearrange
from torch import Tensor, nn

from msgld.paper.autoencoder import KLCodec
from msgld.paper.presets import CodecPreset
from msgld.runtime import bf16_is_fast
from msgld.training.batch import mix_mels
from msgld.training.clips import ClipPool, Crops, draw_crops
from msgld.training.network import NetworkTraining, plain


def build_codec(preset: CodecPreset, seed: int = 0) -> KLCodec:
    """An untrained autoencoder, its weights drawn by ``seed``, whose answer is about as loud as music.

    Raises:
        ImportError: diffusers is not installed.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        codec = KLCodec(preset.network)
    nn.init.constant_(codec.network.decoder.conv_out.bias, math.log(1e-2))
    return codec


class CodecTraining(NetworkTraining[ClipPool]):
    """A run: the autoencoder, its average, the optimiser and the clock."""

    def __init__(self, preset: CodecPreset, codec: KLCodec, pool: ClipPool, minutes: float,
                 device: torch.device, seed: int = 0) -> None:  # fmt: skip
        super().__init__("codec", codec, preset.optim, pool, minutes, device, seed)
        self.preset = preset
        self.codec = codec
        self.half = preset.half and bf16_is_fast(device)

    def next_mels(self) -> Tensor:
        """Log-mels (B, M, N) of the stems that the data have, and of the mixtures."""
        config = self.preset.stage(self.progress)
        crops = draw_crops(self.pool, config.items, config.frames * self.codec.frame_samples, self.rng)
        mels = mix_mels(crops, self.codec.mel, config, self.rng)
        return torch.cat([mels[:, :-1][crops.present], mels[:, -1]])

    def step(self) -> dict[str, float]:
        """One batch, one update of the weights and of their average."""
        losses = self.losses(self.next_mels())
        norm = self.descend(losses["l1"] + self.preset.kl_weight * losses["kl"])
        return {**plain(losses), "norm": norm}

    def losses(self, mels: Tensor) -> dict[str, Tensor]:
        """Mean absolute error of log-mels (B, M, N) in nepers, and the mean KL divergence of a latent value.

        The codec's scale is 1 while it is trained.
        """
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            mean, log_variance = (part.float() for part in self.codec.moments(mels))
            noise = torch.randn(mean.shape, generator=self.generator(), device=self.device)
            drawn = mean + torch.exp(0.5 * log_variance) * noise
            made = self.codec.decode(rearrange(drawn, "b c t f -> b (c f) t")).float()
        # Kingma and Welling 2014, appendix B.
        kl = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).mean()
        return {"l1": (made - mels).abs().mean(), "kl": kl}

    @torch.no_grad()
    def measure_scale(self) -> dict[str, float]:
        """One over the standard deviation of the stems' latents, drawn from their posteriors as in use.

        Published is the value of a single batch, which is chance; here it is that of many, and the smallest and
        largest of a single one are told beside it.
        """
        moments = torch.stack([_moments(stems) for stems in self._some_latents()])
        whole = _deviation(moments.sum(0))
        single = [float(_deviation(batch)) for batch in moments]
        return {"scale": 1 / float(whole), "scale_least": 1 / max(single), "scale_most": 1 / min(single)}

    def _some_latents(self) -> Iterator[Tensor]:
        """Unscaled latents of the stems of many batches, the same places of the pool each time, (S, C, T)."""
        config = replace(self.preset.stage(1.0), items=self.preset.scale_items)
        rng, generator = np.random.default_rng(1), torch.Generator(self.device).manual_seed(1)
        for _ in range(self.preset.scale_batches):
            crops = draw_crops(self.pool, config.items, config.frames * self.codec.frame_samples, rng)
            moved = Crops(crops.audio.to(self.device), crops.present.to(self.device))
            stems = mix_mels(moved, self.codec.mel, config, rng)[:, :-1][moved.present]
            yield (
                torch.cat([self.codec.encode(some, generator) for some in stems.split(4)]) / self.codec.scale
            )


def _moments(z: Tensor) -> Tensor:
    """Number, sum and sum of squares, float64 (3,)."""
    wide = z.double()
    return torch.stack([wide.new_tensor(wide.numel()), wide.sum(), wide.square().sum()])


def _deviation(moments: Tensor) -> Tensor:
    """Standard deviation by :func:`_moments` or a sum of such."""
    number, total, squares = moments
    return (squares / number - (total / number).square()).clamp_min(1e-12).sqrt()
