"""How well is every subset of the stems played to the others? The arrangement table of Karchkhadze et al. (2024)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from msgld.api.msgld import Msgld
from msgld.api.options import NORMAL, Options
from msgld.data.source import Clip
from msgld.dsp.resample import resample
from msgld.evaluation.embeddings import Embedding
from msgld.evaluation.scene import Scene, mels_of, scene
from msgld.evaluation.subset_names import Subset
from msgld.evaluation.table import row
from msgld.evaluation.together import RATE, Fit, agreement, copies, scaled
from msgld.metrics import frechet_distance, log_mel_l1, mel_statistics, pause_share
from msgld.progress import OnProgress, Progress


@dataclass(frozen=True)
class Played:
    """One subset played to one clip.

    Attributes:
        error: log-mel L1 to the true stems. made, true: their mel statistics, (n, 48).
        pauses: share of the time in which the made and the true stems pause, (2, n).
        fit: how well they go with the given stems.
        copies: how many of them are copies of given stems.
        songs: by network, points of the made stems together with the given ones, and of the true song.
    """

    error: float
    made: np.ndarray
    true: np.ndarray
    pauses: np.ndarray
    fit: Fit | None = None
    copies: int = 0
    songs: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)


def play(
    model: Msgld,
    clip: Scene,
    subset: Subset,
    options: Options = NORMAL,
    advance: Callable[[float], None] = lambda share: None,
    foreign: Scene | None = None,
    networks: Sequence[Embedding] = (),
) -> Played | None:
    """Make stems to the sounding others with :meth:`msgld.api.msgld.Msgld.arrange`, which gets those as they are.

    Args:
        subset: names of the stems to make. advance: called with shares of the whole as it proceeds.
        foreign: another song, whose stems show what fits by chance; without it fits are not measured.
        networks: for ``Played.songs``.

    Returns:
        None where no other stem sounds, or no true stem of the subset.
    """
    names = [stem for stem in subset if clip.clip.present[model.stems.index(stem)]]
    wanted = [model.stems.index(stem) for stem in names if clip.sounding[model.stems.index(stem)]]
    given = [k for k, stem in enumerate(model.stems) if clip.sounding[k] and stem not in subset]
    if not wanted or not given:
        advance(1)
        return None
    sounds = {model.stems[k]: (clip.clip.stems[k], clip.clip.rate) for k in given}
    result = model.arrange(sounds, names, options=options, on_progress=_in_shares(advance))
    made = np.stack([result.stems[model.stems[k]] for k in wanted])
    return _compared(model, clip, made, wanted, given, foreign, networks)


def _in_shares(advance: Callable[[float], None]) -> OnProgress:
    """Pass progress on as the share that was done since the last report."""
    done = 0.0

    def report(progress: Progress) -> None:
        nonlocal done
        advance(progress.fraction - done)
        done = progress.fraction

    return report


def _compared(
    model: Msgld,
    clip: Scene,
    made: np.ndarray,
    wanted: Sequence[int],
    given: Sequence[int],
    foreign: Scene | None,
    networks: Sequence[Embedding],
) -> Played:
    """Compare made stems (n, channels, L), which are tracks ``wanted``, with the clip's own."""
    mels, true = mels_of(model, made, clip.clip.rate, clip.gain), clip.mels[wanted]
    waves = dict(zip(wanted, resample(made, clip.clip.rate, RATE), strict=True))
    frames = model.model.codec.mel.rate / model.model.codec.mel.hop
    return Played(
        log_mel_l1(mels, true),
        mel_statistics(mels, frames),
        mel_statistics(true, frames),
        np.array([[pause_share(one) for one in side] for side in (mels, true)]),
        None if foreign is None else _fit(model, clip, foreign, waves, given),
        copies(mels, clip.mels[list(given)]),
        {network.name: _songs(network, clip, waves, given) for network in networks},
    )


def _songs(
    network: Embedding, clip: Scene, made: dict[int, np.ndarray], given: Sequence[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Points of the made stems with the given ones as they are, and of the true song, as sub-FAD compares them."""
    kept = clip.sound[list(given)].sum(0)
    played = sum(wave[:, : kept.shape[-1]] for wave in made.values()) + kept
    sounds = (played, clip.sound[[*given, *made]].sum(0))
    first, second = (network.embed(resample(sound, RATE, network.rate)) for sound in sounds)
    return first, second


def _fit(model: Msgld, clip: Scene, foreign: Scene, made: dict[int, np.ndarray], given: Sequence[int]) -> Fit:
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
    model: Msgld,
    clips: Iterable[Clip],
    advance: Callable[[float], None],
    options: Options,
    subsets: Sequence[Subset],
    networks: Sequence[Embedding] = (),
) -> dict[str, Any]:
    """Rows of figures, a subset each, and one over all; clip i is played with the seed ``options.seed + i``."""
    played: dict[Subset, list[Played | None]] = {subset: [] for subset in subsets}
    scenes = [scene(model, clip) for clip in clips]
    for number, seen in enumerate(scenes):
        numbered = replace(options, seed=options.seed + number)
        foreign = scenes[(number + len(scenes) // 2) % len(scenes)] if len(scenes) > 1 else None
        for subset, results in played.items():
            results.append(play(model, seen, subset, numbered, advance, foreign, networks))
    values = {"+".join(subset): [_error(result) for result in results] for subset, results in played.items()}
    return {"rows": subset_rows(played), "values": values, "names": [seen.clip.name for seen in scenes]}


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
        **_pauses(kept),
        **_song_distances(kept),
    }


def _pauses(kept: Sequence[Played]) -> dict[str, float | None]:
    """How much of the time made and true stems pause, on average."""
    if not kept:
        return {"pauses": None, "real pauses": None}
    made, true = np.concatenate([result.pauses for result in kept], axis=1).mean(1)
    return {"pauses": round(float(made), 2), "real pauses": round(float(true), 2)}


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
