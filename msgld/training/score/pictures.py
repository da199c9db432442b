"""Piano rolls of a training run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from msgld.music.bars import STEPS
from msgld.music.grid import LOWEST, Cells


def draw_rolls(
    rows: Mapping[str, Mapping[str, Cells]], stems: Sequence[str], steps: np.ndarray, path: Path
) -> None:
    """Write a picture with a row of piano rolls for each version of a piece, and a column for each stem."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4 * len(stems), 2.6 * len(rows)), layout="constrained")
    axes = figure.subplots(len(rows), len(stems), squeeze=False, sharex=True)
    for line, (name, cells) in zip(axes, rows.items(), strict=True):
        for axis, stem in zip(line, stems, strict=True):
            if stem in cells:
                _draw(axis, cells[stem])
            axis.set_title(f"{stem}, {name}", fontsize=9)
            axis.set_xlim(0, STEPS * len(steps))
            axis.set_xticks(range(0, STEPS * len(steps), STEPS), minor=False, labels=[])
            axis.grid(axis="x", linewidth=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=80)


def _draw(axis: object, cells: Cells) -> None:
    start = cells.slot + cells.offset
    axis.barh(cells.key + LOWEST, cells.stop - start, left=start, height=0.9,  # type: ignore[attr-defined]
              color="tab:blue")  # fmt: skip
