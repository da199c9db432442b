"""Named recipes. A run is a preset in Python; what it was trained with is saved beside its weights."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from msgld.dsp.codec import PatchConfig
from msgld.music.conditioning import features_of
from msgld.music.conditions import PROGRAMS
from msgld.nets.transformer import TransformerConfig
from msgld.training.batch import BatchConfig
from msgld.training.conditions import ConditionsConfig
from msgld.training.levels import LevelConfig
from msgld.training.optim import OptimConfig
from msgld.training.pool import PoolConfig
from msgld.training.recipes import named


def _condition_sizes() -> dict[str, Any]:
    """Sizes of what a network is told of a piece; the styles are the band's."""
    from msgld.data.band import RESERVED_STYLES, STYLES

    styles = tuple(sorted(set(STYLES) - set(RESERVED_STYLES)))
    return {"frame_features": features_of(len(styles)), "programs": PROGRAMS, "styles": styles}


CONDITION_SIZES = _condition_sizes()


@dataclass(frozen=True)
class Stage:
    """Crops of a part of the run: up to ``until`` (share of the run), ``items`` crops of ``frames`` frames."""

    until: float
    items: int
    frames: int


def at_stage(stages: tuple[Stage, ...], batch: BatchConfig, progress: float) -> BatchConfig:
    """How crops are drawn when ``progress`` (0 to 1) of a run of these stages is over."""
    stage = next((s for s in stages if progress < s.until), stages[-1])
    return replace(batch, items=stage.items, frames=stage.frames)


@dataclass(frozen=True)
class Preset:
    """Everything that decides a training run but the data and the time.

    Attributes:
        name: what ``--preset`` takes.
        minutes: how long the run takes unless told otherwise, on whatever machine.
        expected: scores that this recipe reached, and where, as a yardstick for the next run.
    """

    name: str
    minutes: float
    network: TransformerConfig = TransformerConfig(depth=8, attention_window=32, **CONDITION_SIZES)
    codec: PatchConfig = PatchConfig()
    batch: BatchConfig = BatchConfig()
    levels: LevelConfig = LevelConfig()
    conditions: ConditionsConfig = ConditionsConfig()
    optim: OptimConfig = OptimConfig()
    pool: PoolConfig = PoolConfig(reuse=20.0)
    stages: tuple[Stage, ...] = (Stage(0.1, 24, 64), Stage(0.8, 18, 108), Stage(1.0, 9, 216))
    mask_weight: float = 1.0
    codec_clips: int = 160
    save_minutes: float = 5.0
    log_steps: int = 20
    expected: str = ""

    def stage(self, progress: float) -> BatchConfig:
        """How crops are drawn when ``progress`` (0 to 1) of the run is over."""
        return at_stage(self.stages, self.batch, progress)


SMALL = Preset(
    name="small",
    minutes=120,
    expected="not run since its blocks are eight; from the weights that a GPU made, it goes on with them",
)

SMALL_GPU = replace(
    SMALL,
    name="small-gpu",
    minutes=10.5,
    optim=OptimConfig(rate=1.2e-3, ema=0.999, warmup=200, cooldown=0.8),
    pool=PoolConfig(slots=9000, workers=12, reuse=140.0, life=2000),
    stages=(Stage(0.65, 168, 96), Stage(1.0, 76, 216)),
    save_minutes=4.0,
    expected="with --start from eight blocks, slighter tones and no dynamics: 7.0 dB mean, 7.1 median, 100 clips",
)
"""``small`` for one large GPU, on whose memory the clips are held, and 16 cores beside it."""

TINY = Preset(
    name="tiny",
    minutes=2,
    network=TransformerConfig(width=64, depth=1, heads=2, **CONDITION_SIZES),
    pool=PoolConfig(slots=8, seconds=4.0, workers=0),
    stages=(Stage(1.0, 4, 32),),
    codec_clips=8,
    save_minutes=0.5,
)


PRESETS: dict[str, Preset] = {preset.name: preset for preset in (SMALL, SMALL_GPU, TINY)}


def find_preset(name: str) -> Preset:
    """The preset of that name; UsageError names the others."""
    return named(PRESETS, name)
