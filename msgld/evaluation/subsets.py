"""How well is every subset of the stems played to the others? The arrangement table of Karchkhadze et al. (2024)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import Any

import numpy as np
import torch
from torch import Tensor

from msgld.brief import OPEN
from msgld.data.source import Clip
from msgld.errors import UsageError
from msgld.evaluation.codec import whole_frames
from msgld.evaluation.embeddings import Embedding
from msgld.evaluation.table import row
from msgld.evaluation.together import RATE, Fit, agreement, copies, scaled
from msgld.metrics import frechet_distance, is_silent, log_mel_l1, mel_statistics
from msgld.model import Model
from msgld.sound.mel import log_mel
from msgld.sound.resample import resample
from msgld.tasks import maps, render
from msgld.tasks.asked import briefed
from msgld.tasks.hearing import in_heard_key
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
        sound: the stems, (S, channels, L) at ``together.RATE``.
    """

    mels: Tensor
    z: Tensor
    sounding: np.ndarray
    absent: list[int]
    sound: np.ndarray


@torch.inference_mode()
def scene(model: Model, clip: Clip) -> Scene:
    """Encode a clip."""
    audio = whole_frames(clip, model)
    mels = log_mel(audio.to(model.device), model.codec.mel)
    latents = model.codec.encode(mels)
    z = torch.cat([latents, torch.zeros_like(latents[:1])]).unsqueeze(0)
    silent = np.array([is_silent(stem) for stem in clip.stems])
    absent = [int(k) for k in np.flatnonzero(~clip.present)]
    flat = resample(audio.flatten(0, 1).numpy(), model.codec.mel.rate, RATE)
    sound = flat.reshape(*audio.shape[:2], -1)
    return Scene(mels, z, clip.present & ~silent, absent, sound)


@dataclass(frozen=True)
class Played:
    """One subset played to one clip.

    Attributes:
        error: log-mel L1 to the true stems. made, true: their mel statistics, (n, 48).
        fit: how well they go with the given stems; None for models without a vocoder.
        copies: how many of them are copies of given stems.
        songs: by network, points of what was played together with the given stems, and of the true song.
    """

    error: float
    made: np.ndarray
    true: np.ndarray
    fit: Fit | None = None
    copies: int = 0
    songs: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)


@torch.inference_mode()
def play(
    model: Model,
    clip: Scene,
    made: Sequence[int],
    settings: Settings,
    advance: Callable[[float], None],
    foreign: Scene | None = None,
    networks: Sequence[Embedding] = (),
) -> Played | None:
    """Play stems to the others, in their key; None where none of the others sounds, or none of the true ones.

    Args:
        made: tracks to be played. advance: told of each network call as a share of the whole.
        foreign: another song, whose stems show what fits by chance; without it fits are not measured.
        networks: for ``Played.songs``.
    """
    audible = [k for k in made if clip.sounding[k]]
    given = [k for k in range(len(clip.mels)) if k not in made]
    if not audible or not clip.sounding[given].any():
        advance(1)
        return None
    task = maps.arrange(len(clip.mels) + 1, clip.z.shape[-1], dict.fromkeys(given, 0.0))
    task = maps.without(task, clip.absent)
    heard = [k for k in given if clip.sounding[k]]
    brief = OPEN
    if model.styles:
        brief = in_heard_key(OPEN, {model.stems[k]: clip.sound[k] for k in heard}, RATE)
        task = briefed(model, task, brief)
    share = 1 / render.calls(model, task, settings)
    z = render.make(model, clip.z, task, settings, lambda: advance(share))
    decoded = model.codec.decode(z[0, audible]).cpu().numpy()
    true = clip.mels[audible].cpu().numpy()
    rate = model.codec.mel.rate / model.codec.mel.hop
    fit, songs = None, {}
    if model.vocoder is not None and (foreign is not None or networks):
        waves = _waves(model, {k: z[0, k] for k in audible}, brief.key)
        fit = None if foreign is None else _fit(model, clip, foreign, waves, heard)
        songs = {network.name: _songs(network, clip, waves, heard) for network in networks}
    copied = copies(decoded, clip.mels[heard].cpu().numpy())
    made_statistics, true_statistics = mel_statistics(decoded, rate), mel_statistics(true, rate)
    return Played(log_mel_l1(decoded, true), made_statistics, true_statistics, fit, copied, songs)


