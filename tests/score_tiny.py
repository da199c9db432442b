"""Small scores and score models for tests."""

from __future__ import annotations

import numpy as np
import torch

from msgld.diffusion.denoise import StemDenoiser
from msgld.music.bar_features import OWN, bar_features_of
from msgld.music.bars import Signature, Timeline, bars_of
from msgld.music.conditions import PROGRAMS
from msgld.music.grid import Cells
from msgld.music.notes import Notes
from msgld.music.score import SCORE_STEMS, Score
from msgld.nets.bar_autoencoder import BarAutoencoderConfig
from msgld.nets.composer import Composer, ComposerConfig
from msgld.nets.score_codec import ScoreCodec
from msgld.score_model import ScoreModel

STYLES = ("rock", "waltz")


def tiny_score_model(seed: int = 0) -> ScoreModel:
    """An untrained score model whose answers are not zero, and whose stems mostly play."""
    torch.manual_seed(seed)
    codec = ScoreCodec(BarAutoencoderConfig(channels=8, step_width=8, width=16, depth=1))
    config = ComposerConfig(
        channels=9, width=16, depth=1, heads=2, frame_features=bar_features_of(len(STYLES)), programs=PROGRAMS,
        own_features=OWN, conditioning_width=16, styles=STYLES,
    )  # fmt: skip
    network = Composer(config)
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    network.outward.bias.data[0] = 4.0
    torch.nn.init.normal_(codec.autoencoder.writer.weight, std=0.5)
    codec.autoencoder.writer.bias.data[:176] = -1.5
    return ScoreModel(codec.eval(), StemDenoiser(network).eval())


def some_cells(rng: np.random.Generator, bars: int, count: int = 30) -> Cells:
    """Random notes in a grid of 4/4."""
    slot = np.sort(rng.integers(0, 16 * bars, count))
    stop = np.minimum(slot + rng.integers(1, 8, count), 16 * bars)
    offset = rng.uniform(-0.4, 0.4, count).astype(np.float32)
    return Cells(slot.astype(np.int32), stop.astype(np.int32), rng.integers(0, 88, count).astype(np.int16),
                 rng.integers(1, 128, count).astype(np.int16), offset)  # fmt: skip


def some_score(seed: int = 0, bars: int = 8, stems: tuple[str, ...] = SCORE_STEMS) -> Score:
    """A score of random notes on the grid."""
    rng = np.random.default_rng(seed)
    notes = {}
    for stem in stems:
        onset = np.sort(rng.integers(0, 16 * bars, 60)) / 4
        notes[stem] = Notes.of(
            onset, rng.integers(1, 8, 60) / 4, rng.integers(36, 84, 60), rng.integers(1, 128, 60), 0
        )
    return Score(bars_of([Signature()], 4.0 * bars), Timeline.steady(120), notes, name=f"piece-{seed}",
                 meta={"key": "A minor", "style": "rock"})  # fmt: skip
