"""A task in notes carried out: given music -> a score -> sound, as a result."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from msgld.api.checks import check_stems
from msgld.api.composing import QUALITIES, Task, composer_of, finished, outside
from msgld.api.gather import Gathered
from msgld.api.given_music import GivenMusic
from msgld.api.options import Options
from msgld.api.record import describe
from msgld.api.remarks import score_remarks
from msgld.api.result import Result
from msgld.audio.stream import stacked
from msgld.model import Model
from msgld.music.bar_features import facts_of, wanted_features
from msgld.music.conditions import Conditions
from msgld.music.grid import to_cells
from msgld.music.render import render
from msgld.music.render.beside import render_beside, spliced
from msgld.music.render.presets import font_at
from msgld.music.score import Score
from msgld.progress import CancelToken, OnProgress
from msgld.stems import RATE
from msgld.tasks.composing import Made, ScorePiece


@dataclass(frozen=True)
class Composing:
    """A task in notes and its circumstances.

    Attributes:
        model: whose score model composes.
        weights: part -> sha256.
        options: quality, seed and the like.
        on_progress: called with the progress.
        cancel: stops the task.
    """

    model: Model
    weights: Mapping[str, str]
    options: Options
    on_progress: OnProgress | None = None
    cancel: CancelToken | None = None

    def result(
        self,
        task: str,
        work: Task,
        music: GivenMusic,
        conditions: Conditions,
        settings: Mapping[str, Any],
        own: np.ndarray | None = None,
    ) -> Result:
        """Carry out a task; what it made is rendered when its sound is first read.

        Args:
            task: its name, for the record.
            work: the task.
            music: the given notes, the bars of the result, and the sound that it keeps.
            conditions: of the piece.
            settings: for the record.
            own: density and loudness of stems where the conditions leave them open, (S, T, ``OWN``).
        """
        began, composer, score = time.monotonic(), composer_of(self.model), music.score
        soundfont = None if self.options.soundfont is None else Path(self.options.soundfont)
        if soundfont is not None:
            font_at(soundfont)  # fails before the work
        sampling = self.options.applied_to(QUALITIES[self.options.quality])
        facts = facts_of(conditions, score.bars, score.timeline, composer.styles)
        given = {stem: to_cells(notes, score.bars) for stem, notes in score.notes.items()}
        check_stems((*conditions.programs, *conditions.density, *conditions.loudness), composer.stems)
        own = wanted_features(conditions, composer.stems, len(score.bars), own)
        piece = ScorePiece(
            composer, given, facts, sampling, conditions.programs, own, self.on_progress, self.cancel
        )
        made = work(piece)
        whole = finished(score, made, conditions, self.options.seed)
        rate = RATE if music.sounds is None else music.sounds.rate
        sound = cache(partial(render, whole, soundfont))
        if music.sounds is not None:
            sound = cache(partial(_beside, whole, made, music.sounds, soundfont))
        info = {
            **describe(self.model, self.weights, task, self.options, sampling, settings),
            "latent": "score",
            "soundfont": None if soundfont is None else str(soundfont),
            "bars": int(score.bars.number[-1]) + 1,
            "bpm": round(float(score.timeline.bpm(np.zeros(1))[0]), 3),
            **music.info,
            "took_seconds": round(time.monotonic() - began, 3),
        }
        remarks = (*music.remarks, *score_remarks(whole, soundfont))
        return Result(sound, lambda: _mixed(sound()), None, rate, info, remarks, whole)


def _mixed(stems: Mapping[str, np.ndarray]) -> np.ndarray:
    """The sum of stems."""
    return stacked(stems.values()).sum(0, dtype=np.float64).astype(np.float32)


def _beside(
    score: Score, made: Mapping[str, Made], sounds: Gathered, soundfont: Path | None
) -> dict[str, np.ndarray]:
    """The given sound as it is, and the made bars beside it."""
    notes = {stem: score.notes[stem].pick(~outside(score.bars, one.wanted, score.notes[stem].onset))
             for stem, one in made.items()}  # fmt: skip
    kept = {stem: wave for stem, wave in sounds.waves.items() if stem not in made}
    new = render_beside(notes, score.timeline, kept or sounds.waves, sounds.rate, sounds.length, soundfont)
    for stem in set(new) & set(sounds.waves):
        (bars,) = np.nonzero(made[stem].wanted)
        start, stop = score.timeline.at(score.bars.start[[bars[0], bars[-1] + 1]])
        new[stem] = spliced(sounds.waves[stem], new[stem], sounds.rate, float(start), float(stop))
    order = dict.fromkeys((*score.notes, *sounds.waves))
    return {stem: new[stem] if stem in new else sounds.waves[stem] for stem in order}
