"""The guide as a part that is trained: a smaller composer that learns less, for guidance."""

from __future__ import annotations

from dataclasses import replace

from msgld.data.source import Source
from msgld.errors import ModelError
from msgld.training.recipe import by_name
from msgld.training.score import composer
from msgld.training.score.composer import ComposerPart

# After 20 minutes it knew too much: weight 2 gave basses 0.74 of the real notes and tunes 0.85, after 10 0.85 and 1.97.
SMALL = replace(
    composer.SMALL,
    minutes=8,
    network=replace(composer.SMALL.network, width=96, depth=3, conditioning_width=96),
)

TINY = composer.TINY


class GuidePart(ComposerPart):
    """Trains a guide for a model that composes."""

    name = trained = "guide"
    recipes = by_name((SMALL, TINY))

    def begin(self, source: Source) -> None:
        """Build the guide, or go on with the model's."""
        score = self.model.score
        if score is None or score.denoiser is None:
            raise ModelError(f"{self.start} has no composer to guide: train one first with --part score")
        own = None if score.guide is None else score.guide.denoiser
        self.score = self.composer(score, own, source)
        self.model.score = replace(score, guide=self.score)
