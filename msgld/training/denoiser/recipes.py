"""Recipes of the denoiser."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from msgld.dsp.codec import PatchConfig
from msgld.music.conditioning import features_of
from msgld.music.conditions import PROGRAMS
from msgld.nets.transformer import TransformerConfig
from msgld.training.denoiser.batch import ConditionsConfig
from msgld.training.denoiser.levels import LevelConfig
from msgld.training.mixing import MixConfig
from msgld.training.recipe import OptimConfig, PoolConfig, Recipe, Stage, by_name


def _condition_sizes() -> dict[str, Any]:
    """Sizes of a network's conditioning; the styles are the band's."""
    from msgld.data.band import RESERVED_STYLES, STYLES

    styles = tuple(sorted(set(STYLES) - set(RESERVED_STYLES)))
    return {"frame_features": features_of(len(styles)), "programs": PROGRAMS, "styles": styles}


CONDITION_SIZES = _condition_sizes()


@dataclass(frozen=True)
class DenoiserSettings:
    """Settings that only the denoiser has.

    Attributes:
        codec: shape of the codec that is fitted to the data.
        codec_clips: clips, and crops of them, that it is fitted to.
        mix: how stems are varied and mixed.
        levels: how noise levels are drawn.
        conditions: how often conditions are given.
        mask_weight: weight of the masks' loss beside that of v.
    """

    codec: PatchConfig = PatchConfig()
    codec_clips: int = 160
    mix: MixConfig = MixConfig()
    levels: LevelConfig = LevelConfig()
    conditions: ConditionsConfig = ConditionsConfig()
    mask_weight: float = 1.0


DenoiserRecipe = Recipe[TransformerConfig, DenoiserSettings]

SMALL = DenoiserRecipe(
    name="small",
    minutes=120,
    network=TransformerConfig(depth=8, attention_window=32, **CONDITION_SIZES),
    settings=DenoiserSettings(),
    pool=PoolConfig(reuse=20.0),
    stages=(Stage(0.1, 24, 64), Stage(0.8, 18, 108), Stage(1.0, 9, 216)),
    expected="3.7 dB mean SI-SDRi, 3.4 median (draft, 100 held-out clips), from nothing in two hours on a machine of 2 "
    "CPU cores that other work shared: 330 steps, music of the band alone, three soundfonts. The shipped weights began "
    "with two blocks and have 7.95 dB (7.8 median, normal) after 16 hours on two CPU cores and 20 minutes on a GPU",
)

SMALL_GPU = replace(
    SMALL,
    name="small-gpu",
    minutes=10.5,
    optim=OptimConfig(rate=1.2e-3, ema=0.999, warmup=200, cooldown=0.8),
    pool=PoolConfig(slots=9000, workers=12, reuse=140.0, life=2000),
    stages=(Stage(0.65, 168, 96), Stage(1.0, 76, 216)),
    save_minutes=4.0,
    expected="7.0 dB mean SI-SDRi, 7.1 median, 100 held-out clips, begun with a model of eight blocks (--start), with "
    "slighter filters and no dynamics; one H100 with 16 cores",
)
"""``small`` for one large GPU, whose memory holds the clips, and 16 cores beside it."""

SEPARATOR = replace(
    SMALL,
    name="separator",
    settings=DenoiserSettings(
        levels=LevelConfig(
            separate=0.8, informed=0.06, arrange=0.08, generate=0.04, free=0.02, top_separate=0.9
        )
    ),
    optim=OptimConfig(rate=4e-4, warmup=5, cooldown=0.6, ema=0.9, batches=16),
    pool=PoolConfig(reuse=8.0),
    stages=(Stage(1.0, 12, 108),),
    expected="not run to its end since a step averages 16 batches; with one, no gain over the shipped weights within "
    "an hour on two CPU cores, as 12 crops a step lose what 168 taught: research/log.md. Separation is four fifths of "
    "what it learns, for models that make music by notes",
)
"""``small`` for separating above all, at a rate for weights that are trained on."""

EVENING = replace(
    SEPARATOR,
    name="evening",
    minutes=30,
    settings=DenoiserSettings(
        mix=MixConfig(remix=0.5, gain_db=2.0, bend_db=1.0, dynamics=0.05),
        levels=LevelConfig(
            separate=0.85, informed=0.05, arrange=0.05, generate=0.03, free=0.02, top_separate=0.95
        ),
    ),
    optim=OptimConfig(rate=3e-4, warmup=10, cooldown=0.8, ema=0.98),
    pool=PoolConfig(slots=300, reuse=40.0),
    stages=(Stage(1.0, 8, 108),),
    first_clips=60,
    expected="see `msgld finetune`, of which it is a part",
)
"""``separator`` for a few songs of one band, from a model that separates already."""

TINY = DenoiserRecipe(
    name="tiny",
    minutes=2,
    network=TransformerConfig(width=64, depth=1, heads=2, **CONDITION_SIZES),
    settings=DenoiserSettings(codec_clips=8),
    pool=PoolConfig(slots=8, seconds=4.0, workers=0),
    stages=(Stage(1.0, 4, 32),),
    save_minutes=0.5,
    expected="nothing useful: it shows that a training runs",
)

RECIPES = by_name((SMALL, SEPARATOR, SMALL_GPU, EVENING, TINY))
