"""How well do made stems go with the given ones? The arrangement table of Karchkhadze et al. (2024)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar

import numpy as np

from msgld.api.msgld import Msgld
from msgld.api.options import NORMAL, Options
from msgld.api.quality import of_making
from msgld.data.source import Clip
from msgld.dsp.mel import log_mel
from msgld.dsp.resample import resample
from msgld.evaluation.codec import at_model_rate, reference_gain
from msgld.evaluation.embeddings import Embedding
from msgld.evaluation.measures import sounding
from msgld.evaluation.question import Advance, Question
from msgld.evaluation.report import row
from msgld.evaluation.subsets import Subset, usual_subsets
from msgld.metrics import frechet_distance, log_mel_l1, mel_statistics, pause_fraction
from msgld.metrics.coherence import agreement, copies, on_scale
from msgld.progress import OnProgress, Progress

RATE = 22_050
"""Rate at which sounds are compared, in Hz: onsets and notes show below 11 kHz."""


@dataclass(frozen=True)
class Arrangement(Question):
    """The question; see :class:`Question`. Clip i is played with the seed ``options.seed + i``.

    Attributes:
        subsets: stems to make to the others; by default the usual ones.
        networks: with which to compare songs besides mel statistics.
    """

    subsets: Sequence[Subset] = ()
    networks: Sequence[Embedding] = ()

    unit: ClassVar[str] = "arrangements"

    def about(self) -> dict[str, Any]:
        """Subsets and sampler."""
        settings = self.sampling(of_making(self.options, self.model.model))
        return {"subsets": ["+".join(subset) for subset in self._subsets()], **settings}

    def work(self, clips: int) -> int:
        """An arrangement of each clip for each subset."""
        return clips * len(self._subsets())

    def answer(self, clips: Iterable[Clip], advance: Advance) -> dict[str, Any]:
        """A row for each subset, and one over all; ``values`` are the errors of each subset, clip by clip."""
        played: dict[Subset, list[Played | None]] = {subset: [] for subset in self._subsets()}
        scenes = [scene(self.model, clip) for clip in clips]
        for number, one in enumerate(scenes):
            options = replace(self.options, seed=self.options.seed + number)
            foreign = scenes[(number + len(scenes) // 2) % len(scenes)] if len(scenes) > 1 else None
            for subset, results in played.items():
                results.append(play(self.model, one, subset, options, advance, foreign, self.networks))
        values = {
            "+".join(subset): [one and round(one.error, 4) for one in every]
            for subset, every in played.items()
        }
        return {"rows": subset_rows(played), "values": values, "names": [one.clip.name for one in scenes]}

    def _subsets(self) -> Sequence[Subset]:
        return self.subsets or usual_subsets(self.model.stems)


@dataclass(frozen=True)
class Scene:
    """A clip whose stems are compared with those made in their place.

    Attributes:
        clip: as the data set has it.
        sounding: bool (S,), stems that are present and not silent.
        gain: brings the clip to the loudness at which the model was trained, for spectra.
        mels: log-mels of the true stems at that loudness, (S, M, N).
        sound: the true stems, (S, channels, L) at ``RATE``.
    """

    clip: Clip
    sounding: np.ndarray
    gain: float
    mels: np.ndarray
    sound: np.ndarray


def scene(model: Msgld, clip: Clip) -> Scene:
    """Prepare a clip."""
    gain = reference_gain(clip, model.model)
    return Scene(
        clip,
        sounding(clip),
        gain,
        _mels(model, clip.stems, clip.rate, gain),
        resample(clip.stems, clip.rate, RATE),
    )


def _mels(model: Msgld, stems: np.ndarray, rate: int, gain: float) -> np.ndarray:
    """Log-mels (n, M, N) of stems (n, channels, L) at ``rate``, made louder by ``gain``."""
    return log_mel(at_model_rate(stems, rate, model.model, gain), model.model.codec.mel).numpy()


@dataclass(frozen=True)
class Played:
    """One subset played to one clip.

    Attributes:
        error: log-mel L1 to the true stems.
        made: mel statistics of the made stems, (n, 48).
        true: mel statistics of the true stems, (n, 48).
        pauses: fraction of the time in which the made and the true stems pause, (2, n).
        fit: rhythm and tone in common with the given stems of the made, another song's and the true stems, (3, 2).
        copies: how many of them are copies of given stems.
        songs: by network, points of the made stems together with the given ones, and of the true song.
    """

    error: float
    made: np.ndarray
    true: np.ndarray
    pauses: np.ndarray
    fit: np.ndarray | None = None
    copies: int = 0
    songs: Mapping[str, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)


def play(
    model: Msgld,
    scene: Scene,
    subset: Subset,
    options: Options = NORMAL,
    advance: Advance = lambda fraction: None,
    foreign: Scene | None = None,
    networks: Sequence[Embedding] = (),
) -> Played | None:
    """Make stems to the sounding others with :meth:`msgld.api.msgld.Msgld.arrange`, which gets those as they are.

    Args:
        model: the model.
        scene: the clip.
        subset: names of the stems to make.
        options: of the call.
        advance: called with fractions of the whole as it proceeds.
        foreign: another song, whose stems show what fits by chance; without it fits are not measured.
        networks: for ``Played.songs``.

    Returns:
        None where no other stem sounds, or no true stem of the subset.
    """
    clip = scene.clip
    names = [stem for stem in subset if clip.present[model.stems.index(stem)]]
    wanted = [model.stems.index(stem) for stem in names if scene.sounding[model.stems.index(stem)]]
    given = [k for k, stem in enumerate(model.stems) if scene.sounding[k] and stem not in subset]
    if not wanted or not given:
        advance(1)
        return None
    sounds = {model.stems[k]: (clip.stems[k], clip.rate) for k in given}
    result = model.arrange(sounds, names, options=options, on_progress=_as_fractions(advance))
    made = np.stack([result.stems[model.stems[k]] for k in wanted])
    mels, true = _mels(model, made, clip.rate, scene.gain), scene.mels[wanted]
    columns = model.model.codec.mel.rate / model.model.codec.mel.hop
    waves = resample(made, clip.rate, RATE)
    return Played(
        log_mel_l1(mels, true),
        mel_statistics(mels, columns),
        mel_statistics(true, columns),
        np.array([[pause_fraction(one) for one in side] for side in (mels, true)]),
        None if foreign is None else _fit(model.stems, scene, foreign, waves, wanted, given),
        copies(mels, scene.mels[given]),
        {network.name: _songs(network, scene, waves, wanted, given) for network in networks},
    )


def _as_fractions(advance: Advance) -> OnProgress:
    """Pass progress on as the fraction of the whole that was done since the last report."""
    done = 0.0

    def report(progress: Progress) -> None:
        nonlocal done
        advance(progress.fraction - done)
        done = progress.fraction

    return report


def _songs(
    network: Embedding, scene: Scene, made: np.ndarray, wanted: list[int], given: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Points of the made stems with the given ones as they are, and of the true song, as sub-FAD compares them."""
    kept = scene.sound[given].sum(0)
    sounds = (sum(wave[:, : kept.shape[-1]] for wave in made) + kept, scene.sound[[*given, *wanted]].sum(0))
    first, second = (network.embed(resample(sound, RATE, network.rate)) for sound in sounds)
    return first, second


