"""Does what a model invents sound like music? Mel-statistics distances of new pieces to real clips, stem by stem."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from msgld.api.msgld import Msgld
from msgld.api.options import NORMAL, Options
from msgld.data.source import Clip
from msgld.dsp.resample import resample
from msgld.evaluation.codec import whole_frames
from msgld.evaluation.embeddings import Embedding, mel_embedding, pauses_embedding
from msgld.evaluation.page import EXAMPLES, Example
from msgld.metrics import frechet_distance, is_silent, kernel_distance
from msgld.model import Model
from msgld.tasks.loudness import gain_to_reference

RESAMPLES = 200
"""Bootstrap samples of the new pieces, of which the interval of a distance is made."""

MIXTURE = "mixture"


FEWEST = 4
"""Pieces that a distance between sets needs, of either."""


@dataclass(frozen=True)
class Sets:
    """What new and real pieces were turned into: for each piece its points (n, D)."""

    made: list[np.ndarray]
    true: list[np.ndarray]

    @property
    def comparable(self) -> bool:
        """Whether there are enough of either for a distance."""
        return min(len(self.made), len(self.true)) >= FEWEST


def invent(model: Msgld, seconds: float, options: Options) -> np.ndarray:
    """Stems (S, channels, L) of a new piece at the model's rate, through :meth:`msgld.api.msgld.Msgld.generate`."""
    stems = model.generate(seconds, options=options).stems
    return np.stack([stems[stem] for stem in model.stems])


def embedded(model: Model, stems: np.ndarray, embedding: Embedding) -> dict[str, np.ndarray]:
    """Points (n, D) of the mixture of stems (S, channels, L) at the model's rate, and of every stem that sounds.

    The mixture is brought to the level that the model knows.
    """
    waves = torch.from_numpy(stems).float()
    waves = waves * gain_to_reference(waves.sum(0), model.codec.mel.rate, model.reference_rms)
    tracks = {MIXTURE: waves.sum(0)} | dict(zip(model.stems, waves, strict=True))
    heard = {name: wave.numpy() for name, wave in tracks.items() if not is_silent(wave.numpy())}
    rate = model.codec.mel.rate
    return {name: embedding.embed(resample(wave, rate, embedding.rate)) for name, wave in heard.items()}


def measure_generation(
    model: Msgld,
    clips: Iterable[Clip],
    advance: Callable[[float], None],
    options: Options = NORMAL,
    networks: Sequence[Embedding] = (),
) -> dict[str, Any]:
    """Invent as many pieces as there are clips, each as long as its clip and with its number for a seed.

    Args:
        networks: with which to compare besides mel statistics.

    Raises:
        ModelError: the model has no vocoder.
    """
    mel = model.model.codec.mel
    embeddings = [mel_embedding(mel), pauses_embedding(mel), *networks]
    sets: list[dict[str, Sets]] = [
        {name: Sets([], []) for name in (MIXTURE, *model.stems)} for _ in embeddings
    ]
    examples: list[Example] = []
    for number, clip in enumerate(clips):
        real = whole_frames(clip, model.model).numpy()
        seconds = real.shape[-1] / mel.rate
        piece = invent(model, seconds, replace(options, seed=options.seed + number))
        for embedding, found in zip(embeddings, sets, strict=True):
            for name, points in embedded(model.model, real, embedding).items():
                found[name].true.append(points)
            for name, points in embedded(model.model, piece, embedding).items():
                found[name].made.append(points)
        if len(examples) < EXAMPLES:
            tracks = {MIXTURE: piece.sum(0)} | dict(zip(model.stems, piece, strict=True))
            examples.append(Example(f"piece {number}", tracks, mel.rate))
        advance(1)
    statistics, pauses, *others = sets
    rows = [one | pause_figures(pauses[one["name"]]) for one in generation_rows(statistics)]
    for embedding, found in zip(networks, others, strict=True):
        rows += [
            {**one, "name": f"{embedding.name}, {one['name']}", **NO_PAUSES} for one in generation_rows(found)
        ]
    return {"rows": rows, "examples": examples}


def generation_rows(sets: dict[str, Sets]) -> list[dict[str, Any]]:
    """The Fréchet distance of each set of pieces with its 95 % interval over the new pieces, and the kernel distance.

    Beside it stands that of the real pieces' halves to each other: what real music would score on so few pieces.
    """
    return [_row(name, one) for name, one in sets.items() if one.comparable]


NO_PAUSES = {"pauses": None, "real pauses": None}
"""Of rows that other networks made."""


def pause_figures(sets: Sets) -> dict[str, float]:
    """How much of the time new and real stems pause, on average over the pieces in which they sound at all."""
    made, true = (round(float(np.concatenate(one).mean()), 2) for one in (sets.made, sets.true))
    return dict(zip(NO_PAUSES, (made, true), strict=True))


def _row(name: str, sets: Sets) -> dict[str, Any]:
    made, true = np.concatenate(sets.made), np.concatenate(sets.true)
    rng = np.random.default_rng(0)
    drawn = [frechet_distance(np.concatenate(_again(rng, sets.made)), true) for _ in range(RESAMPLES)]
    low, high = np.quantile(drawn, (0.025, 0.975))
    figures = {"mean": frechet_distance(made, true), "low": low, "high": high}
    halves = frechet_distance(np.concatenate(sets.true[::2]), np.concatenate(sets.true[1::2]))
    return {
        "name": name,
        **{key: round(float(value), 2) for key, value in figures.items()},
        "real halves": round(halves, 2),
        "kernel": round(kernel_distance(made, true), 3),
        "count": len(sets.made),
    }


def _again(rng: np.random.Generator, pieces: Sequence[np.ndarray]) -> list[np.ndarray]:
    """As many pieces, drawn with replacement."""
    return [pieces[i] for i in rng.integers(0, len(pieces), len(pieces))]
