"""The score model is tuned to the band's notes, where that makes it guess the song that is set aside better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import Tensor

from msgld.api.msgld import Msgld, load
from msgld.checkpoint import load_model
from msgld.errors import DataError, TrainingError
from msgld.finetuning.evening import NOTES, Evening, recipe_of
from msgld.finetuning.line import on_line
from msgld.finetuning.listened import listen
from msgld.finetuning.songs import OwnSongs
from msgld.score_model import ScoreModel
from msgld.training.recipe import PoolConfig
from msgld.training.score.composer import ComposerPart
from msgld.training.score.pieces import Scores, open_scores

LISTENING = 0.08
"""Fraction of the evening in which songs are listened to."""

WAYS = (0.5, 1.0)
"""Places on the line that are tried, beside 0."""

BATCHES, SLOTS = 16, 4
"""Over which an error is averaged, and excerpts that these are drawn from."""

LESS = 0.995
"""An error that is not below this fraction of the first one is no gain."""


@dataclass(frozen=True)
class ScoreTuning:
    """Tunes the score model of a model.

    Attributes:
        evening: folder, time and device.
        own: the songs.
        start: folder of the model to begin with.
        midi: folders of the band's notes; empty to listen.
    """

    evening: Evening
    own: OwnSongs
    start: Path
    midi: Sequence[Path] = ()

    def tuned(self, done: float) -> tuple[ScoreModel | None, list[str]]:
        """The score model, or None where the first one stays; and remarks.

        Args:
            done: fraction of the evening that is over.
        """
        model = load(self.start, device=str(self.evening.device))
        if model.model.composer is None or (model.model.listener is None and not self.midi):
            return None, []
        try:
            learned, aside = self._notes(model)
            trained = self.evening.train(NOTES, self.start, open_scores(learned, band=True), done + LISTENING)
            return self._chosen(trained, aside)
        except (DataError, TrainingError) as error:
            return None, [f"the score model stays as it was: {error}"]

    def _notes(self, model: Msgld) -> tuple[Sequence[Path], Scores]:
        """Folders of notes to learn from, and the scores of the song that is set aside."""
        notes, seconds = self.evening.out / "notes", LISTENING * 60 * self.evening.minutes
        listen(model, self.own.folder, [self.own.aside], notes / "aside", 0.0)
        if not self.midi:
            listen(model, self.own.folder, self.own.learned, notes / "learned", seconds)
        return self.midi or [notes / "learned"], open_scores([notes / "aside"], band=False)

    def _chosen(self, trained: Path, aside: Scores) -> tuple[ScoreModel | None, list[str]]:
        """The place on the line with the least error on the song that is set aside."""
        guess = _Guess(self.start, aside, self.evening)
        before, after = guess.weights, _weights(trained)
        errors = {0.0: guess.error(before)} | {way: guess.error(on_line(before, after, way)) for way in WAYS}
        best = min(errors, key=lambda way: errors[way])
        if errors[best] > LESS * errors[0.0]:
            return None, [
                "the score model stays as it was: it does not guess the song that was set aside any better"
            ]
        score = load_model(trained, self.evening.device).score
        assert score is not None and score.denoiser is not None
        score.denoiser.load_state_dict(on_line(before, after, best))
        gain = 100 * (1 - errors[best] / errors[0.0])
        return score, [
            f"the score model guesses the notes of the song that was set aside {gain:.1f} % better"
        ]


class _Guess:
    """How well a composer guesses the bars of some scores.

    Attributes:
        weights: of the model's own composer.
    """

    def __init__(self, start: Path, scores: Scores, evening: Evening) -> None:
        recipe = recipe_of("score", start)
        assert recipe is not None
        recipe = replace(recipe, pool=PoolConfig(slots=SLOTS, seconds=0.0, workers=0))
        part = ComposerPart(recipe, evening.out, start, None, evening.device)
        part.begin(scores)
        pool = part.pool(scores, recipe.pool)
        pool.fill()
        self._trainer = part.trainer(pool, 1.0, False)
        self.weights = {name: one.clone() for name, one in self._trainer.network.state_dict().items()}

    def error(self, weights: Mapping[str, Tensor]) -> float:
        """The mean error of weights, in the same bars with the same noise each time."""
        self._trainer.network.load_state_dict(weights)
        with torch.no_grad(), self._trainer.aside():
            batches = [self._trainer.losses(*self._trainer.next_batch()) for _ in range(BATCHES)]
        return sum(float(losses["v"]) for losses in batches) / BATCHES


def _weights(folder: Path) -> dict[str, Tensor]:
    """Weights of a model's composer."""
    score = load_model(folder).score
    assert score is not None and score.denoiser is not None
    return score.denoiser.state_dict()
