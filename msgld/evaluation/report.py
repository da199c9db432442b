"""The report of an evaluation: rows of figures, their files, and a page with a plot and examples to play."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from msgld.api.picture import Sketch
from msgld.audio.write import AudioWriter
from msgld.errors import UsageError
from msgld.files import write_whole
from msgld.metrics import summary

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
    """A clip with its sounds.

    Attributes:
        name: of the clip.
        tracks: name -> samples (channels, L), full scale +-1.
        rate: samples a second.
    """

    name: str
    tracks: Mapping[str, np.ndarray]
    rate: int


def row(name: str, values: Sequence[float] | np.ndarray, digits: int = 2) -> dict[str, Any]:
    """One line of a table: mean with its 95 % interval, median and number of the values that are not NaN."""
    found = summary(np.asarray(values, dtype=float))
    figures = {"mean": found.mean, "low": found.low, "high": found.high, "median": found.median}
    return {
        "name": name,
        **{key: round(float(v), digits) for key, v in figures.items()},
        "count": found.count,
    }


def plain(table: np.ndarray) -> Any:
    """An array as nested lists of numbers for JSON, rounded to four digits; None for NaN."""
    if table.ndim == 0:
        return round(float(table), 4) if np.isfinite(table) else None
    return [plain(part) for part in table]


def markdown(rows: Sequence[Mapping[str, Any]]) -> str:
    """A Markdown table of rows with the same keys; None is an empty cell."""
    if not rows:
        return ""
    lines = [list(rows[0]), ["---"] * len(rows[0]), *([_cell(one[key]) for key in rows[0]] for one in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def _cell(value: Any) -> str:
    return "" if value is None else str(value)


def refuse_another(out: Path, about: Mapping[str, Any]) -> None:
    """Raise UsageError where a folder holds a report of the same task that was measured otherwise.

    Args:
        out: the folder.
        about: what the new report will state of the model, the clips and the settings.
    """
    path = out / f"{about['task']}.json"
    try:
        former = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return
    new = json.loads(json.dumps(about))
    if isinstance(former, dict) and any(former.get(key) != value for key, value in new.items()):
        raise UsageError(
            f"{path} is of another model, other clips or other settings; choose another folder for the report"
        )


def write_report(report: Mapping[str, Any], examples: Sequence[Example], out: Path) -> None:
    """Write ``<task>.json``, ``<task>.md`` and the page ``<task>.html`` with its sounds in the folder ``sounds``.

    Args:
        report: as :func:`msgld.evaluate` returns it.
        examples: for the page.
        out: a folder; created if missing.
    """
    out.mkdir(parents=True, exist_ok=True)
    task, rows = report["task"], report["rows"]
    write_whole(out / f"{task}.json", json.dumps(report, indent=1).encode())
    head = f"# {task}: {report['model']}, {report['clips']} clips\n\n"
    remarks = "".join(f"\n{remark}.\n" for remark in report.get("remarks", ()))
    tables = report.get("tables", {})
    further = "".join(f"\n## {title}\n\n{markdown(some)}" for title, some in tables.items())
    write_whole(out / f"{task}.md", (head + markdown(rows) + further + remarks).encode())
    plot = f'<p><img alt="means with their 95 % intervals" src="{_plot(rows)}"></p>'
    body = [f"<p>{report['clips']} clips.</p>", page_table(rows), plot]
    body += [f"<h2>{escape(title)}</h2>{page_table(some)}" for title, some in tables.items()]
    body += [section(one, out / "sounds", f"{task}-{number}") for number, one in enumerate(examples)]
    write_body(f"{task}: {report['model']}", body, out / f"{task}.html")


def write_body(title: str, body: Sequence[str], path: Path) -> None:
    """Write a page that needs no files except those that its body names."""
    page = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style>'
        f"<h1>{escape(title)}</h1>{''.join(body)}</html>\n"
    )
    write_whole(path, page.encode())


def page_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows with the same keys as a table of the page."""
    keys = list(rows[0]) if rows else []
    head = "".join(f"<th>{escape(key)}</th>" for key in keys)
    lines = ["".join(f"<td>{escape(_cell(row.get(key)))}</td>" for key in keys) for row in rows]
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{line}</tr>' for line in lines)}</table>"


def _plot(rows: Sequence[Mapping[str, Any]]) -> str:
    """Means and intervals as a picture inside the page."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 0.8 + 0.3 * len(rows)), layout="constrained")
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    places = range(len(rows))
    means, low, high = (np.array([row[key] for row in rows], float) for key in ("mean", "low", "high"))
    axis.errorbar(means, places, xerr=np.abs([low - means, high - means]), fmt="o", capsize=3)
    axis.set_yticks(places, [row["name"] for row in rows])
    axis.invert_yaxis()
    axis.grid(alpha=0.3)
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=100)
    return f"data:image/png;base64,{base64.b64encode(data.getvalue()).decode()}"


def section(example: Example, folder: Path, prefix: str, bitrate: int = BITRATE) -> str:
    """Draw an example and encode its sounds into ``folder``; return the HTML that shows and plays them.

    Args:
        example: the clip.
        folder: beside the page and named ``sounds``; created if missing.
        prefix: of the files' names.
        bitrate: of the sounds, in kbit/s.
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
