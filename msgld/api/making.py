"""The methods of :class:`msgld.Msgld` that make all stems of a piece; see ``arranging`` for single ones."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, cast

import numpy as np

from msgld.aliases import renamed_arguments
from msgld.api import checks, making_notes
from msgld.api.composed import Composing
from msgld.api.composing import composer_of, in_notes
from msgld.api.gather import Gathered, gather
from msgld.api.given_music import GivenMusic, listened_music, notes_of, written_music
from msgld.api.listening import ears_of
from msgld.api.options import NORMAL, Options
from msgld.api.quality import of_making
from msgld.api.record import conditions_record, describe
from msgld.api.result import Result
from msgld.audio.sound import Sound
from msgld.audio.stream import stacked
from msgld.errors import ModelError, UsageError
from msgld.model import Model
from msgld.music.conditions import OPEN, Conditions
from msgld.music.score import Score
from msgld.progress import CancelToken, OnProgress, Stages
from msgld.ranges import check, shown
from msgld.tasks.extend import extend
from msgld.tasks.generate import generate
from msgld.tasks.making import Piece
from msgld.tasks.vary import vary

LISTENING = 0.3
"""Fraction of the progress that is kept for finding the notes of given sound."""

LATENTS = ("score", "sound")
"""What a piece may be made in: notes, or sound."""


class StemMaker:
    """Generate, vary, extend."""

    model: Model
    weights: Mapping[str, str]
    stems: tuple[str, ...]

    @renamed_arguments(brief="conditions")
    def generate(
        self,
        seconds: float | None = None,
        *,
        bars: int | None = None,
        form: str | None = None,
        make: Sequence[str] | None = None,
        conditions: Conditions = OPEN,
        latent: str | None = None,
        options: Options = NORMAL,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> Result:
        """Make a new piece.

        Args:
            seconds: its length, 0.1 to 3600; 20 where ``bars`` say nothing. In notes it is rounded up to whole bars.
            bars: its length in bars, 1 to 512; in notes only.
            form: a letter for each section, such as ``AABA``; a section that returns is a variation of itself. In notes
                only, and of 8 bars a section where the length is left open. By default phrases of four bars, or of
                as many as there are chords, return with their chords; ``A`` is one section without.
            make: which stems; all by default.
            conditions: style, tempo, key, chords and instruments; those that are left open are the model's choice in
                sound; in notes the seed draws them, as a piece of the built-in band has them together.
            latent: ``score`` makes the piece in notes and plays them, ``sound`` as sound; by default notes where the
                model can.
            options: quality, seed and the like.
            on_progress: called with the progress.
            cancel: stops the task.

        Raises:
            ModelError: this model only separates, or has no conditions.
            UsageError: unknown stems or styles, or values out of range.
            Cancelled: the caller asked to stop.
        """
        checks.check_conditions(conditions)
        if self._in_notes(latent):
            task = self._composing(options, on_progress, cancel)
            return making_notes.generated(task, seconds, bars, make, form, conditions)
        if bars is not None or form is not None or conditions.chords is not None:
            raise UsageError(self._without_notes())
        run = self._run(options, on_progress, cancel)
        seconds = check("seconds", 20.0 if seconds is None else seconds)
        wanted = checks.stem_names(make, self.stems)
        nothing = Gathered({}, self.model.rate, checks.at_least_one(seconds * self.model.rate))
        settings = {"seconds": seconds, "make": list(wanted), **conditions_record(conditions)}
        return run("generate", lambda piece: generate(piece, wanted), nothing, settings, conditions)

    @renamed_arguments(level="noise")
    def vary(
        self,
        given: Mapping[str, Sound | Score],
        noise: float = 0.6,
        *,
        latent: str | None = None,
        options: Options = NORMAL,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> Result:
        """Make the given stems anew, all of them together.

        Args:
            given: stem -> sound, or all of them notes (MIDI files or scores).
            noise: level from which they are made anew: at 0 the given stems come back as they are, at 1 all is new.
                In sound up to 0.1 only the spectrum changes; from 0.4 on all is new.
            latent: ``score`` finds the notes of given sound and varies these, ``sound`` varies sound; by default notes
                where the model has ears and a composer.
            options: quality, seed and the like.
            on_progress: called with the progress.
            cancel: stops the task.

        Raises:
            ModelError, UsageError, AudioReadError, Cancelled: as :meth:`generate` and :meth:`msgld.Msgld.separate`.
        """
        noise = check("noise", noise)
        if music := self._music(given, latent, options, on_progress, cancel):
            return making_notes.varied(*music, noise)
        run = self._run(options, on_progress, cancel)
        checks.check_given(given, self.stems)
        return run("vary", lambda piece: vary(piece, noise), gather(sounds_of(given)), {"noise": noise})

    def extend(
        self,
        given: Mapping[str, Sound | Score],
        seconds: float,
        *,
        latent: str | None = None,
        options: Options = NORMAL,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> Result:
        """Continue the given stems: in notes from the next bar line on, in sound from their end on.

        Args:
            given: stem -> sound, or all of them notes (MIDI files or scores).
            seconds: length of the continuation, 0.1 to 3600.
            latent: ``score`` finds the notes of given sound and continues these, ``sound`` continues sound, whose last
                20 ms fade into the continuation; by default notes where the model has ears and a composer.
            options: quality, seed and the like.
            on_progress: called with the progress.
            cancel: stops the task.

        Raises:
            ModelError, UsageError, AudioReadError, Cancelled: as :meth:`generate` and :meth:`msgld.Msgld.separate`.
        """
        seconds = check("seconds", seconds)
        if music := self._music(given, latent, options, on_progress, cancel):
            return making_notes.extended(*music, seconds)
        run = self._run(options, on_progress, cancel)
        checks.check_given(given, self.stems)
        past = gather(sounds_of(given))
        sounds = past.longer(checks.at_least_one(seconds * past.rate))
        return run("extend", lambda piece: extend(piece, past.length), sounds, {"seconds": seconds})

    def _in_notes(self, latent: str | None) -> bool:
        """Whether a task makes notes; UsageError for an unknown latent, ModelError for one that the model lacks."""
        if latent not in (None, *LATENTS):
            raise UsageError(f"no latent {shown(latent)}; there are: {', '.join(LATENTS)}")
        if latent == "score":
            composer_of(self.model)
        return latent != "sound" and self.model.composer is not None

    def _without_notes(self) -> str:
        """Why there are no bars, form and chords, and what to do."""
        if self.model.composer is not None:
            return "bars, form and chords are for music in notes: leave latent sound out"
        return (
            f"the model {self.model.name!r} makes sound only, without bars, form and chords: leave them out, "
            "or choose a model with a composer"
        )

    def _music(
        self,
        given: Mapping[str, Sound | Score],
        latent: str | None,
        options: Options,
        on_progress: OnProgress | None,
        cancel: CancelToken | None,
    ) -> tuple[Composing, GivenMusic] | None:
        """The given stems as notes, and the task that takes them; None where it works in sound."""
        checks.check_running(options, on_progress, cancel)
        written = in_notes(given)
        if not written and not self._through_notes(latent):
            return None
        checks.check_given(given, composer_of(self.model).stems)
        if written:
            return self._composing(options, on_progress, cancel), written_music(notes_of(given))
        return self._listened(gather(sounds_of(given)), {}, None, options, on_progress, cancel)

    def _listened(
        self,
        sounds: Gathered,
        notes: Mapping[str, Score | str | Path],
        bpm: float | None,
        options: Options,
        on_progress: OnProgress | None,
        cancel: CancelToken | None,
    ) -> tuple[Composing, GivenMusic]:
        """Given sound as notes, see :func:`listened_music`, and the task that takes them."""
        stages = Stages(on_progress)
        music = listened_music(self.model, sounds, notes, bpm, stages.part(0.0, LISTENING), cancel)
        return self._composing(options, stages.part(LISTENING, 1.0), cancel), music

    def _through_notes(self, latent: str | None) -> bool:
        """Whether given sound is turned into notes first; errors as for :meth:`_in_notes`."""
        if latent == "score":
            ears_of(self.model)
        return self._in_notes(latent) and (latent == "score" or self.model.listener is not None)

    def _composing(
        self, options: Options, on_progress: OnProgress | None, cancel: CancelToken | None
    ) -> Composing:
        checks.check_running(options, on_progress, cancel)
        return Composing(self.model, self.weights, options, on_progress, cancel)

    def _run(
        self, options: Options, on_progress: OnProgress | None, cancel: CancelToken | None
    ) -> Callable[..., Result]:
        """:meth:`_result` with the arguments that all tasks have, once they are checked."""
        checks.check_running(options, on_progress, cancel)
        if options.soundfont is not None:
            raise UsageError(
                "a soundfont plays what is made in notes, and this is made in sound: leave it out"
            )
        if self.model.vocoder is None:
            raise ModelError(
                f"the model {self.model.name!r} has no vocoder: it only separates; load another one"
            )
        return partial(self._result, options, on_progress, cancel)

    def _result(
        self,
        options: Options,
        on_progress: OnProgress | None,
        cancel: CancelToken | None,
        task: str,
        work: Callable[[Piece], dict[str, np.ndarray]],
        sounds: Gathered,
        settings: Mapping[str, Any],
        conditions: Conditions = OPEN,
        guided: bool = False,
    ) -> Result:
        """Carry out a task; ``guided`` says whether stems are known throughout, as guidance acts on those alone."""
        began, sampling = time.monotonic(), of_making(options, self.model)
        sampling = sampling if guided else sampling.change(guidance=1.0)
        piece = Piece(
            self.model, sounds.waves, sounds.rate, sounds.length, sampling, conditions, on_progress, cancel
        )
        stems = work(piece)
        mix = stacked(stems.values()).astype(np.float64).sum(0)
        info = {
            **describe(self.model, self.weights, task, options, sampling, settings),
            "input": sounds.names,
            "rate": sounds.rate,
            "length": sounds.length,
            "took_seconds": round(time.monotonic() - began, 3),
            "channels": len(mix),
        }
        return Result(stems, mix.astype(np.float32), None, sounds.rate, info, sounds.remarks)


def sounds_of(given: Mapping[str, Sound | Score]) -> Mapping[str, Sound]:
    """Given stems, none of which is a score."""
    return cast("Mapping[str, Sound]", given)
