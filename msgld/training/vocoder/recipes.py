"""Recipes of the vocoder."""

from __future__ import annotations

from dataclasses import dataclass

from msgld.nets.discriminators import DiscriminatorConfig
from msgld.nets.vocoder import VocoderConfig
from msgld.training.recipe import OptimConfig, PoolConfig, Recipe, Stage, by_name


@dataclass(frozen=True)
class VocoderSettings:
    """Settings that only the vocoder has.

    Attributes:
        discriminators: shape of the adversary.
        mixtures: fraction of the crops that are mixtures; the others are single stems.
        gain_db: a stem's gain is uniform within +- this before mixing.
        jitter_db: standard deviation of the mixture's loudness about the reference.
        adversary: fraction of the run after which discriminators take part; 1 is never.
    """

    discriminators: DiscriminatorConfig = DiscriminatorConfig()
    mixtures: float = 0.15
    gain_db: float = 5.0
    jitter_db: float = 3.0
    adversary: float = 1.0


VocoderRecipe = Recipe[VocoderConfig, VocoderSettings]

LIGHT = VocoderRecipe(
    name="light",
    minutes=25,
    network=VocoderConfig(),
    settings=VocoderSettings(),
    optim=OptimConfig(rate=1.5e-3),
    pool=PoolConfig(slots=300, seconds=8.0),
    stages=(Stage(1.0, 12, 96),),
    first_clips=48,
    save_minutes=3.0,
    expected="tones of 82 to 660 Hz at most 7 cents off, after 30 and 82 minutes on two CPU cores",
)

TINY = VocoderRecipe(
    name="tiny",
    minutes=1,
    network=VocoderConfig(width=64, depth=2, hidden=128),
    settings=VocoderSettings(adversary=0.5),
    pool=PoolConfig(slots=4, seconds=2.0, workers=0),
    stages=(Stage(1.0, 2, 32),),
    save_minutes=3.0,
)

RECIPES = by_name((LIGHT, TINY))
