"""Named recipes for the vocoder."""

from __future__ import annotations

from dataclasses import dataclass

from msgld.nets.discriminators import DiscriminatorConfig
from msgld.nets.vocoder import VocoderConfig
from msgld.training.optim import OptimConfig
from msgld.training.pool import PoolConfig
from msgld.training.recipes import named


@dataclass(frozen=True)
class VocoderPreset:
    """Everything that decides a run but the data and the time.

    Attributes:
        items: crops in a batch.
        columns: mel columns of a crop, a multiple of the codec's ``frame_columns``.
        mixtures: share of the crops that are mixtures; the others are single stems.
        gain_db: a stem's gain is uniform within +- this before mixing.
        jitter_db: standard deviation of the mixture's level about the reference.
        adversary: share of the run from which discriminators take part; 1 is never.
    """

    name: str
    minutes: float
    network: VocoderConfig = VocoderConfig()
    discriminators: DiscriminatorConfig = DiscriminatorConfig()
    optim: OptimConfig = OptimConfig()
    pool: PoolConfig = PoolConfig(slots=300, seconds=8.0)
    items: int = 12
    columns: int = 96
    mixtures: float = 0.15
    gain_db: float = 5.0
    jitter_db: float = 3.0
    adversary: float = 1.0
    save_minutes: float = 3.0
    log_steps: int = 20


LIGHT = VocoderPreset(name="light", minutes=25, optim=OptimConfig(rate=1.5e-3))

TINY = VocoderPreset(
    name="tiny",
    minutes=1,
    network=VocoderConfig(width=64, depth=2, hidden=128),
    pool=PoolConfig(slots=4, seconds=2.0, workers=0),
    items=2,
    columns=32,
    adversary=0.5,
)

PRESETS: dict[str, VocoderPreset] = {preset.name: preset for preset in (LIGHT, TINY)}


def find_vocoder_preset(name: str) -> VocoderPreset:
    """The preset of that name; UsageError names the others."""
    return named(PRESETS, name, "vocoder preset")
