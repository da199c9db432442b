"""The autoencoder of the published design as a part that is trained, without its adversary."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from einops import rearrange
from torch import Tensor, nn

from msgld.checkpoint import save_parts
from msgld.data.source import Source
from msgld.errors import UsageError
from msgld.model import REFERENCE_RMS
from msgld.paper.autoencoder import KLCodec
from msgld.paper.training.recipes import CODECS, CodecRecipe, CodecSettings
from msgld.runtime import bf16_is_fast
from msgld.training.folder import MODEL, model_name
from msgld.training.mixing import mix_mels
from msgld.training.part import Part
from msgld.training.pictures import draw_mels
from msgld.training.pool.clips import ClipPool, Crops, draw_crops
from msgld.training.recipe import PoolConfig
from msgld.training.trainer import Trainer


def build_codec(recipe: CodecRecipe, seed: int = 0) -> KLCodec:
    """An untrained autoencoder, its weights drawn by ``seed``, whose answer is about as loud as music.

    Raises:
        ImportError: diffusers is not installed.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        codec = KLCodec(recipe.network)
    nn.init.constant_(codec.network.decoder.conv_out.bias, math.log(1e-2))
    return codec


class CodecTrainer(Trainer[ClipPool]):
    """Trains an autoencoder."""

    def __init__(self, recipe: CodecRecipe, codec: KLCodec, pool: ClipPool, minutes: float,
                 device: torch.device, seed: int = 0) -> None:  # fmt: skip
        super().__init__("codec", codec, recipe, pool, minutes, device, seed)
        self.recipe, self.codec = recipe, codec
        self.weights = {"l1": 1.0, "kl": recipe.settings.kl_weight}
        self.half = recipe.settings.half and bf16_is_fast(device)

    def next_batch(self) -> tuple[Tensor]:
        """Log-mels (B, M, N) of the stems that the data have, and of the mixtures."""
        stage = self.recipe.stage(self.progress)
        crops = draw_crops(self.pool, stage.items, stage.frames * self.codec.frame_samples, self.rng)
        mels = mix_mels(crops, self.codec.mel, self.recipe.settings.mix, self.rng)
        return (torch.cat([mels[:, :-1][crops.present], mels[:, -1]]),)

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

        The published value is that of a single batch, which is chance; this one is that of many, with the smallest
        and the largest of a single one.
        """
        moments = torch.stack([_moments(stems) for stems in self._some_latents()])
        whole = _deviation(moments.sum(0))
        single = [float(_deviation(batch)) for batch in moments]
        return {"scale": 1 / float(whole), "scale_least": 1 / max(single), "scale_most": 1 / min(single)}

    def _some_latents(self) -> Iterator[Tensor]:
        """Unscaled latents of the stems of many batches, the same places of the pool each time, (S, C, T)."""
        stage, settings = self.recipe.stage(1.0), self.recipe.settings
        samples = stage.frames * self.codec.frame_samples
        rng, generator = np.random.default_rng(1), torch.Generator(self.device).manual_seed(1)
        for _ in range(settings.scale_batches):
            crops = draw_crops(self.pool, settings.scale_items, samples, rng)
            moved = Crops(crops.audio.to(self.device), crops.present.to(self.device))
            stems = mix_mels(moved, self.codec.mel, settings.mix, rng)[:, :-1][moved.present]
            latents = torch.cat([self.codec.encode(some, generator) for some in stems.split(4)])
            yield latents / self.codec.scale

    def export(self, out: Path, about: dict[str, Any]) -> dict[str, float]:
        """Measure the latents' scale and write the first stage, with no vocoder yet; the scale, for the log."""
        measured = self.measure_scale()
        info = {"name": model_name(out), "recipe": self.recipe.described(), "training": about, **measured}
        stage = {"stems": self.pool.source.stems, "level": REFERENCE_RMS, "info": info}
        self.codec.scale.fill_(measured["scale"])
        save_parts({"codec": self.codec}, out / MODEL, stage, torch.float16)
        self.codec.scale.fill_(1.0)  # the scale in training
        return measured

    @torch.no_grad()
    def draw(self, path: Path) -> None:
        """Draw log-mels and their reconstruction."""
        with self.aside():
            mels = self.next_batch()[0][:4]
        made = self.codec.decode(self.codec.encode(mels))
        names = [str(number) for number in range(len(mels))]
        draw_mels(names, {"true": mels, "given back": made}, path, self.codec.mel)


class CodecPart(Part[CodecRecipe, ClipPool]):
    """Trains an autoencoder on the log-mels of stems and mixtures; the result is a first stage."""

    name = "codec"
    recipes = CODECS
    settings = CodecSettings

    def prepare(self) -> None:
        """Refuse a model to begin with."""
        if self.start or self.first_stage:
            raise UsageError("an autoencoder begins from nothing: leave out --start and --first-stage")

    def begin(self, source: Source) -> None:
        """Nothing to check."""

    def pool(self, source: Source, config: PoolConfig) -> ClipPool:
        """A pool of waveforms."""
        return ClipPool(source, config, self.recipe.network.mel.rate)

    def trainer(self, pool: ClipPool, minutes: float, resumed: bool) -> CodecTrainer:
        """A trainer of a new autoencoder."""
        codec = build_codec(self.recipe, self.seed)
        return CodecTrainer(self.recipe, codec, pool, minutes, self.device, self.seed)


def _moments(z: Tensor) -> Tensor:
    """Number, sum and sum of squares, float64 (3,)."""
    wide = z.double()
    return torch.stack([wide.new_tensor(wide.numel()), wide.sum(), wide.square().sum()])


def _deviation(moments: Tensor) -> Tensor:
    """Standard deviation by :func:`_moments` or a sum of such."""
    number, total, squares = moments
    return (squares / number - (total / number).square()).clamp_min(1e-12).sqrt()
