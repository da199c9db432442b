"""The method of :class:`msgld.Msgld` that arranges: to notes, to sound, and inside a song."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

from msgld.aliases import renamed_arguments
from msgld.api import checks
from msgld.api.composing import composer_of, in_notes
from msgld.api.gather import Gathered, gather
from msgld.api.given_music import notes_of, written_music
from msgld.api.making import StemMaker, sounds_of
from msgld.api.making_notes import Stretch, arranged
from msgld.api.options import NORMAL, Options
from msgld.api.record import conditions_record
from msgld.api.result import Result
from msgld.api.separating import SongSeparator
from msgld.api.song_stems import song_stems
from msgld.audio.sound import Excerpt, Remarked, Sound
from msgld.errors import UsageError
from msgld.music.conditions import OPEN, Conditions
from msgld.music.score import Score
from msgld.progress import CancelToken, OnProgress, Stages
from msgld.ranges import check, check_flag, shown
from msgld.tasks.arrange import arrange
from msgld.tasks.key import in_matching_key

SEPARATING = 0.6
"""Fraction of the progress that is kept for separating a song."""


class SongArranger(SongSeparator, StemMaker):
    """Arrange."""

    @renamed_arguments(softness="noise", brief="conditions", hear_key="match_key")
    def arrange(
        self,
        given: Sound | Mapping[str, Sound | Score],
        make: Sequence[str] | None = None,
        *,
        notes: Mapping[str, Score | str | Path] | None = None,
        noise: float = 0.0,
        start: float | None = None,
        stop: float | None = None,
        replay: tuple[int, int] | None = None,
        conditions: Conditions = OPEN,
        match_key: bool = True,
        latent: str | None = None,
        options: Options = NORMAL,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> Result:
        """Make the missing stems to the given ones, or play stems of a song anew.

        The given stems come back as they are. Where their rates differ, they are converted to the first one's,
        where their lengths differ, silence is added; the result's remarks say so. A song is separated first; its other
        stems come back as :meth:`msgld.Msgld.separate` gives them.

        Args:
            given: stem -> sound; or all of them notes: MIDI files or scores, and then the new stems are notes, too;
                or a song.
            make: which stems to make; None for all that are not given. Those of a song are replaced.
            notes: stem -> MIDI file or score that takes the place of what the ears find in the sound of that stem,
                such as a transcription that was corrected.
            noise: level of the given stems, 0 to 1. 0 keeps to them; above 0 they are a hint.
            start: second from which to make. Stems in ``make`` that are also given keep their sound elsewhere, those
                that are not given are silent there.
            stop: second up to which to make.
            replay: first and last bar to make, from 1 on, instead of seconds; in notes only.
            conditions: style, tempo, key and instruments of the new stems. A tempo counts from the beginning; beside
                sound in notes the beats of the given stems count, and it settles half and double.
            match_key: where the conditions name no key, use that of the given stems, if it is clear; a remark says so.
            latent: ``score`` finds the notes of given sound, makes notes to them and plays these; ``sound`` makes
                sound; by default notes where the model has ears and a composer.
            options: quality, seed and the like.
            on_progress: called with the progress.
            cancel: stops the task.

        Raises:
            ModelError, UsageError, AudioReadError, Cancelled: as :meth:`generate` and :meth:`msgld.Msgld.separate`.
            DataError: a MIDI file cannot be read.
        """
        checks.check_conditions(conditions)
        checks.check_running(options, on_progress, cancel)
        noise, stretch = check("noise", noise), Stretch(start, stop, replay)
        match_key, written = check_flag("match_key", match_key), in_notes(given)
        through_notes = written or self._through_notes(latent)
        stems = composer_of(self.model).stems if through_notes else self.stems
        wanted = _wanted(given, make, stems, stretch)
        if written:
            task, music = self._composing(options, on_progress, cancel), written_music(_exact(given, notes))
            return arranged(task, music, wanted, noise, stretch, conditions)
        stages, done = Stages(on_progress), 0.0 if isinstance(given, Mapping) else SEPARATING
        separating, rest = stages.part(0.0, done), stages.part(done, 1.0)
        if not through_notes:
            _check_sound(stretch, notes)
            run = self._run(options, rest, cancel)
            sounds = self._sounds(given, wanted, stretch, options, separating, cancel)
            return self._in_sound(run, sounds, wanted, noise, stretch, conditions, match_key)
        sounds = self._sounds(given, wanted, stretch, options, separating, cancel)
        listened = self._listened(sounds, notes or {}, conditions.bpm, options, rest, cancel)
        return arranged(*listened, wanted, noise, stretch, conditions)

    def _sounds(
        self,
        given: Sound | Mapping[str, Sound | Score],
        wanted: Sequence[str],
        stretch: Stretch,
        options: Options,
        on_progress: OnProgress | None,
        cancel: CancelToken | None,
    ) -> Gathered:
        """The given stems' sound; of a song that is made anew from beginning to end, all but the wanted ones."""
        if isinstance(given, Mapping):
            return gather(sounds_of(given))
        sounds = song_stems(self, given, options, on_progress, cancel)
        kept = {stem: wave for stem, wave in sounds.waves.items() if stem not in wanted}
        return replace(sounds, waves=kept) if stretch.whole else sounds

    def _in_sound(
        self,
        run: Callable[..., Result],
        sounds: Gathered,
        wanted: Sequence[str],
        noise: float,
        stretch: Stretch,
        conditions: Conditions,
        match_key: bool,
    ) -> Result:
        """Arrange in latents of sound."""
        first, last = checks.span(stretch.start, stretch.stop, sounds.length / sounds.rate)
        if match_key and self.model.styles:
            matched = in_matching_key(conditions, sounds.waves, sounds.rate)
            if matched.key != conditions.key:
                remark = f"in {matched.key}, the likely key of the given stems; a key of yours overrides it"
                sounds = replace(sounds, remarks=(*sounds.remarks, remark))
            conditions = matched
        settings = {
            "make": list(wanted),
            "noise": noise,
            **stretch.record(),
            **conditions_record(conditions),
        }
        in_key, kept = match_key or conditions.key is not None, set(sounds.waves) - set(wanted)
        work = partial(arrange, wanted=wanted, noise=noise, first=first, last=last, in_key=in_key)
        return run("arrange", work, sounds, settings, conditions, guided=bool(kept) and noise == 0)


