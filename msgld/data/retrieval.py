"""Accompaniment looked up: training bars whose given stems are nearest, the baseline of making music in notes.

Bars are compared by the onsets and the pitch classes of the given stems, stem by stem, in all transpositions.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from msgld.data.frozen import style_of
from msgld.data.held_bars import held_bars
from msgld.data.midi import MidiFolder
from msgld.data.score_clips import trains_no_score
from msgld.data.scores import Band
from msgld.errors import DataError
from msgld.metrics.scores import Stems, chroma_of, half_of_slots, onset_patterns
from msgld.music.bars import QUARTER, STEPS
from msgld.music.grid import Cells, to_cells
from msgld.music.score import SCORE_STEMS, Score, score_of
from msgld.stems import UNPITCHED

BARS = 20_000
"""Bars of the usual index; it is built in some seconds."""

TRANSPOSITIONS = tuple(range(-5, 7))

_MISSING = 1e3  # what a wanted stem that a piece lacks costs: more than any distance


@dataclass(frozen=True)
class Indexed:
    """A piece: its notes by stem, and the steps of its bars."""

    cells: Stems
    steps: np.ndarray


@dataclass(frozen=True)
class BarIndex:
    """Bars of training pieces, N of them.

    Attributes:
        pieces: the pieces.
        piece: number of each bar's piece, (N,).
        bar: number of the bar in it, (N,).
        steps: of each bar, (N,).
        features: what is compared of each stem, float32 (N, S, 40): onsets of 16 steps, pitch classes of two halves.
        plays: stems that each bar's piece has, bool (N, S).
    """

    pieces: tuple[Indexed, ...]
    piece: np.ndarray
    bar: np.ndarray
    steps: np.ndarray
    features: np.ndarray
    plays: np.ndarray

    @classmethod
    def of(cls, scores: Iterable[Score], bars: int = BARS) -> BarIndex:
        """The first so many bars of some scores, without those that a frozen clip has, too."""
        pieces, count = list[Indexed](), 0
        for score in scores:
            cells = {
                stem: to_cells(notes, score.bars)
                for stem, notes in score.notes.items()
                if stem in SCORE_STEMS
            }
            pieces.append(Indexed(cells, score.bars.steps))
            count += len(score.bars)
            if count >= bars:
                break
        if not count:
            raise DataError("there are no bars to retrieve from: name other MIDI files")
        lengths = [len(one.steps) for one in pieces]
        plays = np.array([[stem in one.cells for stem in SCORE_STEMS] for one in pieces])
        held = [held_bars(one.cells, SCORE_STEMS, len(one.steps)).any(0) for one in pieces]
        columns = (
            np.repeat(np.arange(len(pieces)), lengths),
            np.concatenate([np.arange(length) for length in lengths]),
            np.concatenate([one.steps for one in pieces]),
            np.concatenate([_features(one.cells, one.steps) for one in pieces]),
            np.repeat(plays, lengths, 0),
        )
        return cls(tuple(pieces), *(column[~np.concatenate(held)] for column in columns))

    def __len__(self) -> int:
        return len(self.piece)

    def arrange(self, given: Stems, wanted: Sequence[str], steps: np.ndarray) -> dict[str, Cells]:
        """The wanted stems of the nearest bar for each bar of the given stems; in metres that no bar has, silence."""
        found = self.nearest(given, wanted, steps)
        return {stem: tied([Cells.none() if one is None else self._bar(stem, *one) for one in found])
                for stem in wanted}  # fmt: skip

    def nearest(self, given: Stems, wanted: Sequence[str], steps: np.ndarray) -> list[tuple[int, int] | None]:
        """For each bar of the given stems the nearest bar's number and the semitones by which it is moved.

        Bars of pieces that have all wanted stems come first. None where no bar has so many steps.
        """
        known = [number for number, stem in enumerate(SCORE_STEMS) if stem in given]
        missing = [number for number, stem in enumerate(SCORE_STEMS) if stem in wanted]
        queries = _features(given, steps)[:, known]
        price = _MISSING * (~self.plays[:, missing]).sum(1)
        found: list[tuple[int, int] | None] = []
        for length, query in zip(steps, queries, strict=True):
            rows = np.flatnonzero(self.steps == length)
            found.append(self._best(rows, query, known, price[rows]) if len(rows) else None)
        return found

    def _best(
        self, rows: np.ndarray, query: np.ndarray, known: list[int], price: np.ndarray
    ) -> tuple[int, int]:
        """The nearest of some bars, and its transposition."""
        stored = self.features[rows][:, known].reshape(len(rows), -1)
        moved = np.stack([_rolled(query, -semitones).reshape(-1) for semitones in TRANSPOSITIONS])
        cost = (stored**2).sum(1)[:, None] - 2 * stored @ moved.T + price[:, None]
        row, place = divmod(int(cost.argmin()), len(TRANSPOSITIONS))
        return int(rows[row]), TRANSPOSITIONS[place]

    def _bar(self, stem: str, row: int, semitones: int) -> Cells:
        """What sounds of a stem in a bar of the index, transposed; slots count from the bar's start."""
        bar = int(self.bar[row])
        cells = self.pieces[self.piece[row]].cells.get(stem, Cells.none()).between(bar, bar + 1)
        return cells if stem in UNPITCHED else cells.transposed(semitones)


