"""Named recipes for the published design: its denoiser, and the autoencoder that it stands on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from msgld.dsp.mel import AUDIOLDM, MelConfig
from msgld.paper.autoencoder import KLConfig
from msgld.paper.unet3d import UNetConfig
from msgld.training.batch import BatchConfig
from msgld.training.optim import OptimConfig
from msgld.training.pool import PoolConfig
from msgld.training.presets import PRESETS, Preset, Stage, at_stage
from msgld.training.recipes import named

PLAIN = BatchConfig(remix=0.0, gain_db=0.0, bend_db=0.0, dynamics=0.0, drop=0.0)
"""Stems as they were played together; nothing is changed but the mixture's level."""


CODEC_OPTIM = OptimConfig(rate=1e-3, warmup=50, muon=False, decay=0.0, betas=(0.9, 0.99))


@dataclass(frozen=True)
class CodecPreset:
    """Everything that decides the training of an autoencoder but the data and the time.

    Attributes:
        kl_weight: of the mean KL divergence of a latent value from a standard normal one, against the mean absolute
            error of a log-mel value.
        scale_batches: from so many batches the latents' scale is measured. The published one is from a single batch.
        scale_items: crops of each of those.
        half: whether to compute in bfloat16 where the machine is faster with it.
    """

    name: str
    minutes: float
    network: KLConfig = KLConfig()
    batch: BatchConfig = PLAIN
    optim: OptimConfig = CODEC_OPTIM
    pool: PoolConfig = PoolConfig(seconds=8.0)
    stages: tuple[Stage, ...] = (Stage(1.0, 2, 32),)
    kl_weight: float = 1e-6
    scale_batches: int = 32
    scale_items: int = 4
    half: bool = True
    save_minutes: float = 5.0
    log_steps: int = 10

    def stage(self, progress: float) -> BatchConfig:
        """How crops are drawn when ``progress`` (0 to 1) of the run is over."""
        return at_stage(self.stages, self.batch, progress)


@dataclass(frozen=True)
class PublishedPreset:
    """Everything that decides a run of the published denoiser but first stage, data and time.

    Attributes:
        network: of the U-Net; the number of stems is the source's.
        mel: that the first stage must have been made for.
        dropout: probability that an item's mixture is hidden (zeros).
        half: whether to compute in bfloat16 where the machine is faster with it.
        sample_steps: of the pictures.
    """

    name: str
    minutes: float
    network: UNetConfig = UNetConfig()
    mel: MelConfig = AUDIOLDM
    batch: BatchConfig = PLAIN
    optim: OptimConfig = OptimConfig()
    pool: PoolConfig = PoolConfig()
    stages: tuple[Stage, ...] = (Stage(1.0, 3, 256),)
    dropout: float = 0.1
    half: bool = True
    sample_steps: int = 10
    save_minutes: float = 5.0
    log_steps: int = 20
    expected: str = ""

    def stage(self, progress: float) -> BatchConfig:
        """How crops are drawn when ``progress`` (0 to 1) of the run is over."""
        return at_stage(self.stages, self.batch, progress)


PAPER = PublishedPreset(
    name="paper",
    minutes=7 * 24 * 60,
    # AdamW at its defaults, the rate constant after its warm-up, no clipping.
    optim=OptimConfig(rate=3e-5, warmup=1000, cooldown=0.0, decay=0.01, clip=None, ema=0.9999, muon=False,
                      betas=(0.9, 0.999)),
    half=False,
    sample_steps=20,
    save_minutes=20.0,
)  # fmt: skip

PAPER_SMALL = PublishedPreset(
    name="paper-small",
    minutes=240,
    network=UNetConfig(model_channels=32, num_res_blocks=1),
    # Small batches: a CPU makes four steps of two crops in the time of one of eight, and few steps fit into hours.
    optim=OptimConfig(rate=5e-4, warmup=100, cooldown=0.3, decay=0.01, clip=1.0, ema=0.995, muon=False,
                      betas=(0.9, 0.999)),
    stages=(Stage(0.85, 2, 64), Stage(1.0, 1, 256)),
)  # fmt: skip

PAPER_TINY = PublishedPreset(
    name="paper-tiny",
    minutes=2,
    network=UNetConfig(model_channels=32, channel_mult=(1, 1), num_res_blocks=1, attention_resolutions=(2,)),
    optim=OptimConfig(rate=1e-3, warmup=10, cooldown=0.0, ema=0.99, muon=False, betas=(0.9, 0.999)),
    pool=PoolConfig(slots=8, seconds=4.0, workers=0),
    stages=(Stage(1.0, 2, 32),),
    sample_steps=2,
    save_minutes=0.5,
    log_steps=5,
)

PUBLISHED: dict[str, PublishedPreset] = {p.name: p for p in (PAPER, PAPER_SMALL, PAPER_TINY)}

CODECS: dict[str, CodecPreset] = {
    preset.name: preset
    for preset in (
        CodecPreset(
            "paper",
            minutes=24 * 60,
            stages=(Stage(1.0, 3, 256),),
            pool=PoolConfig(),
            half=False,
            optim=replace(CODEC_OPTIM, rate=1e-4, warmup=1000),
        ),
        CodecPreset(
            "paper-small", minutes=60, network=KLConfig(base_channels=32), stages=(Stage(1.0, 1, 16),)
        ),
        CodecPreset(
            "paper-tiny",
            minutes=2,
            network=KLConfig(base_channels=32, mults=(1, 1, 1), res_blocks=1),
            pool=PoolConfig(slots=8, seconds=4.0, workers=0),
            stages=(Stage(1.0, 1, 32),),
            scale_batches=4,
            save_minutes=0.5,
            log_steps=5,
        ),
    )
}


def find_recipe(name: str) -> Preset | PublishedPreset:
    """The preset of that name for a denoiser of either design; UsageError names the others."""
    recipes: dict[str, Preset | PublishedPreset] = {**PRESETS, **PUBLISHED}
    return named(recipes, name)


def find_codec_preset(name: str) -> CodecPreset:
    """The preset of that name for an autoencoder; UsageError names the others."""
    return named(CODECS, name, "codec preset")
