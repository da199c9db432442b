"""Piano rolls as pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from msgld.music.bars import STEPS
from msgld.music.grid import LOWEST, Cells
from msgld.music.score import Score

LABELS = 150
"""Bars that have a number and a chord, at most; of a longer piece every second or third bar has them, or fewer."""


def draw_rolls(
    rows: Mapping[str, Mapping[str, Cells]], stems: Sequence[str], steps: np.ndarray, path: Path
) -> None:
    """Write a picture with a row of piano rolls for each version of a piece, and a column for each stem."""
    figure, axes = _grid(len(rows), len(stems), (4 * len(stems), 2.6 * len(rows)))
    for line, (name, cells) in zip(axes, rows.items(), strict=True):
        for axis, stem in zip(line, stems, strict=True):
            if stem in cells:
                one = cells[stem]
                _bars(axis, one.slot + one.offset, one.stop, one.key + LOWEST, one.velocity)
            axis.set_title(f"{stem}, {name}", fontsize=9)
            axis.set_xlim(0, STEPS * len(steps))
            axis.set_xticks(range(0, STEPS * len(steps), STEPS), labels=[])
            axis.grid(axis="x", linewidth=0.3)
    _save(figure, path)


def draw_score(score: Score, path: Path, chords: Sequence[str] = ()) -> None:
    """Write a picture of a score: a piano roll for each stem, bar lines, and the chord of each bar on top."""
    stems = list(score.notes)
    figure, axes = _grid(len(stems), 1, (min(60, max(10, 0.55 * len(score.bars))), 1.7 * len(stems) + 0.4))
    start, step = score.bars.start, -(-len(score.bars) // LABELS)
    lines = start[:-1:step]
    for (axis,), stem in zip(axes, stems, strict=True):
        notes = score.notes[stem]
        _bars(axis, notes.onset, notes.onset + notes.duration, notes.pitch, notes.velocity)
        axis.set_ylabel(stem)
        axis.set_xlim(start[0], start[-1])
        axis.set_xticks(lines, labels=[])
        axis.grid(axis="x", linewidth=0.3)
    axes[-1][0].set_xticks(
        lines, labels=[str(number + 1) for number in score.bars.number[::step]], fontsize=7
    )
    for beat, name in zip(lines, chords[::step], strict=False):
        axes[0][0].annotate(name, (beat, 1.02), xycoords=("data", "axes fraction"), fontsize=7)
    _save(figure, path)


def _grid(rows: int, columns: int, inches: tuple[float, float]) -> tuple[Any, Any]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=inches, layout="constrained")
    return figure, figure.subplots(max(1, rows), max(1, columns), squeeze=False, sharex="col")


def _bars(axis: Any, start: np.ndarray, stop: np.ndarray, pitch: np.ndarray, velocity: np.ndarray) -> None:
    """Notes as bars, the louder the darker."""
    from matplotlib.collections import PolyCollection

    if len(start):
        colours = np.zeros((len(start), 4))
        colours[:, :3], colours[:, 3] = (0.1, 0.3, 0.6), 0.25 + 0.75 * velocity / 127
        low, high = pitch - 0.45, pitch + 0.45
        corners = np.stack([start, low, stop, low, stop, high, start, high], 1).reshape(-1, 4, 2)
        axis.add_collection(PolyCollection(list(corners), facecolors=colours, linewidths=0), autolim=False)
        axis.set_ylim(pitch.min() - 2, pitch.max() + 2)


def _save(figure: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)
