"""The held-out set: unseen pieces by an unseen soundfont, always the same clips.

Songs and accompaniments come from the user's own folder of MIDI files; the band's pieces need nothing.
Everything is rendered with TimGM6mb, which trains nothing, without any variation.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from msgld.data.fonts import heldout_soundfont
from msgld.data.frozen import RESERVED_SEED, heldout_names, is_heldout, style_of
from msgld.data.midi import MidiFolder
from msgld.data.render import Renderer
from msgld.data.scores import band_song
from msgld.data.source import Clip, SourceOptions
from msgld.errors import DataError
from msgld.music.midi.parts import Part, Song, length, sounding
from msgld.stems import RATE, STEMS, stem_among

SECONDS = 10.24
"""Length of a clip."""
SOUNDING = 10 ** (-50 / 20)
"""A stem sounds above this RMS (-50 dBFS)."""
STEMS_SOUNDING = 3
"""Stems that sound in every clip, if its piece has such a place."""

_CHOSEN_BY = ("bass", "drums", "guitar", "piano", "other")
_SONGS, _PER_STYLE, _ORDINARY, _RESERVED = 50, 2, 16, 4
"""Clips of songs, of each accompaniment style, of ordinary band styles, of each reserved band style."""
_TRIES = 12  # places looked at in a piece
_STEP = (5**0.5 - 1) / 2  # multiples of the golden ratio spread evenly over a piece, however many there are


_Item = TypeVar("_Item")


@dataclass(frozen=True)
class Excerpt:
    """One clip before it is rendered: a file or a piece of the band, and which of its places to take.

    Attributes:
        kind: ``song``, ``accompaniment`` or ``band``.
        name: the file's path in the folder or archive, or the band's style.
        number: which clip of this piece it is, from 0; for the band the seed.
    """

    kind: str
    name: str
    number: int


class HeldOut:
    """The held-out clips, in an order in which the first n are a balanced choice, for any n.

    Args:
        midi: a folder with ``songs/*.mid`` and ``accompaniments.tar.xz``; without it only the band's clips.
        stems: names and order of the stems.
        rate: samples per second.
        soundfont: instead of TimGM6mb, another that the model was not trained with.

    Raises:
        DataError: a held-out song or style is missing in the folder, or there is no such soundfont.
    """

    def __init__(
        self,
        midi: Path | None = None,
        stems: tuple[str, ...] = STEMS,
        rate: int = RATE,
        soundfont: Path | None = None,
    ) -> None:
        self.stems, self._renderer = stems, Renderer(soundfont or heldout_soundfont(), rate)
        kinds = [_band()]
        if midi is not None:
            if not (Path(midi) / "songs").is_dir():
                raise DataError(f"{midi} is not the folder of the held-out set: it has no folder songs")
            self._songs, self._accompaniments = (
                MidiFolder(Path(midi) / name, include=is_heldout, exclude=lambda name: False)
                for name in ("songs", "accompaniments.tar.xz")
            )
            kinds = [_of_songs(self._songs), _of_styles(self._accompaniments), *kinds]
        self.excerpts: tuple[Excerpt, ...] = tuple(interleaved(kinds))

    def __len__(self) -> int:
        return len(self.excerpts)

    def __iter__(self) -> Iterator[Clip]:
        return (self[index] for index in range(len(self)))

    def spread(self, count: int) -> list[Clip]:
        """Up to ``count`` clips, spread over the set."""
        return [self[int(i)] for i in np.linspace(0, len(self) - 1, min(count, len(self))).astype(int)]

    def __getitem__(self, index: int) -> Clip:
        """Render one clip, scaled down if its mixture peaks above 1."""
        excerpt = self.excerpts[index]
        song = self._song(excerpt)
        start, stems = _place(self._renderer, song.parts, excerpt, self.stems)
        peak = float(np.abs(stems.sum(axis=0)).max(initial=0.0))
        meta = song.meta | {"kind": excerpt.kind, "start": start, "soundfont": self._renderer.soundfont.stem}
        present = np.ones(len(self.stems), dtype=bool)
        return Clip(stems / np.float32(max(peak, 1.0)), present, self._renderer.rate, song.name, meta)

    def _song(self, excerpt: Excerpt) -> Song:
        if excerpt.kind == "band":
            return band_song(excerpt.number, excerpt.name)
        song = (self._songs if excerpt.kind == "song" else self._accompaniments).song(excerpt.name)
        style = style_of(excerpt.name)
        return replace(song, meta=song.meta | {"style": style}) if style else song


def _of_songs(library: MidiFolder) -> list[Excerpt]:
    """Every song once, then as many a second time as there are clips left."""
    names = {Path(name).name: name for name in library.names}
    missing = [song for song in heldout_names()["songs"] if song not in names]
    if missing:
        raise DataError(
            f"{len(missing)} held-out songs are missing, such as {missing[0]}: use the whole folder"
        )
    order = sorted(names.values(), key=_shuffled)
    return [Excerpt("song", order[i % len(order)], i // len(order)) for i in range(_SONGS)]


def _of_styles(library: MidiFolder) -> list[Excerpt]:
    """Some accompaniments of every style, style after style."""
    chosen = []
    for number in range(_PER_STYLE):
        for style in heldout_names()["accompaniment_styles"]:
            names = sorted((name for name in library.names if style_of(name) == style), key=_shuffled)
            if len(names) < _PER_STYLE:
                raise DataError(
                    f"held-out accompaniments of style {style} are missing: use the whole archive"
                )
            chosen.append(Excerpt("accompaniment", names[number], 0))
    return chosen


def _band() -> list[Excerpt]:
    """Pieces of ordinary and of reserved styles, mixed, each with a reserved seed."""
    from msgld.data.band import RESERVED_STYLES, STYLES

    usual = sorted((style for style in STYLES if style not in RESERVED_STYLES), key=_shuffled)
    ordinary = [usual[i % len(usual)] for i in range(_ORDINARY)]
    styles = list(interleaved([ordinary, sorted(RESERVED_STYLES) * _RESERVED]))
    return [Excerpt("band", style, RESERVED_SEED + i) for i, style in enumerate(styles)]


def _shuffled(name: str) -> str:
    """A sorting key for an order without meaning, the same everywhere."""
    return hashlib.sha256(Path(name).name.encode()).hexdigest()


def interleaved(lists: Sequence[Sequence[_Item]]) -> Iterator[_Item]:
    """Merge lists so that every beginning holds each in proportion."""
    placed = [
        ((i + 0.5) / len(items), k, item) for k, items in enumerate(lists) for i, item in enumerate(items)
    ]
    return (item for _, _, item in sorted(placed, key=lambda entry: entry[:2]))


def _place(
    renderer: Renderer, piece: Sequence[Part], excerpt: Excerpt, stems: tuple[str, ...]
) -> tuple[float, np.ndarray]:
    """The start and the audio (S, 2, L) of the first place where enough stems sound, or the best."""
    best: tuple[int, float, np.ndarray] | None = None
    for start in _starts(piece, excerpt):
        audio = renderer.render_stems(piece, start, SECONDS, stems)
        count = _sounding(audio, stems)
        if best is None or count > best[0]:
            best = count, start, audio
        if count >= STEMS_SOUNDING:
            break
    assert best is not None
    return best[1:]


def _sounding(audio: np.ndarray, stems: tuple[str, ...]) -> int:
    """How many stems sound, a choir counted with ``other``: places were chosen when it was a part of that."""
    pooled = {stem_among(stem, _CHOSEN_BY): np.zeros(audio.shape[1:], audio.dtype) for stem in stems}
    for stem, sound in zip(stems, audio, strict=True):
        pooled[stem_among(stem, _CHOSEN_BY)] += sound
    return sum(float(np.sqrt(np.mean(sound**2))) > SOUNDING for sound in pooled.values())


def _starts(piece: Sequence[Part], excerpt: Excerpt) -> list[float]:
    """Places to try, those with notes of enough stems first; never another clip's."""
    room = max(length(piece) - SECONDS, 0.0)
    first = 0 if excerpt.kind == "band" else excerpt.number * _TRIES
    starts = [round(room * ((first + i + 0.5) * _STEP % 1), 2) for i in range(_TRIES)]

    def enough(start: float) -> bool:
        there = {stem_among(stem, _CHOSEN_BY) for stem in sounding(piece, start, SECONDS)}
        return len(there) >= STEMS_SOUNDING

    return sorted(starts, key=lambda start: not enough(start))


def open_heldout(path: Path | None, options: SourceOptions) -> HeldOut:
    """The held-out set, from its folder of MIDI files; without a path only the band's clips."""
    return HeldOut(path, options.stems, soundfont=options.soundfont)
