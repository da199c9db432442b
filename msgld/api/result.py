"""The result of a task: stems in memory, to be saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np

from msgld.aliases import warn_renamed
from msgld.api.encoding import Encoding, as_encoding
from msgld.api.folder import check_sources, new_folder
from msgld.api.naming import PLAIN
from msgld.api.notes import save_notes
from msgld.api.picture import Sketch
from msgld.api.record import named_files
from msgld.api.save import BLOCK, Saved, Track, Tracks, check_encoding, save_tracks
from msgld.api.sums import difference
from msgld.audio.sound import open_stream
from msgld.errors import UsageError
from msgld.music.score import Score
from msgld.names import check_stem_names
from msgld.ranges import check_flag, shown
from msgld.stems import RATE

T = TypeVar("T")


class Lazy(Generic[T]):
    """A field of a dataclass that may be given as a function, which is called when the field is first read."""

    def __set_name__(self, owner: type, name: str) -> None:
        """Remember where the value is kept."""
        self._kept = f"_{name}"

    def __get__(self, instance: object, owner: type) -> T:
        """The value."""
        if instance is None:
            raise AttributeError(self._kept)  # so the field has no default
        value = vars(instance)[self._kept]
        if callable(value):
            value = vars(instance)[self._kept] = value()
        found: T = value
        return found

    def __set__(self, instance: object, value: T | Callable[[], T]) -> None:
        """Keep the value, or what computes it."""
        vars(instance)[self._kept] = value


@dataclass(frozen=True)
class Result:
    """Stems in memory. Those of a score are rendered when they are first asked for.

    Attributes:
        stems: name -> float32 (channels, L), full scale +-1.
        mix: (channels, L); the song itself for a separation, the sum of the stems where something was made.
        residual: the rest of the song, (channels, L); None where something was made.
        rate: samples per second.
        info: how it came about; goes to ``run.json``.
        remarks: lines to the user about the result.
        score: the notes of what was made in notes; None for sound.
        overlap: whether some of the song is in two of the stems, such as bass and bass+drums.
    """

    stems: Lazy[dict[str, np.ndarray]] = Lazy()
    mix: Lazy[np.ndarray] = Lazy()
    residual: np.ndarray | None = None
    rate: int = RATE
    info: dict[str, Any] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    score: Score | None = None
    overlap: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """The old name of :attr:`remarks`."""
        warn_renamed("Result.notes", "Result.remarks")
        return self.remarks

    def save(
        self,
        folder: str | Path,
        *,
        encoding: str | Encoding = "wav",
        overwrite: bool = False,
        residual: bool = False,
    ) -> Saved:
        """Write every stem, a picture of all and ``run.json``; where something was made, also ``mix``.

        Args:
            folder: appears when everything is written, and not at all after an error.
            encoding: ``wav``, ``flac``, ``ogg`` or ``mp3``, or an :class:`Encoding` with all its details.
                Where a stem is beyond full scale, WAV is written as floats and other formats with one gain for all
                tracks; see :class:`Encoding`. A mix that alone would clip is turned down. Both are remarked on.
            overwrite: whether a former result in that folder may be replaced.
            residual: also write the rest of the song.

        Raises:
            AudioWriteError: the folder holds something, is not writable, or the format does not fit.
            UsageError: no such format, or a stem whose name cannot be a file's.
        """
        if not isinstance(folder, str | PathLike):
            raise UsageError(f"folder is a path, not {shown(folder)}")
        folder, encoding = Path(folder), as_encoding(encoding)
        overwrite, residual = check_flag("overwrite", overwrite), check_flag("residual", residual)
        check_stem_names(self.stems, UsageError)
        parts, mix, rest = dict(self.stems), {}, None
        if self.residual is None:
            mix = {"mix": self.mix}
        elif residual:
            parts["residual"] = self.residual
        else:
            rest = self._track(self.residual)
        if self.overlap:  # what the tracks lack of the song, or have twice
            rest = self._track(difference(self.mix, list(parts.values())))
        written, extra = ({name: self._track(one) for name, one in some.items()} for some in (parts, mix))
        tracks = Tracks(written, self._track(self.mix), self.rate, self.mix.shape[1], extra, rest)
        info = {**self.info, "remarks": list(self.remarks)}
        listed = [PLAIN.file(name, encoding.ext) for name in (*parts, *mix)]
        check_sources(folder, PLAIN, listed, _sources(self.info))
        with new_folder(folder, overwrite) as temporary:
            check_encoding(temporary, encoding, self.rate, self.mix.shape[0])
            info |= save_notes(self.score, temporary) if self.score is not None else {}
            run = save_tracks(
                temporary, tracks, encoding, self._sketch(), _peak(parts), info, mix_peak=_peak(mix)
            )
        files = {name: folder / file for name, file in run["files"].items()}
        return Saved(folder, files, run)

    def _track(self, samples: np.ndarray) -> Track:
        return partial(open_stream, (samples, self.rate))

    def _sketch(self) -> Sketch:
        sketch = Sketch(self.rate)
        everything: Mapping[str, np.ndarray] = {"mix": self.mix, **self.stems}
        for place in range(0, self.mix.shape[1], BLOCK):
            sketch.add({name: samples[:, place : place + BLOCK] for name, samples in everything.items()})
        return sketch


def _sources(info: Mapping[str, Any]) -> list[str]:
    """The files that a result was made from, as far as its record names them."""
    settings = info.get("settings")
    known = settings.get("known") if isinstance(settings, Mapping) else None
    return named_files(info.get("input"), known)


def _peak(tracks: Mapping[str, np.ndarray]) -> float:
    """The largest magnitude in all tracks."""
    return max((float(np.abs(track).max(initial=0.0)) for track in tracks.values()), default=0.0)
