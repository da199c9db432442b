"""Pictures of a run: planes of bands and time side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from torch import Tensor

from msgld.dsp.mel import MelConfig


def draw_mels(names: Sequence[str], columns: Mapping[str, Tensor], path: Path, mel: MelConfig) -> None:
    """Draw log-mels, from silence to loud music; see :func:`draw_planes`."""
    draw_planes(names, columns, path, math.log(mel.floor), 2.0 if mel.kind == "magnitude" else 0.0)


def draw_planes(
    names: Sequence[str], columns: Mapping[str, Tensor], path: Path, low: float, high: float
) -> None:
    """Draw planes side by side as PNG; without matplotlib there is no picture.

    Args:
        names: of the rows.
        columns: title -> planes (rows, M, N).
        path: of the picture, which appears whole; its folder is made if need be.
        low: value drawn black.
        high: value drawn white.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return
    figure = Figure(figsize=(5 * len(columns), 2 * len(names)), layout="tight")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(names), len(columns), squeeze=False)
    for column, (title, planes) in enumerate(columns.items()):
        for row, name in enumerate(names):
            axis, plane = axes[row][column], planes[row].float().cpu().numpy()
            axis.imshow(plane, origin="lower", aspect="auto", vmin=low, vmax=high, cmap="magma")
            axis.set_title(f"{name}: {title}", fontsize=8)
            axis.axis("off")
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.stem + ".partial.png")
    figure.savefig(temporary, dpi=70)
    temporary.replace(path)
