"""Recipes of the note reader."""

from __future__ import annotations

from dataclasses import dataclass

from msgld.nets.note_reader import NoteReaderConfig
from msgld.training.note_reader.batch import NoteVary
from msgld.training.optim import OptimConfig
from msgld.training.pool.pool import PoolConfig
from msgld.training.recipe import Recipe, Stage, by_name


@dataclass(frozen=True)
class NotesSettings:
    """Settings that only the note reader has.

    Attributes:
        vary: how clips are varied.
    """

    vary: NoteVary = NoteVary()


NotesRecipe = Recipe[NoteReaderConfig, NotesSettings]

OPTIM = OptimConfig(rate=3e-3, warmup=50, muon=False, decay=0.02, betas=(0.9, 0.98), ema=0.99)

SMALL = NotesRecipe(
    name="small",
    minutes=20,
    network=NoteReaderConfig(),
    settings=NotesSettings(),
    optim=OPTIM,
    pool=PoolConfig(slots=2000, seconds=12.0, reuse=80.0),
    stages=(Stage(1.0, 32, 96),),
    first_clips=64,
    log_steps=50,
    expected="69 % (TimGM6mb) and 83 % (Freepats) of the notes of held-out basses read right, after 10.8 and 10.0 "
    "minutes with clips drawn 120 times",
)

TINY = NotesRecipe(
    name="tiny",
    minutes=1,
    network=NoteReaderConfig(width=32, depth=2, hidden=64),
    settings=NotesSettings(),
    optim=OPTIM,
    pool=PoolConfig(slots=8, seconds=4.0, workers=0),
    stages=(Stage(1.0, 8, 96),),
    save_minutes=0.5,
    log_steps=5,
)

RECIPES = by_name((SMALL, TINY))
