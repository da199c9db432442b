"""A pool of pieces in notes, in memory that worker processes share; they keep renewing it."""

from __future__ import annotations

import numpy as np
import torch

from msgld.data.source import BadClip
from msgld.music.bar_features import BarFacts
from msgld.music.grid import Cells
from msgld.music.score import SCORE_STEMS
from msgld.training.pool.pool import Pool
from msgld.training.recipe import PoolConfig
from msgld.training.score.pieces import Piece, Scores, piece_of

BARS, NOTES, PROGRAMS = 48, 4096, 4
"""Most bars of a piece in the pool, most notes, and most programs of a stem; more are left out."""


_NOTE = 6  # stem, slot, stop, key, velocity, offset in thousandths
_BAR = 13  # see _bar_columns
_TEMPO = 50.0  # parts of a beat a minute
_SIZE = 4 + len(SCORE_STEMS) * PROGRAMS + BARS * _BAR + NOTES * _NOTE
_BITS = 1 << np.arange(12)


class PiecePool(Pool):
    """Pieces of a source, at home (:mod:`msgld.music.home`); ``reuse`` counts excerpts drawn from each.

    Args:
        source: gives scores by seed.
        config: slots, workers and reuse.
        styles: that the composer knows.
        shortest: bars of a piece, at least; shorter ones are left out.
    """

    def __init__(self, source: Scores, config: PoolConfig, styles: tuple[str, ...], shortest: int) -> None:
        kept = torch.zeros(config.slots, _SIZE, dtype=torch.int16)
        super().__init__(source, config, rate=1, kept=kept)
        self.scores, self.styles, self.shortest = source, styles, shortest

    def store(self, slot: int, stems: np.ndarray, seed: int) -> None:
        """Not used: a pool of pieces keeps no sound."""
        raise NotImplementedError

    def render(self, index: int, slot: int | None = None) -> None:
        """Keep a stretch of the piece ``index``.

        Raises:
            BadClip: it is too short, or fewer than two of its stems play.
        """
        seed, slot = self.config.seed + index, index % self.config.slots if slot is None else slot
        score = self.scores.score(seed)
        if len(score.bars) < self.shortest:
            raise BadClip(f"{score.name}: it has {len(score.bars)} bars; it is left out", score.name)
        piece = piece_of(score, self.styles)
        rng = np.random.default_rng(seed)
        first = int(rng.integers(max(0, len(piece) - BARS) + 1))
        piece = piece.between(first, min(first + BARS, len(piece)))
        if sum(len(one) > 0 for one in piece.cells.values()) < 2:
            raise BadClip(f"{score.name}: fewer than two stems play; it is left out", score.name)
        self.kept[slot] = torch.from_numpy(packed(piece.at_home()))
        self.present[slot] = torch.tensor([stem in piece.cells for stem in SCORE_STEMS])
        self.version[slot] += 1

    def draw(self, items: int, bars: int, rng: np.random.Generator) -> list[Piece]:
        """Excerpts of ``bars`` bars."""
        self.prepare(items)
        drawn, usable = [], self.usable()
        for slot in usable[rng.integers(len(usable), size=items)]:
            piece = unpacked(self.kept[int(slot)].numpy())
            first = int(rng.integers(len(piece) - bars + 1))
            drawn.append(piece.between(first, first + bars))
        return drawn


def packed(piece: Piece) -> np.ndarray:
    """A piece as int16 numbers; of too many notes the last ones are left out."""
    rows = np.zeros((NOTES, _NOTE), np.int16)
    notes = [
        _note_rows(number, piece.cells[stem])
        for number, stem in enumerate(SCORE_STEMS)
        if stem in piece.cells
    ]
    table = np.concatenate(notes) if notes else rows[:0]
    table = table[np.argsort(table[:, 1], kind="stable")][:NOTES]
    rows[: len(table)] = table
    programs = np.full((len(SCORE_STEMS), PROGRAMS), -1, np.int16)
    for number, stem in enumerate(SCORE_STEMS):
        chosen = piece.programs.get(stem, ())[:PROGRAMS]
        programs[number, : len(chosen)] = chosen
    bars = np.zeros((BARS, _BAR), np.int16)
    bars[: len(piece)] = _bar_columns(piece)
    head = np.array([len(piece), len(table), 0, 0], np.int16)
    return np.concatenate([head, programs.reshape(-1), bars.reshape(-1), rows.reshape(-1)])


def unpacked(numbers: np.ndarray) -> Piece:
    """The inverse of :func:`packed`, without the name."""
    bars, notes = int(numbers[0]), int(numbers[1])
    sizes = np.cumsum([4, len(SCORE_STEMS) * PROGRAMS, BARS * _BAR])
    _, programs, columns, rows = np.split(numbers, sizes)
    table = rows.reshape(NOTES, _NOTE)[:notes]
    chosen = programs.reshape(-1, PROGRAMS).tolist()
    cells, played = {}, {}
    for number, stem in enumerate(SCORE_STEMS):
        own = table[table[:, 0] == number]
        if len(own):
            slot, stop, key, velocity, offset = own[:, 1:].T
            places = slot.astype(np.int32), stop.astype(np.int32)
            cells[stem] = Cells(*places, key, velocity, offset.astype(np.float32) / 1000)
            played[stem] = tuple(program for program in chosen[number] if program >= 0)
    facts, held = _bars(columns.reshape(BARS, _BAR)[:bars].astype(np.int64))
    return Piece(facts, cells, played, held)


def _note_rows(number: int, cells: Cells) -> np.ndarray:
    offset = np.rint(cells.offset * 1000)
    columns = (np.full(len(cells), number), cells.slot, cells.stop, cells.key, cells.velocity, offset)
    return np.stack([np.asarray(one) for one in columns], 1).astype(np.int16)


def _bar_columns(piece: Piece) -> np.ndarray:
    facts, held = piece.facts, _BITS[: len(SCORE_STEMS)] @ piece.held
    chords = facts.chords @ _BITS
    columns = [facts.steps, facts.first, np.rint(facts.bpm * _TEMPO), facts.tonic, facts.mode, facts.style,
               *chords.T, *facts.bass.T, facts.place, facts.length, held]  # fmt: skip
    table = np.zeros((len(facts), _BAR), np.int16)
    table[:, : len(columns)] = np.stack(columns, 1)
    return table


def _bars(table: np.ndarray) -> tuple[BarFacts, np.ndarray]:
    """The facts of bars, and which of them are held, (S, T)."""
    steps, first, bpm, tonic, mode, style, one, other, bass, second, place, length, held = table.T
    chords = (np.stack([one, other], 1)[:, :, None] & _BITS) > 0
    facts = BarFacts(
        steps, first > 0, bpm / _TEMPO, tonic, mode, style, chords, np.stack([bass, second], 1), place, length
    )
    return facts, (held & _BITS[: len(SCORE_STEMS), None]) > 0
