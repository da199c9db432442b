"""One separation of one song: its stretches, its record, its files."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from msgld.api.encoding import Encoding
from msgld.api.folder import check_sources, inside, new_folder
from msgld.api.known import InSong, check_lengths
from msgld.api.naming import Names
from msgld.api.options import Options
from msgld.api.picture import Sketch
from msgld.api.quality import consistency, of_separation
from msgld.api.record import describe
from msgld.api.save import Saved, Tracks, check_encoding, read_like, save_tracks
from msgld.api.sums import difference, residual, selected
from msgld.api.wanted import Selection
from msgld.audio.sound import Excerpt, Remarked, Sound, file_of, name_of, open_stream, sha256
from msgld.audio.stream import AudioStream, ResampledStream, Spool
from msgld.errors import ModelError
from msgld.model import Model
from msgld.progress import CancelToken, Meter, OnProgress
from msgld.runtime import give_memory_back
from msgld.tasks.pitch_shift import averaged
from msgld.tasks.separate import separate_song

WRITING = 0.05
"""Fraction of the progress that is kept for writing files."""

OnStretch = Callable[[Mapping[str, np.ndarray]], None]
"""A callback for stretches of a song as they are finished: name -> float32 (channels, n)."""

SILENT = 1e-3
"""A stem counts as missing where its peak is below this fraction of the loudest track's."""


