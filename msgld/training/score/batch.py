"""Batches of the score model's training: excerpts, transposed, as latents with levels and conditioning."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from msgld.diffusion.noise_map import Conditioning
from msgld.music.bar_features import OPEN, BarFacts, own_features
from msgld.music.conditioning import programs
from msgld.music.conditions import Conditions
from msgld.music.grid import Cells, in_bars
from msgld.nets.bar_autoencoder import BarTensors
from msgld.nets.score_codec import bar_tensors
from msgld.training.score.changed import Changes, changed
from msgld.training.score.levels import ScoreLevels, draw_levels
from msgld.training.score.mishear import Mishearing, misheard
from msgld.training.score.pieces import Piece, strayed


@dataclass(frozen=True)
class ScoreConditions:
    """How often conditions are shown.

    Attributes:
        none: probability that nothing but the metre is.
        each: probability of each condition otherwise.
        own: probability that density, and that loudness, of a stem are shown.
        implied: probability that, where chords are not shown, those that the known notes make are.
        astray: probability that an excerpt is not at home (:mod:`msgld.music.home`).
    """

    none: float = 0.2
    each: float = 0.5
    own: float = 0.25
    implied: float = 0.8
    astray: float = 0.1


@dataclass(frozen=True)
class ScoreBatch:
    """A batch.

    Attributes:
        bars: of all stems, in the order (excerpt, stem, bar).
        levels: float32 (B, S, T).
        presence: bool (B, S).
        counted: what is to be learned, bool (B, S, T).
        conditioning: of the excerpts.
    """

    bars: BarTensors
    levels: Tensor
    presence: Tensor
    counted: Tensor
    conditioning: Conditioning


def build_batch(excerpts: Sequence[Piece], stems: Sequence[str], styles: Sequence[str], levels: ScoreLevels,
                conditions: ScoreConditions, ears: Mishearing, changes: Changes, rng: np.random.Generator
                ) -> ScoreBatch:  # fmt: skip
    """Excerpts of equally many bars, at home -> a batch, each where what is known of it is at home."""
    bars = len(excerpts[0])
    excerpts = [changed(one, changes, rng) for one in excerpts]
    sounding = [np.array([stem in one.cells for stem in stems]) for one in excerpts]
    drawn = [draw_levels(one, bars, levels, rng) for one in sounding]
    maps, presence, counted = (torch.from_numpy(np.stack(parts)) for parts in zip(*drawn, strict=True))
    counted &= ~torch.from_numpy(np.stack([one.held for one in excerpts]))
    known = [dict(zip(stems, there[:, None] & ~wanted, strict=True)) for _, there, wanted in drawn]
    excerpts = [strayed(one.at_home(in_bars(one.cells, bars_of)), conditions.astray, rng)
                for one, bars_of in zip(excerpts, known, strict=True)]  # fmt: skip
    given = [_given(one.cells, bars_of, ears, rng) for one, bars_of in zip(excerpts, known, strict=True)]
    conditioning = [conditioning_of(one, in_bars(notes, bars_of), stems, styles, conditions, rng)
                    for one, notes, bars_of in zip(excerpts, given, known, strict=True)]  # fmt: skip
    stacked = Conditioning(*(torch.from_numpy(np.stack(parts)) for parts in zip(*conditioning, strict=True)))
    tensors = bar_tensors(given, [one.facts.steps for one in excerpts], stems)
    return ScoreBatch(tensors, maps, presence, counted, stacked)


def _given(cells: Mapping[str, Cells], known: Mapping[str, np.ndarray], ears: Mishearing,
           rng: np.random.Generator) -> Mapping[str, Cells]:  # fmt: skip
    """The notes of an excerpt, those of stems of which all bars are known perhaps misheard."""
    if rng.random() >= ears.chosen:
        return cells
    some = [stem for stem, bars in known.items() if bars.all() and stem in cells]
    return {**cells, **{stem: misheard(cells[stem], stem == "drums", ears, rng) for stem in some}}


def conditioning_of(piece: Piece, known: Mapping[str, Cells], stems: Sequence[str], styles: Sequence[str],
                    config: ScoreConditions, rng: np.random.Generator
                    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Features of an excerpt: of its bars, of the programs of its stems, and of its stems' bars; some left open."""
    shown = rng.random(7) < (0.0 if rng.random() < config.none else config.each)
    facts = some_facts(piece.facts, shown, rng)
    if not shown[3] and rng.random() < config.implied:
        facts = facts.with_chords_of(known)
    chosen = {
        stem: names for stem, names in piece.programs.items() if shown[5] and names and rng.random() < 0.7
    }
    own = own_features(piece.cells, stems, len(piece)) * shown[6]
    kept = rng.random((len(stems), 2)) < 2 * config.own
    own *= np.repeat(kept, 2, 1)[:, None]
    return facts.features(len(styles)), programs(Conditions(instruments=chosen), stems).numpy(), own


def some_facts(facts: BarFacts, shown: np.ndarray, rng: np.random.Generator) -> BarFacts:
    """Facts of which only some are shown: tempo, key, style, chords, place."""
    tempo, key, style, chords, place = shown[:5]
    bars = np.full(len(facts), bool(chords))
    if chords and rng.random() < 0.2:
        bars &= rng.random(len(facts)) < rng.random()
    return replace(
        facts,
        bpm=facts.bpm * tempo,
        tonic=np.where(key, facts.tonic, -1),
        mode=np.where(key, facts.mode, -1),
        style=np.where(style, facts.style, -1),
        chords=facts.chords & bars[:, None, None],
        bass=np.where(bars[:, None], facts.bass, OPEN),
        place=np.where(place, facts.place, -1),
        length=np.where(place, facts.length, 0),
    )
