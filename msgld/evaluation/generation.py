"""Does what a model invents sound like music? Mel-statistics distances of new pieces to real clips, stem by stem."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch

from msgld.data.source import Clip
from msgld.errors import ModelError
from msgld.evaluation.codec import whole_frames
from msgld.evaluation.page import EXAMPLES, Example
from msgld.metrics import frechet_distance, is_silent, mel_statistics
from msgld.model import Model
from msgld.sound.mel import log_mel
from msgld.tasks import maps, render
from msgld.tasks.level import gain_to_reference
from msgld.tasks.maps import Settings

RESAMPLES = 200
"""Bootstrap samples of the new pieces, of which the interval of a distance is made."""

MIXTURE = "mixture"


@dataclass(frozen=True)
class Sets:
    """Mel statistics of new and of real pieces, (n, 48) and (m, 48)."""

    made: list[np.ndarray]
    true: list[np.ndarray]


@torch.inference_mode()
def invent(model: Model, frames: int, settings: Settings) -> np.ndarray:
    """Stems (S, L) of a new piece of so many latent frames, mono at the model's rate."""
    task = maps.generate(len(model.stems) + 1, frames)
    z = render.make(
        model, render.encode(model, {}, model.codec.mel.rate, frames, 1.0), task, settings, lambda: None
    )
    return np.stack([render.vocode(model, stem, 0, frames) for stem in z[0, :-1]])


def statistics(model: Model, stems: np.ndarray) -> dict[str, np.ndarray]:
    """Mel statistics (48,) of the mixture of stems (S, channels, L) and of every stem that sounds.

    The mixture is brought to the level that the model knows.
    """
    waves = torch.from_numpy(stems).float()
    waves = waves * gain_to_reference(waves.sum(0), model.level)
    tracks = {MIXTURE: waves.sum(0)} | dict(zip(model.stems, waves, strict=True))
    rate = model.codec.mel.rate / model.codec.mel.hop
    return {
        name: mel_statistics(log_mel(wave, model.codec.mel).numpy(), rate)
        for name, wave in tracks.items()
        if not is_silent(wave.numpy())
    }


def measure_generation(
    model: Model, clips: Iterable[Clip], advance: Callable[[float], None], settings: Settings
) -> dict[str, Any]:
    """Invent as many pieces as there are clips, each as long as its clip and with its number for a seed.

    Raises:
        ModelError: the model has no vocoder.
    """
    if model.vocoder is None:
        raise ModelError(f"the model {model.name!r} has no vocoder: it only separates")
    names = (MIXTURE, *model.stems)
    sets = {name: Sets([], []) for name in names}
    examples: list[Example] = []
    for number, clip in enumerate(clips):
        real = whole_frames(clip, model).numpy()
        frames = real.shape[-1] // model.codec.frame_samples
        piece = invent(model, frames, replace(settings, seed=settings.seed + number))[:, None]
        for name, values in statistics(model, real).items():
            sets[name].true.append(values)
        for name, values in statistics(model, piece).items():
            sets[name].made.append(values)
        if len(examples) < EXAMPLES:
            tracks = {MIXTURE: piece.sum(0)} | dict(zip(model.stems, piece, strict=True))
            examples.append(Example(f"piece {number}", tracks, model.codec.mel.rate))
        advance(1)
    return {"rows": generation_rows(sets), "examples": examples}


def generation_rows(sets: dict[str, Sets]) -> list[dict[str, Any]]:
    """The distance of each set of pieces with its 95 % interval over the new pieces.

    Beside it stands that of the real pieces' halves to each other: what real music would score on so few pieces.
    """
    return [_row(name, one) for name, one in sets.items() if min(len(one.made), len(one.true)) > 3]


def _row(name: str, sets: Sets) -> dict[str, Any]:
    made, true = np.stack(sets.made), np.stack(sets.true)
    rng = np.random.default_rng(0)
    drawn = [frechet_distance(made[_again(rng, len(made))], true) for _ in range(RESAMPLES)]
    low, high = np.quantile(drawn, (0.025, 0.975))
    figures = {"mean": frechet_distance(made, true), "low": low, "high": high}
    halves = frechet_distance(true[::2], true[1::2])
    return {
        "name": name,
        **{key: round(float(value), 2) for key, value in figures.items()},
        "real halves": round(halves, 2),
        "count": len(made),
    }


def _again(rng: np.random.Generator, count: int) -> Sequence[int]:
    return list(rng.integers(0, count, count))
