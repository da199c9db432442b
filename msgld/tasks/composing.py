"""The tasks in notes: given notes -> latents of bars, sampling, latents -> notes. The maps are those of sound."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch

from msgld.diffusion.noise_map import Conditioning, NoiseMap
from msgld.diffusion.rollout import calls
from msgld.diffusion.settings import Sampling
from msgld.music.bar_features import OWN, BarFacts
from msgld.music.bars import STEPS
from msgld.music.conditioning import programs
from msgld.music.conditions import Conditions
from msgld.music.grid import Cells, in_bars
from msgld.music.home import class_time, transposed, way_home
from msgld.progress import CancelToken, Meter, OnProgress
from msgld.score_model import ScoreModel
from msgld.tasks import noise_maps
from msgld.tasks.sampling import sampled

WINDOW, PAST = 16, 8
"""Bars of a window, and those that overlap the window before."""


@dataclass(frozen=True)
class ScorePiece:
    """The input of a task in notes.

    Attributes:
        model: with a composer.
        given: notes in the grid, by stem; those of ``T`` bars.
        facts: of the T bars, which are the conditions.
        sampling: how to sample.
        instruments: stem -> General MIDI programs.
        own: density and loudness of stems, (S, T, ``OWN``); None leaves them open.
        on_progress: called after every network call.
        cancel: stops the task at its next step.
    """

    model: ScoreModel
    given: Mapping[str, Cells]
    facts: BarFacts
    sampling: Sampling
    instruments: Mapping[str, Sequence[int]] = field(default_factory=dict)
    own: np.ndarray | None = None
    on_progress: OnProgress | None = None
    cancel: CancelToken | None = None

    @property
    def bars(self) -> int:
        """T."""
        return len(self.facts)

    def conditioning(self) -> Conditioning:
        """The conditions as features."""
        stems, styles = self.model.stems, self.model.styles
        frames = torch.from_numpy(self.facts.features(len(styles)))[None]
        chosen = {stem: tuple(names) for stem, names in self.instruments.items()}
        own = np.zeros((len(stems), self.bars, OWN), np.float32) if self.own is None else self.own
        return Conditioning(
            frames, programs(Conditions(instruments=chosen), stems)[None], torch.from_numpy(own)[None]
        )

    def transposed(self, semitones: int) -> ScorePiece:
        """Its notes and conditions so many semitones higher."""
        given = transposed(self.given, semitones)
        return replace(self, given=given, facts=self.facts.transposed(semitones))


@dataclass(frozen=True)
class Made:
    """The bars of a stem that were made.

    Attributes:
        cells: notes that begin in them.
        wanted: which bars they are, bool (T,).
    """

    cells: Cells
    wanted: np.ndarray


def compose(piece: ScorePiece, task: NoiseMap, present: Sequence[str]) -> dict[str, Made]:
    """Make the wanted bars: at home, see :mod:`msgld.music.home`, from where they are transposed back.

    Args:
        piece: the given notes, the conditions, and how to sample.
        task: over all bars.
        present: stems that are given or wanted.

    Returns:
        The stems of which bars were wanted.
    """
    model, steps = piece.model, piece.facts.steps
    task = noise_maps.drop(task, [k for k, stem in enumerate(model.stems) if stem not in present])
    kept = (~task.wanted & task.presence.unsqueeze(2))[0].numpy()
    known = in_bars(piece.given, dict(zip(model.stems, kept, strict=True)))
    semitones = _way_home(piece, known)
    piece = replace(piece, facts=piece.facts.with_chords_of(known)).transposed(semitones)
    task = replace(task, conditioning=piece.conditioning())
    meter = Meter(
        calls(task, piece.sampling, WINDOW, PAST), "steps", "composing", piece.on_progress, piece.cancel
    )
    meter.advance(0)
    z = sampled(model, model.encode(piece.given, steps)[None], task, piece.sampling, WINDOW, PAST, meter)
    made = transposed(model.decode(z[0], steps), -semitones)
    wanted = (task.wanted & task.presence.unsqueeze(2))[0].numpy()
    return {stem: Made(made[stem].pick(wanted[track][made[stem].slot // STEPS]), wanted[track])
            for track, stem in enumerate(model.stems) if wanted[track].any()}  # fmt: skip


def _way_home(piece: ScorePiece, known: Mapping[str, Cells]) -> int:
    """By the notes that stay, else by all given notes, the chords, the key; without any of them by the seed."""
    for time in (class_time(known), class_time(piece.given), *piece.facts.class_weights()):
        if time.any():
            return way_home(time)
    return int(np.random.default_rng([piece.sampling.seed, 3]).integers(-6, 6))


def arrange(piece: ScorePiece, wanted: Sequence[str], noise: float | Mapping[str, float] = 0.0, first: int = 0,
            last: int | None = None) -> dict[str, Made]:  # fmt: skip
    """Make the wanted stems to the given ones.

    Args:
        piece: the given stems; those that are also wanted are made anew from bar ``first`` to ``last`` (excluded).
        wanted: stems to make.
        noise: level of the given stems, of all or of each; those that it does not name have 0.
        first: bar from which to make.
        last: bar up to which to make.
    """
    stems = piece.model.stems
    levels = noise if isinstance(noise, Mapping) else dict.fromkeys(stems, noise)
    kept = [stem for stem in stems if stem in piece.given and stem not in wanted]
    known = {stems.index(stem): levels.get(stem, 0.0) for stem in kept}
    task = noise_maps.arrange(len(stems), piece.bars, known, False)
    task = noise_maps.restrict(task, first, piece.bars if last is None else last)
    return compose(piece, task, (*piece.given, *wanted))


def vary(piece: ScorePiece, noise: float) -> dict[str, Made]:
    """Make a variation of the given stems; at ``noise`` 0 nothing changes, at 1 all is new."""
    task = noise_maps.vary(len(piece.model.stems), piece.bars, noise, False)
    return compose(piece, task, tuple(piece.given)) if noise else {}


def extend(piece: ScorePiece, past: int) -> dict[str, Made]:
    """Continue the given stems after their first ``past`` bars."""
    task = noise_maps.restrict(
        noise_maps.generate(len(piece.model.stems), piece.bars, False), past, piece.bars
    )
    return compose(piece, task, tuple(piece.given))
