"""Puts the measured systems side by side, and draws how each learned.

    python bench/peers/table.py research/figures/peers --runs runs/peers

Of every system the run with the best separation is taken. Writes ``table.md`` beside the JSON files that ``measure.py``
wrote, and ``curves-rates.png`` and ``curves-long.png`` of the runs that ``race.py`` left in the folders of these names.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

HEAD = (
    "| system | run | parameters | SI-SDRi mean (95 %) / median, dB | distance of generated music | rhythm | tone "
    "| copies | separating, x real time | making, x real time | memory, GB |"
)

COLUMNS = 4
"""Panels beside each other."""


def best_runs(reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One report a system, the best first."""
    systems: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for report in reports:
        if report["run"] != "shipped":
            systems[report["system"]].append(report)
    best = [max(runs, key=lambda one: one["separation"]["si_sdri"]["mean"]) for runs in systems.values()]
    return sorted(best, key=lambda one: -one["separation"]["si_sdri"]["mean"])


def line(report: dict[str, Any]) -> str:
    """A row of the table."""
    separated, made, fits = (report.get(part) for part in ("separation", "generation", "arranging"))
    assert separated
    score = separated["si_sdri"]
    cells = [
        report["system"],
        report["run"],
        f"{report['parameters'] / 1e6:.1f} M",
        f"{score['mean']:.2f} ({score['low']:.2f} to {score['high']:.2f}) / {score['median']:.2f}",
        f"{made['distance']:.1f} ({made['interval'][0]:.1f} to {made['interval'][1]:.1f})" if made else "-",
        *((str(fits[name]) for name in ("rhythm", "tone", "copies")) if fits else "---"),
        f"{1 / separated['seconds_a_second']:.2f}",
        f"{1 / made['seconds_a_second']:.2f}" if made else "-",
        f"{report['gigabytes']:.2f}",
    ]
    return "| " + " | ".join(cells) + " |"


def draw_curves(runs: Path, path: Path) -> None:
    """The loss of each run over its time, a panel a system; losses of different systems do not compare."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    logs: dict[str, dict[str, list[dict[str, float]]]] = defaultdict(dict)
    for log in sorted(runs.rglob("log.jsonl")):
        run, *part = log.relative_to(runs).parts[:-1]
        system, scale = run.rsplit("-", 1)
        entries = [json.loads(entry) for entry in log.read_text("utf-8").splitlines()]
        # A codec's scale is noted beside its steps.
        logs["/".join([system, *part])][scale] = [entry for entry in entries if "progress" in entry]
    rows = -(-len(logs) // COLUMNS)
    figure = Figure(figsize=(3.5 * COLUMNS, 2.8 * rows), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(rows, COLUMNS, squeeze=False).flatten()
    for spare in panels[len(logs) :]:
        spare.set_axis_off()
    for axes, (title, scales) in zip(panels, logs.items(), strict=False):
        for scale, entries in scales.items():
            names = (
                [name for name in entries[0] if name not in ("step", "norm", "progress", "seconds")]
                if entries
                else []
            )
            if names:
                axes.plot(
                    [e["progress"] for e in entries], [e[names[0]] for e in entries], label=f"rate x {scale}"
                )
                axes.set_ylabel(names[0])
        axes.set(title=title, xlabel="share of the time")
        axes.legend(fontsize=7)
    figure.savefig(path, dpi=80)


def main() -> None:
    """Write the table and the curves."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--runs", type=Path, default=None)
    options = parser.parse_args()
    reports = [json.loads(path.read_text("utf-8")) for path in sorted(options.folder.glob("*.json"))]
    rows = [line(report) for report in best_runs(reports)]
    table = "\n".join([HEAD, "|" + " --- |" * (HEAD.count("|") - 1), *rows]) + "\n"
    (options.folder / "table.md").write_text(table, "utf-8")
    print(table)
    if options.runs:
        for name in ("rates", "long"):
            draw_curves(options.runs / name, options.folder / f"curves-{name}.png")


if __name__ == "__main__":
    main()
