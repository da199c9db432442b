"""A report as a page: the table, a plot of it, and examples to look at and listen to."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from msgld.api.picture import Sketch
from msgld.audio.write import AudioWriter
from msgld.checkpoint import write_whole
from msgld.data.source import Clip
from msgld.metrics import is_silent

EXAMPLES = 3
"""Clips that come with pictures and sounds."""

BITRATE = 160
"""Of the sounds, MP3, in kbit/s."""

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; } td, th { padding: .2rem .8rem; text-align: right; border-bottom: 1px solid #8884; }
td:first-child, th:first-child { text-align: left; } img { max-width: 100%; } audio { height: 2rem; width: 16rem; }
@media (prefers-color-scheme: dark) { body { background: #111; color: #ddd; } img { filter: brightness(.9); } }
"""


@dataclass(frozen=True)
class Example:
    """A clip to look at and listen to: name of each track -> samples (channels, L), full scale +-1."""

    name: str
    tracks: Mapping[str, np.ndarray]
    rate: int


def example_of(clip: Clip, mixture: np.ndarray, stems: np.ndarray, names: tuple[str, ...]) -> Example:
    """The song, and each stem that it has: as it is and as it was separated."""
    tracks = {"song": mixture}
    for k, name in enumerate(names):
        if clip.present[k] and not is_silent(clip.stems[k]):
            tracks |= {f"{name}, true": clip.stems[k], f"{name}, separated": stems[k]}
    return Example(clip.name, tracks, clip.rate)


def write_page(report: Mapping[str, Any], examples: Sequence[Example], out: Path) -> None:
    """Write ``<task>.html`` beside the report, with its sounds in the folder ``sounds``.

    Args:
        report: as :func:`msgld.evaluation.evaluate` returns it. out: an existing folder.
    """
    body = [f"<p>{report['clips']} clips.</p>", _table(report["rows"])]
    body.append(f'<p><img alt="means with their 95 % intervals" src="{_plot(report["rows"])}"></p>')
    for number, example in enumerate(examples):
        body.append(section(example, out / "sounds", f"{report['task']}-{number}"))
    write_body(f"{report['task']}: {report['model']}", body, out / f"{report['task']}.html")


def write_body(title: str, body: Sequence[str], path: Path) -> None:
    """Write a page that needs no other files but those its body names."""
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
        f"<h1>{escape(title)}</h1>{''.join(body)}</html>\n"
    )
    write_whole(path, page.encode())


def _table(rows: Sequence[Mapping[str, Any]]) -> str:
    keys = list(rows[0]) if rows else []
    head = "".join(f"<th>{escape(key)}</th>" for key in keys)
    lines = ["".join(f"<td>{_cell(row.get(key))}</td>" for key in keys) for row in rows]
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _cell(value: Any) -> str:
    return "" if value is None else escape(str(value))


def _plot(rows: Sequence[Mapping[str, Any]]) -> str:
    """Means and intervals as a picture inside the page."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 0.8 + 0.3 * len(rows)), layout="constrained")
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    places = range(len(rows))
    means = np.array([row["mean"] for row in rows], float)
    reach = np.abs(np.array([[row["low"] for row in rows], [row["high"] for row in rows]], float) - means)
    axis.errorbar(means, places, xerr=reach, fmt="o", capsize=3)
    axis.set_yticks(places, [row["name"] for row in rows])
    axis.invert_yaxis()
    axis.grid(alpha=0.3)
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=100)
    return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"


def section(example: Example, folder: Path, prefix: str, bitrate: int = BITRATE) -> str:
    """Draw an example and encode its sounds into ``folder``; the HTML that shows and plays them.

    Args:
        folder: made if it is not there; beside the page and named ``sounds``. prefix: of the files' names.
    """
    sketch = Sketch(example.rate)
    sketch.add(example.tracks)
    folder.mkdir(parents=True, exist_ok=True)
    sketch.draw(folder / f"{prefix}.png")
    loudest = max(float(np.abs(samples).max(initial=0.0)) for samples in example.tracks.values())
    players = []
    for track, samples in example.tracks.items():
        file = f"{prefix}-{re.sub(r'[^a-z0-9]+', '-', track.lower())}.mp3"
        with AudioWriter(
            folder / file, example.rate, len(samples), overwrite=True, bitrate=bitrate
        ) as writer:
            writer.write(samples / np.float32(max(1.0, loudest)))
        players.append(
            f"<tr><td>{escape(track)}</td><td>"
            f'<audio controls preload="none" src="sounds/{file}"></audio></td></tr>'
        )
    picture = f'<img alt="spectrograms of {escape(example.name)}" src="sounds/{prefix}.png">'
    return f"<h2>{escape(example.name)}</h2><p>{picture}</p><table>{''.join(players)}</table>"
