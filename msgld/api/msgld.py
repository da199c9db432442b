"""The object that :func:`msgld.load` returns: a model that separates, generates and arranges."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from msgld.api import asking, making, separating
from msgld.api.checked import checked_making, checked_separation
from msgld.api.encoding import Encoding, as_encoding
from msgld.api.making import Making
from msgld.api.naming import PLAIN, Names
from msgld.api.options import NORMAL, Options
from msgld.api.result import Result
from msgld.api.save import Saved
from msgld.api.separating import Place, Separation
from msgld.audio.songs import Sound
from msgld.model import Model
from msgld.music.conditions import OPEN, Conditions
from msgld.progress import CancelToken, OnProgress
from msgld.ranges import check, check_flag, check_optional

__all__ = ["Encoding", "Msgld", "Names", "Options", "Result", "Saved", "Sound"]


class Msgld:
    """A model, ready to be asked.

    Attributes:
        name: which is also a folder's name in outputs. stems: what it knows, in order.
        model: the networks. weights: part -> sha256 of its file.
    """

    def __init__(self, model: Model, weights: Mapping[str, str] | None = None) -> None:
        self.model = model
        self.name = model.name
        self.stems = model.stems
        self.weights = dict(weights or {})

    def separate(
        self,
        song: Sound,
        *,
        stems: Sequence[str] | None = None,
        known: Mapping[str, Sound] | None = None,
        mixture_level: float = 0.0,
        options: Options = NORMAL,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> Result:
        """Cut a song into its stems, at its own rate, channels and length.

        Args:
            song: a file, or (samples, rate).
            stems: those wanted; all by default. The residual is what these leave of the song.
            known: stems of the song that you have; they come back as they are and help with the others.
            mixture_level: noise on the song, 0 to 1. Above 0 lies the way from separating to inventing.

        Raises:
            UsageError: unknown stems, values out of range, arrays of another shape. AudioReadError: not audio.
            Cancelled: the caller asked to stop.
        """
        task = self._separation(song, stems, known, mixture_level, options, on_progress, cancel)
        return separating.to_result(task, time.monotonic(), on_progress, cancel)

    def separate_stream(
        self,
        song: Sound,
        *,
        stems: Sequence[str] | None = None,
        known: Mapping[str, Sound] | None = None,
        mixture_level: float = 0.0,
        options: Options = NORMAL,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> Iterator[dict[str, np.ndarray]]:
        """As :meth:`separate`, but stretch by stretch as they are finished, in memory that does not grow.

        Yields:
            Stem name -> (channels, n), and ``residual`` and ``mixture``; in all as long as the song.
        """
        task = self._separation(song, stems, known, mixture_level, options, on_progress, cancel)
        return separating.stretches(task, on_progress, cancel)

    def separate_to(
        self,
        song: Sound,
        folder: str | Path,
        *,
        stems: Sequence[str] | None = None,
        known: Mapping[str, Sound] | None = None,
        mixture_level: float = 0.0,
        encoding: str | Encoding = "wav",
        names: Names = PLAIN,
        overwrite: bool = False,
        two_stems: str | None = None,
        residual: bool = False,
        options: Options = NORMAL,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> Saved:
        """Separate a song of any length straight into a folder, in memory that does not depend on its length.

        Args:
            folder: appears when everything is written, and not at all after an error.
            encoding, overwrite: as in :meth:`Result.save`. names: how the files are called.
            two_stems: write this stem, and everything else as ``no_<stem>``, instead of ``stems``.
            residual: also write what the stems leave of the song; ``consistency="residual"`` does so anyway.

        Raises:
            As :meth:`separate`; AudioWriteError: the folder holds something or cannot be written.
        """
        asking.check_type("folder", folder, str | PathLike, "a path")
        asking.check_type("names", names, Names, "msgld.Names(...)")
        encoding = as_encoding(encoding)
        overwrite, residual = check_flag("overwrite", overwrite), check_flag("residual", residual)
        asking.check_two_stems(two_stems, stems, residual, self.stems)
        wanted = (two_stems,) if two_stems else stems
        task = self._separation(song, wanted, known, mixture_level, options, on_progress, cancel)
        residual = residual or options.consistency == "residual"
        rest = f"no_{two_stems}" if two_stems else "residual" if residual else None
        place = Place(Path(folder), encoding, names, overwrite)
        return separating.to_folder(task, place, rest, on_progress, cancel)

    def plan(
        self,
        song: Sound,
        *,
        stems: Sequence[str] | None = None,
        known: Mapping[str, Sound] | None = None,
        mixture_level: float = 0.0,
        two_stems: str | None = None,
        options: Options = NORMAL,
    ) -> dict[str, Any]:
        """What the record of such a separation will say of the song, the model and the settings.

        Nothing is computed; files are read for their SHA-256 only. A result whose ``run.json`` says the same is the
        one that :meth:`separate_to` would write, but for its format.

        Args:
            As :meth:`separate_to`.

        Raises:
            As :meth:`separate_to`; AudioReadError: a file cannot be read.
        """
        wanted = (two_stems,) if two_stems else stems
        return separating.plan(self._separation(song, wanted, known, mixture_level, options))

    def generate(
        self,
        seconds: float = 20.0,
        *,
        make: Sequence[str] | None = None,
        conditions: Conditions = OPEN,
        options: Options = NORMAL,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> Result:
        """Invent a piece.

        Args:
            seconds: its length, 0.1 to 3600. make: which stems; all by default.
            conditions: style, tempo, key and instruments; what it leaves open is the model's choice.

        Raises:
            ModelError: this model only separates, or takes no conditions. UsageError: unknown stems or styles, or
                values out of range.
        """
        asking.check_conditions(conditions)
        work, seconds = self._making(options, on_progress, cancel), check("seconds", seconds)
        return making.generate(work, seconds, make, conditions)

    def arrange(
        self,
        given: Mapping[str, Sound],
        make: Sequence[str] | None = None,
        *,
        softness: float = 0.0,
        start: float | None = None,
        stop: float | None = None,
        conditions: Conditions = OPEN,
        hear_key: bool = True,
        options: Options = NORMAL,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> Result:
        """Play the missing stems to those that are given.

        The given stems come back as they are. Where their rates differ, they are brought to the first one's,
        where their lengths differ, silence is added; both are noted.

        Args:
            given: stem -> sound.
            make: which stems to play; None for all that are not given.
            softness: 0 keeps to what is given; above 0, up to 1, it is a hint ("something like this bass").
            start, stop: seconds between which to play. Stems in ``make`` that are also given keep what they
                have outside of it, those that are not given are silent there.
            conditions: style, tempo, key and instruments of what is to be played. A tempo counts from the beginning.
            hear_key: where the conditions names no key, play in that of the given stems, if it is clear; it is noted.

        Raises:
            ModelError, UsageError, AudioReadError, Cancelled: as :meth:`generate` and :meth:`separate`.
        """
        asking.check_conditions(conditions)
        asking.check_given(given)
        work, softness = self._making(options, on_progress, cancel), check("softness", softness)
        start, stop = check_optional("start", start), check_optional("stop", stop)
        hear_key = check_flag("hear_key", hear_key)
        return making.arrange(work, given, make, softness, start, stop, conditions, hear_key)

    def vary(
        self,
        given: Mapping[str, Sound],
        level: float = 0.6,
        *,
        options: Options = NORMAL,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> Result:
        """Play the given stems anew, all of them together.

        Args:
            given: stem -> sound.
            level: how much changes: at 0 the given stems come back as they are, at 1 all is new. Up to 0.1 only the
                given sound's spectrum changes; from 0.4 on everything is played anew.
        """
        asking.check_given(given)
        return making.vary(
            self._making(options, on_progress, cancel),
            given,
            check("level", level),
        )

    def extend(
        self,
        given: Mapping[str, Sound],
        seconds: float,
        *,
        options: Options = NORMAL,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> Result:
        """Continue the given stems by that many seconds; the last 20 ms of what was given fade into what is new."""
        asking.check_given(given)
        work, seconds = self._making(options, on_progress, cancel), check("seconds", seconds)
        return making.extend(work, given, seconds)

    def _separation(self, *settings: Any) -> Separation:
        return checked_separation(self.model, self.weights, *settings)

    def _making(self, *settings: Any) -> Making:
        return checked_making(self.model, self.weights, *settings)
