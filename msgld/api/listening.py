"""The method of :class:`msgld.Msgld` that transcribes, and listening to stems for other tasks."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgld.api import checks
from msgld.api.options import NORMAL, Options
from msgld.api.players import USUAL
from msgld.api.record import describe
from msgld.api.separating import SongSeparator
from msgld.api.taping import tape_song, tape_stems
from msgld.api.transcription import Transcription, time_record
from msgld.api.wanted import select
from msgld.audio.sound import Sound, name_of
from msgld.errors import ModelError
from msgld.model import Model
from msgld.music.score import SCORE_STEMS
from msgld.progress import CancelToken, OnProgress, Stages
from msgld.ranges import check_optional
from msgld.tasks.transcribe import Ears, transcribe

SEPARATING = 0.8
"""Fraction of the progress that is kept for separating a song."""


def ears_of(model: Model) -> Ears:
    """The part of a model that turns sound into notes; ModelError if there is none."""
    if model.listener is None:
        raise ModelError(
            f"the model {model.name!r} has no ears, so it finds no notes in sound: load another one"
        )
    return Ears(model.listener, model.beat_tracker, model.score)


def usual_programs(stems: Mapping[str, object]) -> dict[str, int]:
    """General MIDI programs that stand for stems whose instruments are not known."""
    return {stem: USUAL.get(stem, USUAL["other"])[0] for stem in stems}


class SongListener(SongSeparator):
    """Transcribe a song or stems."""

    def transcribe(
        self,
        given: Sound | Mapping[str, Sound],
        *,
        bpm: float | None = None,
        options: Options = NORMAL,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> Transcription:
        """Find the notes, beats, chords and key of a song or of stems, of any length.

        A song is separated first. Memory does not grow with the length: the sound waits on the disk.

        Args:
            given: a song, or stem -> sound. Sounds of stems begin together.
            bpm: quarter notes a minute, 30 to 300, where the music could be counted twice or half as fast. Music in
                free time is written at this tempo, by default 120.
            options: quality of the separation.
            on_progress: called with the progress.
            cancel: stops the task.

        Raises:
            ModelError: this model does not listen.
            UsageError: unknown stems, values out of range.
            AudioReadError: not audio.
            Cancelled: the caller asked to stop.
        """
        began, ears, bpm = time.monotonic(), ears_of(self.model), check_optional("bpm", bpm)
        checks.check_running(options, on_progress, cancel)
        stages, extra = Stages(on_progress), dict[str, Any](bpm=bpm)
        with tempfile.TemporaryDirectory(prefix="msgld-", ignore_cleanup_errors=True) as folder:
            if isinstance(given, Mapping):
                checks.check_given(given, tuple(dict.fromkeys((*SCORE_STEMS, *self.stems))))
                part, tapes = stages.part(0.0, 1.0), tape_stems(given, Path(folder), ears)
            else:
                part, first = stages.part(SEPARATING, 1.0), stages.part(0.0, SEPARATING)
                song = self._separation(given, select(None, self.stems), None, 0.0, options, first, cancel)
                tapes, extra = tape_song(song, Path(folder), ears), {**extra, **song.quality.record()}
            programs = usual_programs(tapes.stems)
            found = transcribe(ears, tapes.stems, tapes.mixture, programs, bpm, part, cancel)
            seconds = tapes.mixture.shape[1] / ears.mixture_rate
        info = {
            **describe(self.model, self.weights, "transcribe", options, None, extra),
            "input": input_record(given),
            "seconds": round(seconds, 3),
            **time_record(found.score, found.beats),
            "took_seconds": round(time.monotonic() - began, 3),
        }
        return Transcription(found.score, found.beats, info, (*tapes.remarks, *found.remarks))


def input_record(given: Sound | Mapping[str, Sound]) -> str | dict[str, str]:
    """Where a song, or each stem, comes from, for ``run.json``."""
    if isinstance(given, Mapping):
        return {stem: name_of(sound) for stem, sound in given.items()}
    return name_of(given)
