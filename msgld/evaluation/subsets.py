"""How well is every subset of the stems played to the others? The arrangement table of Karchkhadze et al. (2024)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
import torch
from torch import Tensor

from msgld.data.source import Clip
from msgld.errors import UsageError
from msgld.evaluation.codec import whole_frames
from msgld.evaluation.table import row
from msgld.metrics import frechet_distance, is_silent, log_mel_l1, mel_statistics
from msgld.model import Model
from msgld.sound.mel import log_mel
from msgld.tasks import maps, render
from msgld.tasks.maps import Settings

Subset = tuple[str, ...]


def proper_subsets(stems: Sequence[str]) -> list[Subset]:
    """Every subset that leaves a stem to be given, the small ones first: 14 of four stems, 30 of five."""
    return [chosen for size in range(1, len(stems)) for chosen in combinations(stems, size)]


def named_subsets(text: str, stems: Sequence[str]) -> list[Subset]:
    """Subsets as they are typed: ``all``, or ``guitar+piano,bass``; each in the order of the stems, and once.

    Raises:
        UsageError: none, a stem that there is not, or all stems at once.
    """
    if text.strip().lower() == "all":
        return proper_subsets(stems)
    found = [_subset(part, stems) for part in text.split(",") if part.strip()]
    if not found:
        raise UsageError("name subsets of stems, such as guitar+piano,bass, or all")
    return list(dict.fromkeys(found))


def _subset(text: str, stems: Sequence[str]) -> Subset:
    names = {name.strip().lower() for name in text.split("+")}
    unknown = sorted(names - set(stems))
    if unknown:
        raise UsageError(f"this model has no stem {unknown[0]!r}; it has: {', '.join(stems)}")
    if len(names) == len(stems):
        raise UsageError(f"{text.strip()} leaves no stem to be given: leave one out")
    return tuple(stem for stem in stems if stem in names)


@dataclass(frozen=True)
class Scene:
    """A clip as a model sees it.

    Attributes:
        mels: true log-mels of the stems, (S, M, N). z: latents of all tracks, (1, K, C, T).
        sounding: bool (S,), stems that are there and not silent. absent: tracks that the data lacks.
    """

    mels: Tensor
    z: Tensor
    sounding: np.ndarray
    absent: list[int]


@torch.inference_mode()
def scene(model: Model, clip: Clip) -> Scene:
    """Encode a clip."""
    mels = log_mel(whole_frames(clip, model).to(model.device), model.codec.mel)
    latents = model.codec.encode(mels)
    z = torch.cat([latents, torch.zeros_like(latents[:1])]).unsqueeze(0)
    silent = np.array([is_silent(stem) for stem in clip.stems])
    absent = [int(k) for k in np.flatnonzero(~clip.present)]
    return Scene(mels, z, clip.present & ~silent, absent)


@dataclass(frozen=True)
class Played:
    """One subset played to one clip: log-mel L1, and the mel statistics (n, 48) of made and of true stems."""

    error: float
    made: np.ndarray
    true: np.ndarray


@torch.inference_mode()
def play(
    model: Model, clip: Scene, made: Sequence[int], settings: Settings, advance: Callable[[float], None]
) -> Played | None:
    """Play stems to the others; None where none of the others sounds, or none of the true ones.

    Args:
        made: tracks to be played. advance: told of each network call as a share of the whole.
    """
    audible = [k for k in made if clip.sounding[k]]
    given = [k for k in range(len(clip.mels)) if k not in made]
    if not audible or not clip.sounding[given].any():
        advance(1)
        return None
    task = maps.arrange(len(clip.mels) + 1, clip.z.shape[-1], dict.fromkeys(given, 0.0))
    task = maps.without(task, clip.absent)
    share = 1 / render.calls(model, task, settings)
    z = render.make(model, clip.z, task, settings, lambda: advance(share))
    decoded = model.codec.decode(z[0, audible]).cpu().numpy()
    true = clip.mels[audible].cpu().numpy()
    rate = model.codec.mel.rate / model.codec.mel.hop
    return Played(log_mel_l1(decoded, true), mel_statistics(decoded, rate), mel_statistics(true, rate))


def measure_subsets(
    model: Model,
    clips: Iterable[Clip],
    advance: Callable[[float], None],
    settings: Settings,
    subsets: Sequence[Subset],
) -> dict[str, Any]:
    """Rows of figures, a subset each, and one over all; clip i is played with the seed ``settings.seed + i``."""
    played: dict[Subset, list[Played | None]] = {subset: [] for subset in subsets}
    names = []
    for number, clip in enumerate(clips):
        seen = scene(model, clip)
        numbered = replace(settings, seed=settings.seed + number)
        for subset, results in played.items():
            made = [model.stems.index(stem) for stem in subset]
            results.append(play(model, seen, made, numbered, advance))
        names.append(clip.name)
    values = {"+".join(subset): [_error(result) for result in results] for subset, results in played.items()}
    return {"rows": subset_rows(played), "values": values, "names": names}


def _error(result: Played | None) -> float | None:
    return None if result is None else round(result.error, 4)


def subset_rows(played: dict[Subset, list[Played | None]]) -> list[dict[str, Any]]:
    """Log-mel L1 over the clips of each subset with its interval, and the mel-statistics distance of the set.

    The distance is None where fewer than two stems were played.
    """
    rows = [_row("+".join(subset), results) for subset, results in played.items()]
    if len(rows) > 1:
        every = [result for results in played.values() for result in results]
        rows.append({**_row("all subsets", every), "distance": _mean([one["distance"] for one in rows])})
    return [one for one in rows if one["count"]]


def _row(name: str, results: Sequence[Played | None]) -> dict[str, Any]:
    kept = [result for result in results if result is not None]
    points = sum(len(result.made) for result in kept)
    distance = None
    if points > 1:
        made, true = (np.concatenate([getattr(r, side) for r in kept]) for side in ("made", "true"))
        distance = round(frechet_distance(made, true), 3)
    return {**row(name, [result.error for result in kept], 3), "distance": distance}


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(float(np.mean(known)), 3) if known else None