def tied(bars: Sequence[Cells]) -> Cells:
    """Bars of one stem, one after another. What sounds on from before (a negative slot) prolongs the note that ends at
    the bar line, or begins with the bar."""
    notes, latest = list[list[float]](), dict[int, int]()
    for number, cells in enumerate(bars):
        start = number * STEPS
        for slot, stop, key, velocity, offset in zip(
            *(one.tolist() for one in vars(cells).values()), strict=True
        ):
            if slot < 0 and key in latest and notes[latest[key]][1] == start:
                notes[latest[key]][1] = start + stop
            else:
                latest[key] = len(notes)
                notes.append(
                    [start + max(slot, 0), start + stop, key, velocity, offset if slot >= 0 else 0.0]
                )
    columns = np.array(notes, np.float64).reshape(-1, 5).T
    kinds = (np.int32, np.int32, np.int16, np.int16, np.float32)
    return Cells(*(column.astype(kind) for column, kind in zip(columns, kinds, strict=True)))


def _features(stems: Stems, steps: np.ndarray) -> np.ndarray:
    """What is compared of each stem, float32 (T, S, 40)."""
    bars = len(steps)
    features = np.zeros((bars, len(SCORE_STEMS), STEPS + 24), np.float32)
    for number, stem in enumerate(SCORE_STEMS):
        if stem in stems:
            part = {stem: stems[stem]}
            features[:, number, :STEPS] = onset_patterns(part, bars)
            held = chroma_of(part, steps, half_of_slots(steps))
            features[:, number, STEPS:] = np.sqrt(held / QUARTER).reshape(bars, 24)
    return features


def _rolled(query: np.ndarray, semitones: int) -> np.ndarray:
    """Features (S, 40) of a bar that is transposed."""
    onsets, classes = query[:, :STEPS], query[:, STEPS:].reshape(-1, 2, 12)
    return np.concatenate([onsets, np.roll(classes, semitones, -1).reshape(len(query), 24)], 1)


def training_scores(midi: Path | None = None, seed: int = 0) -> Iterator[Score]:
    """Pieces that may be retrieved from: a folder's songs, its accompaniments and the band's pieces in turn, no end.

    Args:
        midi: a folder of MIDI files, of which those that measure (:mod:`msgld.data.score_clips`) are left out.
        seed: of the order.
    """
    rng = np.random.default_rng(seed)
    kinds = [_band(rng)]
    if midi is not None:
        folder = MidiFolder(midi, exclude=trains_no_score)
        names = [str(name) for name in rng.permutation(folder.names)]
        songs = [name for name in names if style_of(name) is None]
        kinds += [_read(folder, some) for some in (songs, [name for name in names if name not in set(songs)])]
    while kinds:
        for kind in list(kinds):
            score = next(kind, None)
            if score is None:
                kinds.remove(kind)
            else:
                yield score


def _band(rng: np.random.Generator) -> Iterator[Score]:
    band = Band()
    while True:
        yield score_of(band.draw(rng))


def _read(folder: MidiFolder, names: Sequence[str]) -> Iterator[Score]:
    for name in names:
        try:
            yield score_of(folder.song(name))
        except DataError:
            continue
