"""Do new pieces sound like music? Distances of sets of new pieces to real clips, stem by stem."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np
import torch

from msgld.api.msgld import Msgld
from msgld.api.options import Options
from msgld.api.quality import of_making
from msgld.data.source import Clip
from msgld.dsp.resample import resample
from msgld.evaluation.codec import whole_frames
from msgld.evaluation.embeddings import Embedding, mel_embedding, pauses_embedding
from msgld.evaluation.question import Advance, Question
from msgld.evaluation.report import EXAMPLES, Example
from msgld.metrics import frechet_distance, is_silent, kernel_distance
from msgld.model import Model
from msgld.tasks.loudness import gain_to_reference

RESAMPLES = 200
"""Bootstrap samples of the new pieces, for the interval of a distance."""

FEWEST = 4
"""Pieces that either set needs for a distance."""

MIXTURE = "mixture"


@dataclass(frozen=True)
class Sets:
    """Embeddings of new and of real pieces: for each piece its points (n, D)."""

    made: list[np.ndarray] = field(default_factory=list)
    true: list[np.ndarray] = field(default_factory=list)


@dataclass(frozen=True)
class Generation(Question):
    """The question; see :class:`Question`. Each piece is as long as its clip, and has its number for a seed.

    Attributes:
        networks: with which to compare besides mel statistics.
    """

    networks: Sequence[Embedding] = ()

    fewest: ClassVar[int] = FEWEST

    def about(self) -> dict[str, Any]:
        """The sampler."""
        return self.sampling(of_making(self.options, self.model.model))

    def answer(self, clips: Iterable[Clip], advance: Advance) -> dict[str, Any]:
        """A row for the mixture and each stem, by mel statistics and by each network.

        Raises:
            ModelError: the model has no vocoder.
        """
        model, mel = self.model.model, self.model.model.codec.mel
        embeddings = [mel_embedding(mel), pauses_embedding(mel), *self.networks]
        names = (MIXTURE, *self.model.stems)
        found = [{name: Sets() for name in names} for _ in embeddings]
        examples: list[Example] = []
        for number, clip in enumerate(clips):
            real = whole_frames(clip, model).numpy()
            options = replace(self.options, seed=self.options.seed + number)
            piece = sample_piece(self.model, real.shape[-1] / mel.rate, options)
            for side, stems in (("true", real), ("made", piece)):
                for name, sound in sounding_tracks(model, stems).items():
                    for embedding, sets in zip(embeddings, found, strict=True):
                        points = embedding.embed(resample(sound, mel.rate, embedding.rate))
                        getattr(sets[name], side).append(points)
            if len(examples) < EXAMPLES:
                tracks = dict(zip(names, (piece.sum(0), *piece), strict=True))
                examples.append(Example(f"piece {number}", tracks, mel.rate))
            advance(1)
        statistics, pauses, *others = found
        rows = [one | _pauses(pauses[one["name"]]) for one in generation_rows(statistics)]
        for network, sets in zip(self.networks, others, strict=True):
            unpaused = {"pauses": None, "real pauses": None}
            rows += [
                one | {"name": f"{network.name}, {one['name']}"} | unpaused for one in generation_rows(sets)
            ]
        return {"rows": rows, "examples": examples}


def sample_piece(model: Msgld, seconds: float, options: Options) -> np.ndarray:
    """Stems (S, channels, L) of a new piece at the model's rate, through :meth:`msgld.api.msgld.Msgld.generate`."""
    stems = model.generate(seconds, options=options).stems
    return np.stack([stems[stem] for stem in model.stems])


def sounding_tracks(model: Model, stems: np.ndarray) -> dict[str, np.ndarray]:
    """Mixture and stems of stems (S, channels, L) at the model's rate, at reference loudness, without silent ones."""
    waves = torch.from_numpy(stems).float()
    waves = waves * gain_to_reference(waves.sum(0), model.codec.mel.rate, model.reference_rms)
    tracks = zip((MIXTURE, *model.stems), (waves.sum(0).numpy(), *waves.numpy()), strict=True)
    return {name: track for name, track in tracks if not is_silent(track)}


def generation_rows(sets: dict[str, Sets]) -> list[dict[str, Any]]:
    """The Fréchet distance of each set of pieces with its 95 % interval over the new pieces, and the kernel distance.

    Beside it stands the distance of the real pieces' halves to each other: what real music would score on so few
    pieces. Sets with too few pieces for a distance are left out.
    """
    return [_row(name, one) for name, one in sets.items() if min(len(one.made), len(one.true)) >= FEWEST]


def _row(name: str, sets: Sets) -> dict[str, Any]:
    made, true = np.concatenate(sets.made), np.concatenate(sets.true)
    rng, count = np.random.default_rng(0), len(sets.made)
    draws = (rng.integers(0, count, count) for _ in range(RESAMPLES))
    drawn = [frechet_distance(np.concatenate([sets.made[i] for i in draw]), true) for draw in draws]
    low, high = np.quantile(drawn, (0.025, 0.975))
    halves = frechet_distance(np.concatenate(sets.true[::2]), np.concatenate(sets.true[1::2]))
    figures = {"mean": frechet_distance(made, true), "low": low, "high": high, "real halves": halves}
    return {
        "name": name,
        **{key: round(float(value), 2) for key, value in figures.items()},
        "kernel": round(kernel_distance(made, true), 3),
        "count": count,
    }


def _pauses(sets: Sets) -> dict[str, float]:
    """Fraction of the time in which new and real stems pause, on average over the pieces in which they sound."""
    made, true = (round(float(np.concatenate(one).mean()), 2) for one in (sets.made, sets.true))
    return {"pauses": made, "real pauses": true}