def _wanted(
    given: Sound | Mapping[str, Sound | Score],
    make: Sequence[str] | None,
    stems: tuple[str, ...],
    stretch: Stretch,
) -> tuple[str, ...]:
    """The stems to make; UsageError as for :func:`msgld.api.checks.to_make`, or where a song's are not named."""
    if isinstance(given, Mapping):
        checks.check_given(given, stems)
        return checks.to_make(make, given, stems, not stretch.whole)
    if not isinstance(given, str | PathLike | tuple | Excerpt | Remarked):
        example = "a song, or a dict of stems and their sounds, such as {'bass': 'bass.wav'}"
        raise UsageError(f"given is {example}, not {shown(given)}")
    if make is None:
        raise UsageError("where a song is given, name the stems to play anew, such as piano")
    return checks.stem_names(make, stems)


def _exact(given: Any, notes: Mapping[str, object] | None) -> Mapping[str, Score | str | Path]:
    """Given stems, all of which are notes; UsageError where there are others to take their place."""
    if notes:
        raise UsageError(
            "the given stems are notes: give the right ones instead of notes that take their place"
        )
    return notes_of(given)


def _check_sound(stretch: Stretch, notes: Mapping[str, object] | None) -> None:
    """UsageError for what goes with notes only."""
    if stretch.replay is not None or notes:
        what = "notes" if notes else "bars to replay"
        raise UsageError(
            f"{what} are for music that is made in notes: give MIDI, or load a model with ears and a composer"
        )