def _fit(
    names: Sequence[str], scene: Scene, foreign: Scene, made: np.ndarray, wanted: list[int], given: list[int]
) -> np.ndarray:
    """Agreement with the given stems of the made stems, of the foreign song's and of the true ones, (3, 2)."""
    others = {names[k]: scene.sound[k] for k in given}
    parts = (made, foreign.sound[wanted], scene.sound[wanted])
    stems = [names[k] for k in wanted]
    return np.array([agreement(dict(zip(stems, part, strict=True)), others, RATE) for part in parts])


def subset_rows(played: Mapping[Subset, Sequence[Played | None]]) -> list[dict[str, Any]]:
    """Log-mel L1 over the clips of each subset with its interval, and figures of the set as a whole.

    These are the mel-statistics distance (None where fewer than two stems were played), the rhythm and tone in common
    with the given stems on a scale from shuffled (0) to true stems (1), copies, and fractions of pauses.
    """
    rows = [_row("+".join(subset), results) for subset, results in played.items()]
    if len(rows) > 1:
        known = [one["distance"] for one in rows if one["distance"] is not None]
        every = _row("all subsets", [result for results in played.values() for result in results])
        rows.append({**every, "distance": round(float(np.mean(known)), 3) if known else None})
    return [one for one in rows if one["count"]]


def _row(name: str, results: Sequence[Played | None]) -> dict[str, Any]:
    kept = [result for result in results if result is not None]
    figures = row(name, [result.error for result in kept], 3)
    if not kept:
        return {**figures, "distance": None}
    fits = np.array([result.fit for result in kept if result.fit is not None]).reshape(-1, 3, 2)
    rhythm, tone = (on_scale(*fits[..., aspect].T) for aspect in (0, 1))
    made, true = np.concatenate([result.pauses for result in kept], axis=1).mean(1)
    songs = {network: [result.songs[network] for result in kept] for network in kept[0].songs}
    return {
        **figures,
        "distance": _distance([(result.made, result.true) for result in kept]),
        "rhythm": rhythm,
        "tone": tone,
        "copies": sum(result.copies for result in kept),
        "pauses": round(float(made), 2),
        "real pauses": round(float(true), 2),
        **{network: _distance(pairs) for network, pairs in songs.items()},
    }


def _distance(pairs: Sequence[tuple[np.ndarray, np.ndarray]]) -> float | None:
    """Fréchet distance of all made to all true points; None where a set has fewer than two."""
    made, true = (np.concatenate(points) for points in zip(*pairs, strict=True))
    return round(frechet_distance(made, true), 3) if min(len(made), len(true)) > 1 else None
