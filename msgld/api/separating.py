"""The methods of :class:`msgld.Msgld` that separate: in memory, as a stream, or straight to files."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from msgld.aliases import renamed_arguments
from msgld.api import checks
from msgld.api.encoding import Encoding, as_encoding
from msgld.api.naming import PLAIN, Names
from msgld.api.options import NORMAL, Options
from msgld.api.result import Result
from msgld.api.save import Saved
from msgld.api.separated_song import OnStretch, SeparatedSong, to_folder
from msgld.api.wanted import Selection, select
from msgld.audio.sound import Excerpt, Sound, checked
from msgld.model import Model
from msgld.progress import CancelToken, OnProgress
from msgld.ranges import check, check_flag


class SongSeparator:
    """Separate a song."""

    model: Model
    weights: Mapping[str, str]
    stems: tuple[str, ...]

    @renamed_arguments(mixture_level="noise")
    def separate(
        self,
        song: Sound,
        *,
        stems: Sequence[str] | None = None,
        known: Mapping[str, Sound] | None = None,
        noise: float = 0.0,
        options: Options = NORMAL,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> Result:
        """Cut a song into its stems, at its own rate, channels and length.

        Args:
            song: a file, or (samples, rate).
            stems: what is wanted, by name; all stems by default. ``bass+drums`` is the sum of two, ``no_vocals`` the
                song without one, ``no_bass+drums`` without two; ``all`` stands for every stem by itself, and
                ``all but vocals`` for every other one. The residual is the part of the song that is in none of them.
            known: stems of the song that you have; they come back as they are and help with the others.
            noise: level of the song, 0 to 1. 0 separates; higher values follow the song less closely.
            options: quality and the like.
            on_progress: called with the progress.
            cancel: stops the task.

        Raises:
            UsageError: unknown stems, a stem twice in a sum, values out of range, arrays of another shape.
            AudioReadError: not audio.
            Cancelled: the caller asked to stop.
        """
        began = time.monotonic()
        wanted = select(stems, self.stems)
        task = self._separation(song, wanted, known, noise, options, on_progress, cancel)
        pieces = list(task.stretches())
        whole = {name: np.concatenate([piece[name] for piece in pieces], axis=1) for name in pieces[0]}
        mixture, residual = whole.pop("mixture"), whole.pop("residual")
        kept = None if task.consistency == "none" else residual
        info = task.record(mixture.shape[1], began)
        remarks = tuple(task.remarks())
        return Result(whole, mixture, kept, task.rate, info, remarks, overlap=wanted.overlap)

    @renamed_arguments(mixture_level="noise")
    def separate_stream(
        self,
        song: Sound,
        *,
        stems: Sequence[str] | None = None,
        known: Mapping[str, Sound] | None = None,
        noise: float = 0.0,
        options: Options = NORMAL,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> Iterator[dict[str, np.ndarray]]:
        """As :meth:`separate`, but stretch by stretch as they are finished, in memory that does not grow.

        Yields:
            Name of each of ``stems`` -> (channels, n), and ``residual`` and ``mixture``; in all as long as the song.
        """
        wanted = select(stems, self.stems)
        return self._separation(song, wanted, known, noise, options, on_progress, cancel).stretches()

    @renamed_arguments(mixture_level="noise")
    def separate_to(
        self,
        song: Sound,
        folder: str | Path,
        *,
        stems: Sequence[str] | None = None,
        known: Mapping[str, Sound] | None = None,
        noise: float = 0.0,
        encoding: str | Encoding = "wav",
        names: Names = PLAIN,
        overwrite: bool = False,
        two_stems: str | None = None,
        residual: bool = False,
        options: Options = NORMAL,
        on_progress: OnProgress | None = None,
        on_stretch: OnStretch | None = None,
        cancel: CancelToken | None = None,
    ) -> Saved:
        """Separate a song of any length straight into a folder, in memory that does not depend on its length.

        Args:
            song: as for :meth:`separate`, as are the arguments that are not listed here.
            folder: appears when everything is written, and not at all after an error.
            encoding: as in :meth:`Result.save`.
            names: of the files.
            overwrite: as in :meth:`Result.save`.
            two_stems: write this stem, or sum, and everything else as ``no_<stem>``, instead of ``stems``.
            residual: also write the rest of the song; ``consistency="residual"`` does so anyway.
            on_stretch: called with each stretch of the song when it is finished, as :meth:`separate_stream` yields
                them, so that it can be played long before the files are written. It may keep them, not change them.

        Raises:
            As :meth:`separate`.
            AudioWriteError: the folder is not empty or cannot be written.
        """
        checks.check_type("folder", folder, str | PathLike, "a path")
        checks.check_type("names", names, Names, "msgld.Names(...)")
        checks.check_function("on_stretch", on_stretch, "dictionary of stretches")
        encoding = as_encoding(encoding)
        overwrite, residual = check_flag("overwrite", overwrite), check_flag("residual", residual)
        wanted = select(stems, self.stems, two_stems, residual)
        task = self._separation(song, wanted, known, noise, options, on_progress, cancel)
        residual = residual or (options.consistency == "residual" and bool(wanted.left))
        return to_folder(task, Path(folder), encoding, names, overwrite, residual, on_stretch)

    @renamed_arguments(mixture_level="noise")
    def plan(
        self,
        song: Sound,
        *,
        stems: Sequence[str] | None = None,
        known: Mapping[str, Sound] | None = None,
        noise: float = 0.0,
        two_stems: str | None = None,
        options: Options = NORMAL,
    ) -> dict[str, Any]:
        """The entries about song, model and settings in the record of such a separation.

        Nothing is computed; files are read for their SHA-256 only. If a result's
        ``run.json`` has the same entries, it is the one that :meth:`separate_to` would write, except for its format.

        Args:
            song: as for :meth:`separate_to`, as are all arguments.

        Raises:
            As :meth:`separate_to`.
            AudioReadError: a file cannot be read.
        """
        wanted = select(stems, self.stems, two_stems)
        sound = song.sound if isinstance(song, Excerpt) else song
        if not isinstance(sound, str | PathLike):
            checked(sound)
        return self._separation(song, wanted, known, noise, options).plan()

    def _separation(
        self,
        song: Sound,
        wanted: Selection,
        known: Mapping[str, Sound] | None,
        noise: float,
        options: Options,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> SeparatedSong:
        """A separation with checked arguments; the song and the known stems are not opened yet."""
        checks.check_running(options, on_progress, cancel)
        known = {} if known is None else known
        checks.check_known(known, self.stems)
        noise = check("noise", noise)
        return SeparatedSong(
            self.model, self.weights, song, wanted, dict(known), noise, options, on_progress, cancel
        )
