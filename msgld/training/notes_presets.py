"""Named recipes for the note reader."""

from __future__ import annotations

from dataclasses import dataclass

from msgld.nets.note_reader import NotesConfig
from msgld.training.note_pool import NoteVary
from msgld.training.optim import OptimConfig
from msgld.training.pool import PoolConfig
from msgld.training.recipes import named


@dataclass(frozen=True)
class NotesPreset:
    """Everything that decides a run but the data and the time.

    Attributes:
        items: crops in a batch. columns: mel columns of a crop.
        vary: how clips are varied.
    """

    name: str
    minutes: float
    network: NotesConfig = NotesConfig()
    optim: OptimConfig = OptimConfig(
        rate=3e-3, warmup=50, muon=False, decay=0.02, betas=(0.9, 0.98), ema=0.99
    )
    pool: PoolConfig = PoolConfig(slots=2000, seconds=12.0, reuse=80.0)
    items: int = 32
    columns: int = 96
    vary: NoteVary = NoteVary()
    save_minutes: float = 5.0
    log_steps: int = 50


PRESETS: dict[str, NotesPreset] = {
    preset.name: preset
    for preset in (
        NotesPreset("small", minutes=20),
        NotesPreset(
            "tiny",
            minutes=1,
            network=NotesConfig(width=32, depth=2, hidden=64),
            pool=PoolConfig(slots=8, seconds=4.0, workers=0),
            items=8,
            save_minutes=0.5,
            log_steps=5,
        ),
    )
}


def find_notes_preset(name: str) -> NotesPreset:
    """The preset of that name; UsageError names the others."""
    return named(PRESETS, name, "note reader preset")
