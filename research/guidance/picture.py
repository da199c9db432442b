"""The picture of a walk: spectrograms, a row for each weight and a column for each stem, and its curves."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RANGE = 70 / 20 * np.log(10)
"""From the loudest spots to black, in nepers: 70 dB."""
GAP = 6
"""Pixels between spectrograms."""
CURVES = {"error": "error to the true stems", "agreement": "sum of stems to mixture", "variety": "variety"}


def draw(
    pictures: Sequence[np.ndarray], true: np.ndarray, stems: Sequence[str], rows: Sequence[dict[str, Any]]
) -> bytes:
    """The picture as PNG.

    Args:
        pictures: log-mels (S, M, N) of each weight.
        true: those of the true stems, the first row where known.
        stems: names.
        rows: a row of figures for each weight, and one without a weight for the true stems.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = [row["name"] for row in rows if row["weight"] is not None]
    if not np.isnan(true).all():
        names, pictures = ["true stems", *names], [true, *pictures]
    figure = Figure(figsize=(12, 1.0 + 1.1 * len(names) + 2.6), layout="constrained")
    FigureCanvasAgg(figure)
    parts: Any = figure.subfigures(2, 1, height_ratios=[1.1 * len(names), 2.6])
    top, bottom = parts
    _spectrograms(top.subplots(), pictures, names, stems)
    for axis, (key, title) in zip(bottom.subplots(1, len(CURVES)), CURVES.items(), strict=True):
        _curve(axis, rows, key, title)
    data = BytesIO()
    figure.savefig(data, dpi=100, format="png")
    return data.getvalue()


def tiled(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Rows of spectrograms (S, M, N), low bands below, as one image with gaps of NaN."""
    padded = [np.pad(row[:, ::-1], ((0, 0), (0, GAP), (0, GAP)), constant_values=np.nan) for row in pictures]
    return np.concatenate([np.concatenate(list(row), axis=1) for row in padded], axis=0)


def _spectrograms(
    axis: Axes, pictures: Sequence[np.ndarray], names: Sequence[str], stems: Sequence[str]
) -> None:
    bands, columns = pictures[0].shape[1:]
    # Not the maximum: exaggerated guidance has a few spots far louder than all else.
    loudest = float(np.nanpercentile(np.stack(pictures), 99.9))
    axis.imshow(tiled(pictures), aspect="auto", cmap="magma", vmin=loudest - RANGE, vmax=loudest)
    axis.set_xticks([(columns + GAP) * i + columns / 2 for i in range(len(stems))], stems)
    axis.set_yticks([(bands + GAP) * i + bands / 2 for i in range(len(names))], names)
    axis.xaxis.tick_top()
    axis.tick_params(length=0)


def _curve(axis: Axes, rows: Sequence[dict[str, Any]], key: str, title: str) -> None:
    points = [(row["weight"], row[key]) for row in rows if row["weight"] is not None and row[key] is not None]
    if points:
        axis.plot(*zip(*sorted(points), strict=True), marker="o")
    truth = [row[key] for row in rows if row["weight"] is None and row[key] is not None]
    if truth and key == "agreement":
        axis.axhline(truth[0], linestyle=":", color="grey", label="true stems")
        axis.legend()
    axis.set_title(title)
    axis.set_xlabel("guidance")
    axis.set_ylabel("nepers")
    axis.set_ylim(0, 1.1 * max([value for _, value in points], default=1.0) or 1.0)
