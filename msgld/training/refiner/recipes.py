"""Recipes of the refiner."""

from __future__ import annotations

from dataclasses import dataclass

from msgld.nets.refiner import RefinerConfig
from msgld.tasks.masking import Masking
from msgld.training.optim import OptimConfig
from msgld.training.pool.pool import PoolConfig
from msgld.training.recipe import Recipe, Stage, by_name
from msgld.training.refiner.cuts import CutConfig


@dataclass(frozen=True)
class RefinerSettings:
    """Settings that only the refiner has.

    Attributes:
        vary: how clips are varied.
        masking: how the first guesses are made, as in use.
        floor: error of a stem below which it no longer counts, relative to its power.
        level_weight: weight of the error that includes a stem's loudness, beside the one that does not.
    """

    vary: CutConfig = CutConfig()
    masking: Masking = Masking()
    floor: float = 1e-3
    level_weight: float = 0.3


RefinerRecipe = Recipe[RefinerConfig, RefinerSettings]

OPTIM = OptimConfig(rate=1e-3, warmup=50, muon=False, decay=0.01, betas=(0.9, 0.99), ema=0.995)

SMALL = RefinerRecipe(
    name="small",
    minutes=60,
    network=RefinerConfig(),
    settings=RefinerSettings(),
    optim=OPTIM,
    pool=PoolConfig(slots=600, seconds=10.0, reuse=5.0),
    stages=(Stage(1.0, 4, 431),),  # 5 s
    first_clips=16,
    expected="0.35 dB mean, 0.49 dB median SI-SDRi over the best mel mask (draft, 40 held-out clips), 3,856 steps in "
    "64 minutes over the eight blocks, begun with an earlier refiner",
)

TINY = RefinerRecipe(
    name="tiny",
    minutes=1,
    network=RefinerConfig(bands=128, widths=(8, 12), depth=1),
    settings=RefinerSettings(),
    optim=OPTIM,
    pool=PoolConfig(slots=4, seconds=2.0, workers=0),
    stages=(Stage(1.0, 4, 86),),  # 1 s
    first_clips=16,
    save_minutes=0.5,
    log_steps=5,
)

RECIPES = by_name((SMALL, TINY))
