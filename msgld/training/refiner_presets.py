"""Named recipes for the refiner."""

from __future__ import annotations

from dataclasses import dataclass

from msgld.nets.refiner import RefinerConfig
from msgld.tasks.masking import Masking
from msgld.training.cuts import CutConfig
from msgld.training.optim import OptimConfig
from msgld.training.pool import PoolConfig
from msgld.training.recipes import named


@dataclass(frozen=True)
class RefinerPreset:
    """Everything that decides a run but the data and the time.

    Attributes:
        items: crops in a batch. seconds: of a crop.
        vary: how clips are varied.
        exponent, prior: of the first guesses, as they are hedged in use.
        floor: error of a stem below which it no longer counts, as a share of its power.
        level_weight: of the error that counts a stem's loudness too, beside the one that does not.
    """

    name: str
    minutes: float
    network: RefinerConfig = RefinerConfig()
    optim: OptimConfig = OptimConfig(
        rate=1e-3, warmup=50, muon=False, decay=0.01, betas=(0.9, 0.99), ema=0.995
    )
    pool: PoolConfig = PoolConfig(slots=600, seconds=10.0, reuse=5.0)
    items: int = 4
    seconds: float = 5.0
    vary: CutConfig = CutConfig()
    exponent: float = Masking.exponent
    prior: float = Masking.average_weight
    floor: float = 1e-3
    level_weight: float = 0.3
    save_minutes: float = 5.0
    log_steps: int = 20


PRESETS: dict[str, RefinerPreset] = {
    preset.name: preset
    for preset in (
        RefinerPreset("small", minutes=60),
        RefinerPreset(
            "tiny",
            minutes=1,
            network=RefinerConfig(bands=128, widths=(8, 12), depth=1),
            pool=PoolConfig(slots=4, seconds=2.0, workers=0),
            seconds=1.0,
            save_minutes=0.5,
            log_steps=5,
        ),
    )
}


def find_refiner_preset(name: str) -> RefinerPreset:
    """The preset of that name; UsageError names the others."""
    return named(PRESETS, name, "refiner preset")
