"""Transcribe: the sound of stems -> a score, by the listener and the beat tracker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from msgld.music.grid import to_cells
from msgld.music.home import class_time, transposed, way_home
from msgld.music.listen.bar_lines import with_best_bars
from msgld.music.listen.song import BeatTracker, track_beats
from msgld.music.listen.stem import Listener, find_notes
from msgld.music.listen.written import FREE, write_score
from msgld.music.midi.parts import Part
from msgld.music.played import Beats
from msgld.music.score import Score
from msgld.progress import CancelToken, Meter, OnProgress
from msgld.score_model import ScoreModel

TRACKING = 0.2
"""What a second of the mixture counts in the progress, where a second of a stem counts 1."""


@dataclass(frozen=True)
class Ears:
    """The networks that turn sound into notes.

    Attributes:
        listener: finds the notes of stems.
        tracker: finds the beats of mixtures, or None.
        score: whose codec tells where bars begin, or None to leave that to the tracker.
    """

    listener: Listener
    tracker: BeatTracker | None = None
    score: ScoreModel | None = None

    @property
    def rate(self) -> int:
        """Samples per second of the stems that it takes."""
        return int(self.listener.config.rate)

    @property
    def mixture_rate(self) -> int:
        """Samples per second of the mixture that it takes."""
        return self.rate if self.tracker is None else int(self.tracker.config.rate)


@dataclass(frozen=True)
class Transcript:
    """What was found in a sound.

    Attributes:
        score: its notes.
        beats: in seconds; none in free time.
        remarks: lines to the user.
    """

    score: Score
    beats: Beats
    remarks: tuple[str, ...] = ()


def transcribe(
    ears: Ears,
    stems: Mapping[str, np.ndarray],
    mixture: np.ndarray,
    programs: Mapping[str, int],
    bpm: float | None = None,
    on_progress: OnProgress | None = None,
    cancel: CancelToken | None = None,
) -> Transcript:
    """The score of stems, of any length.

    Args:
        ears: the networks.
        stems: name -> wave, mono (1, L) at ``ears.rate``, in memory or on the disk.
        mixture: of all of them, mono (1, L) at ``ears.mixture_rate``.
        programs: General MIDI program that stands for each stem.
        bpm: quarter notes a minute; settles whether beats are twice or half as fast.
        on_progress: called after every stretch.
        cancel: stops the task.
    """
    seconds = mixture.shape[1] / ears.mixture_rate
    meter = Meter(seconds * (len(stems) + TRACKING), "seconds", "listening", on_progress, cancel)
    meter.advance(0)
    parts = {}
    for stem, wave in stems.items():
        part = find_notes(ears.listener, torch.from_numpy(wave), stem, step=meter.advance)
        parts[stem] = replace(part, program=programs.get(stem, 0))
    beats = Beats.none()
    if ears.tracker is not None:
        beats = track_beats(ears.tracker, torch.from_numpy(mixture), bpm=bpm)
    if ears.score is not None:
        beats = with_best_bars(beats, parts, seconds, partial(nats_of, ears.score))
    meter.advance(float("inf"))
    return Transcript(write_score(parts, beats, seconds, bpm), beats, tuple(_remarks(parts, beats, bpm)))


def nats_of(model: ScoreModel, score: Score) -> float:
    """What a model's codec needs to say a score."""
    cells = {stem: to_cells(notes, score.bars) for stem, notes in score.notes.items()}
    return model.nats(transposed(cells, way_home(class_time(cells))), score.bars.steps)


def _remarks(parts: Mapping[str, Part], beats: Beats, bpm: float | None) -> list[str]:
    remarks = []
    if len(beats) < 2:
        steady = f"{FREE if bpm is None else bpm:g} quarter notes a minute"
        advice = "; a bpm of yours names another tempo" if bpm is None else ""
        remarks.append(
            f"no beat was found, so the notes are written in free time, on a steady {steady}{advice}"
        )
    elif bpm is None:
        found = round(tempo_of(beats), 1)
        remarks.append(f"about {found:g} quarter notes a minute; a bpm of yours settles twice or half of it")
    silent = [stem for stem, part in parts.items() if not len(part)]
    return [*remarks, *([f"no notes were found in {', '.join(silent)}"] if silent else [])]


def tempo_of(beats: Beats) -> float:
    """The usual tempo of two beats or more, in quarter notes a minute."""
    return float(60 / np.median(np.diff(beats.seconds) / beats.quarters[:-1]))