class SeparatedSong:
    """A separation whose arguments have been checked; :meth:`stretches` opens the song.

    Attributes:
        rate: of the song, once it has been opened.
        channels: likewise.
        frames: likewise; 0 where the length is unknown.
        quality: all settings; research may replace it.
    """

    rate = channels = frames = 0

    def __init__(
        self,
        model: Model,
        weights: Mapping[str, str],
        song: Sound,
        wanted: Selection,
        known: Mapping[str, Sound],
        noise: float,
        options: Options,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> None:
        self.model, self.weights, self.wanted = model, weights, wanted
        self.song, self.known = Remarked(song), {stem: Remarked(sound) for stem, sound in known.items()}
        self.noise, self.options = noise, options
        self.on_progress, self.cancel = on_progress, cancel
        self.quality = of_separation(options, model)
        self.in_song = InSong()
        self._of_lengths: list[str] = []

    @property
    def stems(self) -> tuple[str, ...]:
        """Names of the tracks that are wanted."""
        return self.wanted.names

    @property
    def consistency(self) -> str:
        """How the stems keep to the song."""
        return consistency(self.options, self.model)

    def open(self) -> Meter:
        """Open the song and the known stems, so that unreadable or unsuitable files fail first."""
        with open_stream(self.song) as reader:
            self._of_lengths = check_lengths(self.known, reader)
            self.rate, self.channels, self.frames = reader.rate, reader.channels, reader.frames
        return Meter(self.frames / self.rate, "seconds", "reading", self.on_progress, self.cancel)

    def stretches(self) -> Iterator[dict[str, np.ndarray]]:
        """Stretches of stems, residual and mixture as they are finished. Errors of the input come at once."""
        meter = self.open()

        def run() -> Iterator[dict[str, np.ndarray]]:
            yield from self.separated(meter)
            meter.advance(math.inf)

        return run()

    def separated(self, meter: Meter, part: float = 1.0) -> Iterator[dict[str, np.ndarray]]:
        """As :meth:`stretches`, as a ``part`` of the whole progress."""
        meter.advance(0)
        for tracks in self._streams(meter):
            if not np.isfinite(tracks).all():
                raise ModelError("the model answered with values that are not numbers; please report this")
            self.in_song.add(tracks[-1], {stem: tracks[self.model.stems.index(stem)] for stem in self.known})
            named = selected(self.wanted, tracks)
            yield {**named, "residual": residual(self.wanted, tracks), "mixture": tracks[-1]}
            meter.advance(part * tracks.shape[-1] / self.rate)

    def _streams(self, meter: Meter) -> Iterator[np.ndarray]:
        """float32 (K, channels, n), front to back: the model's stems, known ones as they were given, then the song."""
        meter.advance(0, "separating")
        quality = self.quality
        settings = quality.windowing, quality.sampling, quality.masking, self.noise
        with ExitStack() as stack:
            with open_stream(self.song) as beginning:
                rates = quality.pitch_shift.rates(beginning)
            streams = []
            for rate in rates:
                song = stack.enter_context(open_stream(self.song))
                known = self._known(stack, song)
                streams.append(_watched(separate_song(self.model, song, known, *settings, rate), meter))
            exact = self._known(stack, song)
            for stretch in averaged(streams):
                for track, known_stem in exact.items():
                    stretch[track] = read_like(known_stem, stretch[track])
                yield stretch

    def _known(self, stack: ExitStack, song: AudioStream) -> dict[int, AudioStream]:
        """The known stems by track, opened anew, at the song's rate and channels."""
        return {
            self.model.stems.index(stem): ResampledStream(
                stack.enter_context(open_stream(sound)), song.rate, song.channels
            )
            for stem, sound in self.known.items()
        }

    def plan(self) -> dict[str, Any]:
        """The part of the record that is known before the separation.

        Raises:
            AudioReadError: a file cannot be read.
        """
        song = self.song.sound
        extra = {
            "noise": self.noise,
            "excerpt": [song.start, song.stop] if isinstance(song, Excerpt) else None,
            "stems": list(self.stems),
            "known": {stem: name_of(sound) for stem, sound in self.known.items()},
            "known_sha256": {stem: sha256(sound) for stem, sound in self.known.items()},
            "consistency": self.consistency,
            **self.quality.record(),
        }
        record = describe(self.model, self.weights, "separate", self.options, self.quality.sampling, extra)
        return {**record, "input": name_of(song), "input_sha256": sha256(song)}

    def record(self, frames: int, began: float) -> dict[str, Any]:
        """The record of a finished separation of ``frames`` samples, begun at that time."""
        return {
            **self.plan(),
            "rate": self.rate,
            "channels": self.channels,
            "length": frames,
            "took_seconds": round(time.monotonic() - began, 3),
        }

    def remarks(self) -> list[str]:
        """Remarks on the lengths of the known stems, on how the files were read, and on the known stems."""
        lines = list(self.song.remarks)
        for stem, sound in self.known.items():
            lines += [f"{stem}: {remark}" for remark in sound.remarks if remark not in lines]
        return [*self._of_lengths, *lines, *self.in_song.remarks()]


def _watched(stretches: Iterator[Tensor], meter: Meter) -> Iterator[Tensor]:
    """The same stretches; between two of them, which take a network call each, the task may be stopped."""
    for stretch in stretches:
        meter.advance(0)
        yield stretch


def to_folder(
    task: SeparatedSong,
    folder: Path,
    encoding: Encoding,
    names: Names,
    overwrite: bool,
    with_rest: bool,
    on_stretch: OnStretch | None = None,
) -> Saved:
    """Separate into files. Tracks are spooled as floats first, since the loudest peak decides on the encoding.

    Args:
        task: not yet opened.
        folder: of the result.
        encoding: of the files.
        names: of the files.
        overwrite: whether a former result may be replaced.
        with_rest: whether the residual is written, too.
        on_stretch: called with each stretch of the song when it is finished, long before the files are.
    """
    began, meter = time.monotonic(), task.open()
    written = (*task.stems, "residual") if with_rest else task.stems
    sources = [file for sound in (task.song, *task.known.values()) if (file := file_of(sound))]
    check_sources(folder, names, [names.file(name, encoding.ext) for name in written], sources)
    with new_folder(folder, overwrite, names) as temporary:
        check_encoding(temporary, encoding, task.rate, task.channels)
        spools, sketch = _spool(task, meter, temporary, written, on_stretch)
        tracks = _tracks(task, spools, written)
        peak = max(spools[name].peak for name in written)
        info = {**task.record(tracks.frames, began), "remarks": [*task.remarks(), *_silent(task, spools)]}
        meter.advance(0, "writing")
        give_memory_back()  # pictures take some, too
        step = partial(meter.advance, WRITING * task.frames / task.rate / len(tracks.parts))
        run = save_tracks(temporary, tracks, encoding, sketch, peak, info, step, names)
        for spool in spools.values():
            spool.path.unlink()
    meter.advance(math.inf)
    return Saved(folder, {name: folder / file for name, file in run["files"].items()}, run)


def _silent(task: SeparatedSong, spools: Mapping[str, Spool]) -> list[str]:
    """A remark on stems that are not in the song, so that a silent file is not taken for an error."""
    loudest = max(spool.peak for spool in spools.values())
    missing = [stem for stem in task.stems if spools[stem].peak < SILENT * loudest or spools[stem].peak == 0]
    return [f"next to nothing in this song is {' or '.join(missing)}"] if missing else []


def _spool(
    task: SeparatedSong,
    meter: Meter,
    folder: Path,
    written: Sequence[str],
    on_stretch: OnStretch | None,
) -> tuple[dict[str, Spool], Sketch]:
    """The written tracks, and as ``rest`` what the song has beside them, where they do not sum to it."""
    unwritten = bool(task.wanted.left) and "residual" not in written
    names = (*written, "rest") if task.wanted.overlap or unwritten else written
    spools = {name: Spool(inside(folder, f"{name}.spool"), task.rate, task.channels) for name in names}
    sketch = Sketch(task.rate)
    for stretch in task.separated(meter, 1 - WRITING):
        if on_stretch is not None:
            on_stretch(stretch)
        for name in written:
            spools[name].append(stretch[name])
        if "rest" in spools:
            spools["rest"].append(difference(stretch["mixture"], [stretch[name] for name in written]))
        sketch.add({"mix": stretch["mixture"], **{stem: stretch[stem] for stem in task.stems}})
    return spools, sketch


def _tracks(task: SeparatedSong, spools: Mapping[str, Spool], written: Sequence[str]) -> Tracks:
    parts = {name: spools[name].open for name in written}
    inexact = task.consistency == "none" and not task.wanted.overlap
    rest = None if inexact or "rest" not in spools else spools["rest"].open
    frames = spools[written[0]].frames
    return Tracks(parts, lambda: open_stream(task.song), task.rate, frames, {}, rest)
