"""Recipes of the published design: its denoiser, and the autoencoder that it builds on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from msgld.dsp.mel import AUDIOLDM, MelConfig
from msgld.paper.autoencoder import KLConfig
from msgld.paper.unet3d import UNetConfig
from msgld.training.mixing import MixConfig
from msgld.training.recipe import OptimConfig, PoolConfig, Recipe, Stage, by_name

PLAIN = MixConfig(remix=0.0, gain_db=0.0, bend_db=0.0, dynamics=0.0, drop=0.0)
"""Stems as they were played together; only the mixture's loudness varies."""

NOT_RUN = "never run at its full length"


@dataclass(frozen=True)
class CodecSettings:
    """Settings that only the autoencoder has.

    Attributes:
        mix: how crops are varied.
        kl_weight: weight of the mean KL divergence of a latent value from a standard normal one, against the mean
            absolute error of a log-mel value.
        scale_batches: batches that the latents' scale is measured on; the published one is from a single batch.
        scale_items: crops of each of those.
        half: whether to compute in bfloat16 where the machine is faster with it.
    """

    mix: MixConfig = PLAIN
    kl_weight: float = 1e-6
    scale_batches: int = 32
    scale_items: int = 4
    half: bool = True


@dataclass(frozen=True)
class PublishedSettings:
    """Settings that only the published denoiser has.

    Attributes:
        mel: log-mels of the first stage.
        mix: how crops are varied.
        dropout: probability that an item's mixture is hidden (zeros).
        half: whether to compute in bfloat16 where the machine is faster with it.
        sample_steps: sampler steps of the pictures.
    """

    mel: MelConfig = AUDIOLDM
    mix: MixConfig = PLAIN
    dropout: float = 0.1
    half: bool = True
    sample_steps: int = 10


CodecRecipe = Recipe[KLConfig, CodecSettings]
PublishedRecipe = Recipe[UNetConfig, PublishedSettings]

CODEC_OPTIM = OptimConfig(rate=1e-3, warmup=50, muon=False, decay=0.0, betas=(0.9, 0.99))
TINY_POOL = PoolConfig(slots=8, seconds=4.0, workers=0)

PAPER = PublishedRecipe(
    name="paper",
    minutes=7 * 24 * 60,
    network=UNetConfig(),
    settings=PublishedSettings(half=False, sample_steps=20),
    # AdamW at its defaults, the rate constant after its warm-up, no clipping.
    optim=OptimConfig(rate=3e-5, warmup=1000, cooldown=0.0, decay=0.01, clip=None, ema=0.9999, muon=False,
                      betas=(0.9, 0.999)),
    stages=(Stage(1.0, 3, 256),),
    first_clips=12,
    save_minutes=20.0,
    expected=NOT_RUN,
)  # fmt: skip

PAPER_SMALL = PublishedRecipe(
    name="paper-small",
    minutes=240,
    network=UNetConfig(model_channels=32, num_res_blocks=1),
    settings=PublishedSettings(),
    # Small batches: a CPU makes four steps of two crops in the time of one of eight, and few steps fit into hours.
    optim=OptimConfig(rate=5e-4, warmup=100, cooldown=0.3, decay=0.01, clip=1.0, ema=0.995, muon=False,
                      betas=(0.9, 0.999)),
    stages=(Stage(0.85, 2, 64), Stage(1.0, 1, 256)),
    first_clips=8,
    expected=NOT_RUN,
)  # fmt: skip

PAPER_TINY = PublishedRecipe(
    name="paper-tiny",
    minutes=2,
    network=UNetConfig(model_channels=32, channel_mult=(1, 1), num_res_blocks=1, attention_resolutions=(2,)),
    settings=PublishedSettings(sample_steps=2),
    optim=OptimConfig(rate=1e-3, warmup=10, cooldown=0.0, ema=0.99, muon=False, betas=(0.9, 0.999)),
    pool=TINY_POOL,
    stages=(Stage(1.0, 2, 32),),
    save_minutes=0.5,
    log_steps=5,
)

PUBLISHED = by_name((PAPER, PAPER_SMALL, PAPER_TINY))

CODEC = CodecRecipe(
    name="paper",
    minutes=24 * 60,
    network=KLConfig(),
    settings=CodecSettings(half=False),
    optim=replace(CODEC_OPTIM, rate=1e-4, warmup=1000),
    stages=(Stage(1.0, 3, 256),),
    first_clips=24,
    log_steps=10,
    expected=NOT_RUN,
)

CODEC_SMALL = CodecRecipe(
    name="paper-small",
    minutes=60,
    network=KLConfig(base_channels=32),
    settings=CodecSettings(),
    optim=CODEC_OPTIM,
    pool=PoolConfig(seconds=8.0),
    stages=(Stage(1.0, 1, 16),),
    first_clips=8,
    log_steps=10,
    expected=NOT_RUN,
)

CODEC_TINY = CodecRecipe(
    name="paper-tiny",
    minutes=2,
    network=KLConfig(base_channels=32, mults=(1, 1, 1), res_blocks=1),
    settings=CodecSettings(scale_batches=4),
    optim=CODEC_OPTIM,
    pool=TINY_POOL,
    stages=(Stage(1.0, 1, 32),),
    save_minutes=0.5,
    log_steps=5,
)

CODECS = by_name((CODEC, CODEC_SMALL, CODEC_TINY))