def _waves(model: Model, made: dict[int, Tensor], key: str | None) -> dict[int, np.ndarray]:
    """Latents by track as sounds, (1, L) at ``RATE``."""
    stems, rate = model.stems, model.codec.mel.rate
    sounds = {k: render.vocode(model, z, 0, z.shape[-1], stems[k], key) for k, z in made.items()}
    return {k: resample(sound[None], rate, RATE) for k, sound in sounds.items()}


def _songs(
    network: Embedding, clip: Scene, made: dict[int, np.ndarray], given: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Points of the made stems with the given ones as they are, and of the true song, as sub-FAD compares them."""
    kept = clip.sound[list(given)].sum(0)
    played = sum(wave[:, : kept.shape[-1]] for wave in made.values()) + kept
    sounds = (played, clip.sound[[*given, *made]].sum(0))
    first, second = (network.embed(resample(sound, RATE, network.rate)) for sound in sounds)
    return first, second


def _fit(model: Model, clip: Scene, foreign: Scene, made: dict[int, np.ndarray], given: Sequence[int]) -> Fit:
    """Agreement with the given stems of what was made, of the foreign song's stems and of the true ones."""

    def named(sounds: dict[int, np.ndarray]) -> dict[str, np.ndarray]:
        return {model.stems[k]: sound for k, sound in sounds.items()}

    others = named({k: clip.sound[k] for k in given})
    return Fit(
        agreement(named(made), others),
        agreement(named({k: foreign.sound[k] for k in made}), others),
        agreement(named({k: clip.sound[k] for k in made}), others),
    )


def measure_subsets(
    model: Model,
    clips: Iterable[Clip],
    advance: Callable[[float], None],
    settings: Settings,
    subsets: Sequence[Subset],
    networks: Sequence[Embedding] = (),
) -> dict[str, Any]:
    """Rows of figures, a subset each, and one over all; clip i is played with the seed ``settings.seed + i``."""
    played: dict[Subset, list[Played | None]] = {subset: [] for subset in subsets}
    names, scenes = [], []
    for clip in clips:
        scenes.append(scene(model, clip))
        names.append(clip.name)
    for number, seen in enumerate(scenes):
        numbered = replace(settings, seed=settings.seed + number)
        foreign = scenes[(number + len(scenes) // 2) % len(scenes)] if len(scenes) > 1 else None
        for subset, results in played.items():
            made = [model.stems.index(stem) for stem in subset]
            results.append(play(model, seen, made, numbered, advance, foreign, networks))
    values = {"+".join(subset): [_error(result) for result in results] for subset, results in played.items()}
    return {"rows": subset_rows(played), "values": values, "names": names}


def _error(result: Played | None) -> float | None:
    return None if result is None else round(result.error, 4)


def subset_rows(played: dict[Subset, list[Played | None]]) -> list[dict[str, Any]]:
    """Log-mel L1 over the clips of each subset with its interval, and what is said of the set as a whole.

    That is the mel-statistics distance (None where fewer than two stems were played), rhythm and tone that are shared
    with the given stems on a scale from shuffled (0) to true stems (1), and how many stems were copies.
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
    fits = [result.fit for result in kept if result.fit is not None]
    return {
        **row(name, [result.error for result in kept], 3),
        "distance": distance,
        "rhythm": scaled(fits, "rhythm"),
        "tone": scaled(fits, "tone"),
        "copies": sum(result.copies for result in kept),
        **_song_distances(kept),
    }


def _song_distances(kept: Sequence[Played]) -> dict[str, float | None]:
    """By network, the Fréchet distance of arranged songs to the true ones (sub-FAD)."""
    found: dict[str, float | None] = {}
    for name in kept[0].songs if kept else ():
        made, true = (np.concatenate([result.songs[name][side] for result in kept]) for side in (0, 1))
        found[name] = round(frechet_distance(made, true), 3) if min(len(made), len(true)) > 1 else None
    return found


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(float(np.mean(known)), 3) if known else None
