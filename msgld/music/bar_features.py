"""The conditions of a score as features of its bars, for the composer. Conditions that are open are zeros."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from msgld.errors import UsageError
from msgld.music.bars import QUARTER, STEPS, Bars, Timeline
from msgld.music.chord_names import Chord, Halves, parse_chords
from msgld.music.chords import estimate_chords
from msgld.music.conditions import Conditions
from msgld.music.grid import Cells, from_cells
from msgld.music.keys import MODES, parse_key

_MODES = tuple(MODES)
METRE, TEMPO, KEY, HALF, PLACE = STEPS + 1, 2, 25, 25, 8
"""Features of metre, tempo, key, the chord of half a bar, and place."""

OWN = 4
"""Features of a bar of a stem: density known, density, loudness known, loudness."""


OPEN = -2
"""Bass of half a bar of which no chord is known; -1 is known to have none."""


def bar_features_of(styles: int) -> int:
    """Features of a bar for a composer that knows so many styles."""
    return METRE + TEMPO + KEY + styles + 2 * HALF + PLACE


@dataclass(frozen=True)
class BarFacts:
    """What is known of the bars of a piece or of an excerpt. ``known`` flags say what is shown to the network.

    Attributes:
        steps: of each bar, (T,).
        first: whether it begins a written bar, bool (T,).
        bpm: quarter notes a minute, (T,), 0 where open.
        tonic: pitch class of the key, (T,), -1 where open.
        mode: number of the key's mode, (T,), -1 where open.
        style: number of the style, (T,), -1 where open.
        chords: pitch classes of the two halves, bool (T, 2, 12).
        bass: pitch classes of their basses, (T, 2); -1 for no chord, -2 where open.
        place: written bars before it, (T,), -1 where open.
        length: written bars of the whole piece, (T,), 0 where open.
    """

    steps: np.ndarray
    first: np.ndarray
    bpm: np.ndarray
    tonic: np.ndarray
    mode: np.ndarray
    style: np.ndarray
    chords: np.ndarray
    bass: np.ndarray
    place: np.ndarray
    length: np.ndarray

    @classmethod
    def of(cls, bars: Bars) -> BarFacts:
        """Metre alone; all else is open."""
        count = len(bars)
        none = np.full(count, -1)
        first = np.diff(bars.number, prepend=-1) != 0
        return cls(bars.steps, first, np.zeros(count), none, none, none, np.zeros((count, 2, 12), bool),
                   np.full((count, 2), OPEN), none, np.zeros(count, np.int64))  # fmt: skip

    def __len__(self) -> int:
        return len(self.steps)

    def between(self, first: int, last: int) -> BarFacts:
        """Those of the bars ``first`` to ``last`` (excluded)."""
        return BarFacts(*(getattr(self, field.name)[first:last] for field in fields(self)))

    def with_chords(self, halves: Halves) -> BarFacts:
        """With the chords of the halves of all bars; None is no chord."""
        chords, bass = np.zeros((len(self), 2, 12), bool), np.full((len(self), 2), -1)
        for bar, pair in enumerate(halves):
            for half, chord in enumerate(pair):
                if chord is not None:
                    chords[bar, half, list(chord.classes)] = True
                    bass[bar, half] = chord.bass
        return replace(self, chords=chords, bass=bass)

    def with_chords_of(self, cells: Mapping[str, Cells]) -> BarFacts:
        """With the chords that notes make, where chords are open and the notes make some."""
        start = np.concatenate([[0.0], np.cumsum(self.steps / QUARTER)])
        bars = Bars(start, np.arange(len(self)))
        notes = {stem: from_cells(one, bars) for stem, one in cells.items()}
        found = self.with_chords(estimate_chords(notes, start))
        new = (self.bass == OPEN) & (found.bass >= 0)
        chords = np.where(new[..., None], found.chords, self.chords)
        return replace(self, chords=chords, bass=np.where(new, found.bass, self.bass))

    def transposed(self, semitones: int) -> BarFacts:
        """So many semitones higher."""
        tonic = np.where(self.tonic < 0, self.tonic, (self.tonic + semitones) % 12)
        return replace(self.with_classes((np.arange(12) + semitones) % 12), tonic=tonic)

    def with_classes(self, classes: np.ndarray) -> BarFacts:
        """With chords of other pitch classes: ``classes[k]`` (12,) in the place of k."""
        chords = np.zeros_like(self.chords)
        for old, new in enumerate(classes.tolist()):
            chords[..., new] |= self.chords[..., old]
        bass = np.where(self.bass < 0, self.bass, classes[self.bass])
        return replace(self, chords=chords, bass=bass)

    def class_weights(self) -> tuple[np.ndarray, np.ndarray]:
        """How often each pitch class is in the chords, and in the scale of the key, (12,) each; zeros where open."""
        return self.chords.sum((0, 1)).astype(float), self._scale().sum(0)

    def features(self, styles: int) -> np.ndarray:
        """Features of each bar, float32 (T, :func:`bar_features_of`)."""
        metre = np.concatenate([_one_hot(self.steps - 1, STEPS), self.first[:, None]], 1)
        timed = self.bpm > 0
        tempo = np.stack([timed, np.where(timed, np.log2(np.maximum(self.bpm, 1) / 110), 0)], 1)
        halves = [np.concatenate([self.bass[:, half, None] > OPEN, self.chords[:, half],
                                  _one_hot(self.bass[:, half], 12)], 1) for half in (0, 1)]  # fmt: skip
        parts = [metre, tempo, self._key(), _one_hot(self.style, styles), *halves, self._place()]
        return np.concatenate(parts, 1).astype(np.float32)

    def _key(self) -> np.ndarray:
        return np.concatenate([self.tonic[:, None] >= 0, _one_hot(self.tonic, 12), self._scale()], 1)

    def _scale(self) -> np.ndarray:
        scales = np.zeros((len(_MODES) + 1, 12))
        for number, name in enumerate(_MODES):
            scales[number, list(MODES[name])] = 1
        turned = (np.arange(12) - self.tonic[:, None]) % 12
        return np.asarray(np.take_along_axis(scales[self.mode], turned, 1) * (self.tonic >= 0)[:, None])

    def _place(self) -> np.ndarray:
        known, length = self.place >= 0, np.maximum(self.length, 1)
        turns = 2 * np.pi * np.stack([self.place / 4, self.place / 8], 1)
        ends = np.stack([self.place == 0, self.place == length - 1, np.minimum(self.place / length, 1)], 1)
        whole = known & (self.length > 0)
        return np.concatenate([known[:, None], np.sin(turns) * known[:, None], np.cos(turns) * known[:, None],
                               ends * np.stack([known, whole, whole], 1)], 1)  # fmt: skip


def _one_hot(place: np.ndarray, size: int) -> np.ndarray:
    """Numbers (T,) -> (T, size); those below 0 are all zeros."""
    return np.asarray((place[:, None] == np.arange(size)).astype(np.float32))


def own_features(cells: Mapping[str, Cells], stems: Sequence[str], bars: int) -> np.ndarray:
    """Density and loudness of each bar of each stem as features, float32 (S, T, ``OWN``)."""
    features = np.zeros((len(stems), bars, OWN), np.float32)
    features[:, :, [0, 2]] = 1
    for number, stem in enumerate(stems):
        if stem in cells:
            one = cells[stem]
            bar = one.slot[one.slot >= 0] // STEPS
            count = np.bincount(bar, minlength=bars)[:bars]
            loud = np.bincount(bar, one.velocity[one.slot >= 0], minlength=bars)[:bars]
            features[number, :, 1] = density(count)
            features[number, :, 3] = loud / np.maximum(count, 1) / 127
    return features


def wanted_features(
    conditions: Conditions, stems: Sequence[str], bars: int, otherwise: np.ndarray | None = None
) -> np.ndarray:
    """The density and loudness that conditions name, the same in all bars, float32 (S, T, ``OWN``).

    Args:
        conditions: with densities and loudnesses.
        stems: S names.
        bars: T.
        otherwise: features where the conditions leave them open; None keeps them so.
    """
    features = np.zeros((len(stems), bars, OWN), np.float32) if otherwise is None else otherwise.copy()
    for number, stem in enumerate(stems):
        if stem in conditions.density:
            features[number, :, :2] = 1, density(conditions.density[stem])
        if stem in conditions.loudness:
            features[number, :, 2:] = 1, conditions.loudness[stem] / 127
    return features


def density(onsets: np.ndarray | float) -> np.ndarray:
    """Onsets in a bar as a number from 0 to about 1."""
    return np.asarray(np.log1p(onsets) / 4)


def facts_of(
    conditions: Conditions, bars: Bars, timeline: Timeline | None, styles: Sequence[str]
) -> BarFacts:
    """The conditions of a piece as facts about its bars.

    Args:
        conditions: style, key and chords; what is open stays so.
        bars: of the whole piece.
        timeline: its tempo; None leaves it open.
        styles: that the composer knows.

    Raises:
        UsageError: a style that is not among them.
    """
    if conditions.style is not None and conditions.style not in styles:
        raise UsageError(f"no style {conditions.style!r}; there are: {', '.join(styles)}")
    facts, count = BarFacts.of(bars), len(bars)
    if conditions.chords is not None:
        written = parse_chords(conditions.chords)
        facts = facts.with_chords(halves_on(written, bars))
    tonic, mode = parse_key(conditions.key) if conditions.key else (-1, None)
    return replace(
        facts,
        bpm=np.zeros(count) if timeline is None else timeline.bpm(bars.start[:-1]),
        tonic=np.full(count, tonic),
        mode=np.full(count, _MODES.index(mode) if mode else -1),
        style=np.full(count, styles.index(conditions.style) if conditions.style else -1),
        place=bars.number.copy(),
        length=np.full(count, int(bars.number[-1]) + 1 if count else 0),
    )


def halves_on(written: Sequence[Sequence[Chord | None]], bars: Bars) -> Halves:
    """Chords of written bars as those of the halves of the grid's bars, of which a long written bar has several."""
    halves = list[tuple[Chord | None, Chord | None]]()
    for bar, number in enumerate(bars.number):
        chords = written[int(number) % len(written)]
        parts = np.flatnonzero(bars.number == number)
        place, count = bar - int(parts[0]), 2 * len(parts)
        first, second = (chords[(2 * place + half) * len(chords) // count] for half in (0, 1))
        halves.append((first, second))
    return tuple(halves)
