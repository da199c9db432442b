"""What a style is: a record of tempo, harmony, grooves and instruments. ``styles/`` holds them."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Style:
    """A style of music, as data.

    Attributes:
        name: what ``compose(style=...)`` takes.
        tempo: slowest and fastest beats a minute.
        modes: weight of each mode.
        progressions: for each mode, chord progressions in Roman numerals, bars parted by ``|``.
        drums: names of grooves, each a triple from calm to full.
        bass, guitar, piano: names of figures of ``patterns``.
        layers: probability of each layer of ``other``.
        programs: weights of programs by stem; for ``other`` by role.
        beats: quarter notes in a bar.
        swing: range of the first half's share of a swung pair; 0.5 is straight.
        swing_unit: length in beats of that pair: 1 swings eighths, 0.5 sixteenths.
        colour: weights of plain triads (0), sevenths (1), ninths (2) and bare fifths (-1).
        percussion: names of percussion overlays.
        forms: names of forms.
        absent: probability that a stem is missing from the piece, where it is not the usual one.
        jitter: standard deviation of onsets in ms, range.
        push: probability that a piece anticipates chords by an eighth.
        tune: weight of each stem as the carrier of the melody.
    """

    name: str
    tempo: tuple[float, float]
    modes: dict[str, float]
    progressions: dict[str, tuple[str, ...]]
    drums: tuple[tuple[str, str, str], ...]
    bass: tuple[str, ...]
    guitar: tuple[str, ...]
    piano: tuple[str, ...]
    layers: dict[str, float]
    programs: dict[str, dict[int, float]]
    beats: int = 4
    swing: tuple[float, float] = (0.5, 0.5)
    swing_unit: float = 1.0
    colour: dict[int, float] = field(default_factory=lambda: {0: 1.0})
    percussion: tuple[str, ...] = ()
    forms: tuple[str, ...] = ("song",)
    absent: dict[str, float] = field(default_factory=dict)
    jitter: tuple[float, float] = (4.0, 11.0)
    push: float = 0.2
    tune: dict[str, float] = field(default_factory=lambda: {"other": 6.0, "guitar": 2.0, "piano": 2.0})
