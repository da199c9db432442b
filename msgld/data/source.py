"""Sources of clips: the one interface of all training and test data, and the table by which they are found.

To add a source, write its file and add a line to ``SOURCES``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from pkgutil import resolve_name
from typing import Any, Protocol

import numpy as np

from msgld.errors import DataError, UsageError
from msgld.music.conditions import OPEN, Conditions
from msgld.music.played import Played
from msgld.progress import OnProgress
from msgld.stems import STEMS

SOURCES: Mapping[str, str] = {
    "band": "msgld.data.scores:open_band",
    "midi": "msgld.data.scores:open_midi",
    "stems": "msgld.data.stem_folders.folder:open_stems",
    "heldout": "msgld.data.heldout:open_heldout",
}
"""Name -> module and function, which takes a path and :class:`SourceOptions` and returns the opened source.

To train on, that is a :class:`Source`; to evaluate on, it is a :class:`Clips`, or has a method ``clips(seconds)`` that
returns them.
"""

LOUDEST = 1e5
"""Largest absolute sample of a clip. Float files on a 16-bit scale (up to 32,768) are below it; garbage is above."""


@dataclass(frozen=True)
class Clip:
    """An excerpt of one piece, stem by stem.

    Attributes:
        stems: float32 (S, 2, L), stereo waveforms in the order of the source's ``stems``.
        present: bool (S,), False where the data set has no such stem at all (a silent stem is present).
        rate: samples per second.
        name: where the clip comes from, for logs and reports.
        meta: facts about the piece (style, bpm, key, ...).
        pooled: stems that the data set has no sound of by their names, but perhaps in its ``other``.
        conditions: those that the clip meets, as far as they are known.
        played: its notes and beats, where it was rendered from a score.
        rest: sound of the mixture that belongs to no stem, (2, L), such as what a lossy format adds; None for none.
    """

    stems: np.ndarray
    present: np.ndarray
    rate: int
    name: str
    meta: dict[str, str | float] = field(default_factory=dict)
    conditions: Conditions = OPEN
    pooled: tuple[str, ...] = ()
    played: Played | None = None
    rest: np.ndarray | None = None

    @property
    def mixture(self) -> np.ndarray:
        """The sum of the stems and the rest, float32 (2, L)."""
        whole = self.stems.sum(0)
        return whole if self.rest is None else whole + self.rest


class Source(Protocol):
    """Gives clips by seed: the same seed and length give the same clip, sample by sample.

    Attributes:
        stems: names and order of the stems.
    """

    stems: tuple[str, ...]

    def clip(self, seed: int, seconds: float) -> Clip:
        """The clip of this seed, ``seconds`` long."""
        ...


class Clips(Protocol):
    """Clips by number, the same on every machine."""

    def __len__(self) -> int: ...

    def __getitem__(self, index: int) -> Clip: ...


@dataclass(frozen=True)
class SourceOptions:
    """How to open a source; each one uses what it needs.

    Attributes:
        stems: names and order of the stems.
        soundfont: a soundfont, or a folder of them, that plays notes; None for the default.
        maps: stems of files with unclear names, as ``--map`` takes them.
        cache: a folder that keeps the results of the check, so that the next one is quick.
        on_progress: called while files are checked.
    """

    stems: tuple[str, ...] = STEMS
    soundfont: Path | None = None
    maps: tuple[str, ...] = ()
    cache: Path | None = None
    on_progress: OnProgress | None = None


def open_source(name: str, path: Path | None = None, options: SourceOptions = SourceOptions()) -> Source:
    """Open a source to train on.

    Args:
        name: one of ``SOURCES``.
        path: of its files; None for sources without.
        options: see there.

    Raises:
        UsageError: an unknown name, or a source that is for evaluation only.
        DataError: nothing usable at the path.
    """
    source = _opened(name, path, options)
    if not hasattr(source, "clip"):
        raise UsageError(f"{name} is for evaluation only: choose another source")
    return source


def open_clips(
    name: str, path: Path | None, seconds: float, options: SourceOptions = SourceOptions()
) -> Clips:
    """Open a source to evaluate on.

    Arguments and errors are those of :func:`open_source`; ``seconds`` is the clips' length, if it is open.
    """
    source = _opened(name, path, options)
    clips = source.clips(seconds) if hasattr(source, "clips") else source
    if not hasattr(clips, "__getitem__"):
        raise UsageError(f"{name} is for training only: choose another source")
    return clips


def _opened(name: str, path: Path | None, options: SourceOptions) -> Any:
    if name not in SOURCES:
        raise UsageError(f"no source of data named {name!r}; there are: {', '.join(SOURCES)}")
    return resolve_name(SOURCES[name])(path, options)


class BadClip(DataError):
    """A clip with unusable samples.

    Attributes:
        origin: the piece and its stem, to report each only once.
    """

    def __init__(self, message: str, origin: str) -> None:
        super().__init__(message)
        self.origin = origin

    def __reduce__(self) -> tuple[type[BadClip], tuple[str, str]]:
        return BadClip, (str(self), self.origin)


def checked(clip: Clip, stems: Sequence[str]) -> Clip:
    """The clip itself, if training may see it.

    Raises:
        BadClip: a sample is NaN, infinite or above ``LOUDEST``; the message names the piece and one of the ``stems``.
    """
    for name, audio in zip(stems, clip.stems, strict=True):
        # The largest absolute value is NaN where any sample is.
        peak = float(np.abs(audio).max(initial=0.0))
        if not peak <= LOUDEST:
            what = f"samples up to {peak:.3g}" if np.isfinite(peak) else "samples that are not finite numbers"
            raise BadClip(
                f"{clip.name}: stem {name} has {what}; such clips are left out: repair or remove the file",
                f"{clip.name.rpartition('@')[0] or clip.name}: {name}",
            )
    return clip


def music_seconds(source: object) -> float | None:
    """The amount of music in a source, in seconds; None if it is unknown or endless.

    It is its ``seconds``, or the sum of its ``songs``' ``seconds``, or the sum over the sources inside of it.
    """
    songs = getattr(source, "songs", None)
    if songs is not None and not hasattr(source, "seconds"):
        return float(sum(song.seconds for song in songs))
    amounts = [music_seconds(one) for one in inner_sources(source)]
    known = [amount for amount in amounts if amount is not None]
    return getattr(source, "seconds", sum(known) if known and len(known) == len(amounts) else None)


def inner_sources(source: object) -> list[object]:
    """The sources inside of a source."""
    return [*getattr(source, "sources", ()), *([source.source] if hasattr(source, "source") else [])]


def origin_of(source: object, seed: int) -> str:
    """The piece that the clip of this seed is of, by ``source.origin(seed)``; empty if it has no such method."""
    tell = getattr(source, "origin", None)
    return str(tell(seed)) if tell else ""


def missing_file(source: object) -> Path | None:
    """A file of a source, or of a source inside of it, that does not exist any more; None if there is none.

    The files are those that its ``songs`` list as ``every``, unless it has a method ``missing`` of its own.
    """
    own = getattr(source, "missing", None)
    if own is not None:
        return own()
    for song in getattr(source, "songs", ()):
        for file in getattr(song, "every", ()):
            if not file.path.exists():
                return Path(file.path)
    found = (missing_file(one) for one in inner_sources(source))
    return next((path for path in found if path is not None), None)


class Mixed:
    """A source that draws each clip from one of several.

    Args:
        sources: pairs of a source and its weight (0 or more, not all 0); all have the same stems.

    Raises:
        UsageError: no sources, different stems or no positive weight.
    """

    def __init__(self, sources: Sequence[tuple[Source, float]]) -> None:
        self.sources = [source for source, _ in sources]
        weights = np.array([weight for _, weight in sources], dtype=np.float64)
        if len({source.stems for source in self.sources}) != 1:
            raise UsageError("mix sources that have the same stems in the same order")
        if (weights < 0).any() or not weights.sum() > 0:
            raise UsageError("weights of sources are 0 or more, and one is above 0")
        self._edges = np.cumsum(weights / weights.sum())
        self.stems = self.sources[0].stems

    def clip(self, seed: int, seconds: float) -> Clip:
        """A clip of the source that the seed chooses."""
        return self._chosen(seed).clip(seed, seconds)

    def _chosen(self, seed: int) -> Source:
        # The choice must not share its random numbers with the source, which gets the seed itself.
        draw = np.random.default_rng([seed, 1]).random()
        index = min(int(np.searchsorted(self._edges, draw, side="right")), len(self.sources) - 1)
        return self.sources[index]

    def origin(self, seed: int) -> str:
        """The piece that a clip is of; empty where its source cannot tell."""
        return origin_of(self._chosen(seed), seed)
