"""What each setting of separating and making gives, and what it costs: the study that the qualities are set from.

    python research/study/study.py --midi FOLDER --clips 40 --out research/study

One setting is changed at a time. Separating: SI-SDRi over the clips, and time as a ratio to the plain way (one call,
one pass). Making: distances of new pieces and of arranged stems to real ones, for 1 to 64 network calls. Run it again
whenever the model changes.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from msgld import Msgld, Options, evaluate, load
from msgld.api.quality import Quality, of_separation
from msgld.api.separated_song import SeparatedSong
from msgld.api.wanted import select
from msgld.data.heldout import HeldOut
from msgld.data.source import Clip
from msgld.diffusion.settings import Sampling
from msgld.evaluation.measures import improvements
from msgld.evaluation.report import markdown, row
from msgld.evaluation.subsets import Subset, named_subsets
from msgld.tasks.pitch_shift import PitchShift

SHIFTS = ((0,), (0.5,), (-1,), (1,), (5,), (1, 2), (-1, 1, 2), (-1, 1, 2, 5), (-1, 0, 1, 2, 3, 4, 5))
"""Semitones of the pitch shifts whose stems are averaged."""
CALLS = (1, 2, 4, 8, 16)
MAKING_CALLS = (1, 2, 4, 8, 16, 64)
SUBSETS = "bass,drums,piano,guitar+piano,bass+drums"
"""Of the arrangement table, so that the study ends in good time; ``evaluate --subsets all`` measures all."""


@dataclass(frozen=True)
class Way:
    """One setting of separating: ``draws`` samples with seeds of their own are averaged."""

    what: str
    value: str
    quality: Quality
    draws: int = 1


def ways(plain: Quality) -> Iterable[Way]:
    """The plain way, then one change at a time."""

    def sampling(**change: Any) -> Quality:
        return replace(plain, sampling=Sampling(**change))

    def windowing(**change: float) -> Quality:
        return replace(plain, windowing=replace(plain.windowing, **change))

    def masking(**change: Any) -> Quality:
        return replace(plain, masking=replace(plain.masking, **change))

    yield Way("plain", "1 call, 1 pitch", plain)
    for calls in CALLS[1:]:
        yield Way("calls", str(calls), sampling(steps=calls))
    for draws in (2, 4):
        yield Way("draws of 8 calls averaged", str(draws), sampling(steps=8), draws)
    for guidance in (0.75, 1.25, 1.5, 2.0):
        yield Way("guidance", str(guidance), sampling(guidance=guidance))
    for shifts in SHIFTS:
        shifted = PitchShift(tuple(map(float, shifts)), tuned=True)
        yield Way("pitch shifts, semitones", ", ".join(map(str, shifts)), replace(plain, pitch_shift=shifted))
    for fade in (1.0, 3.0):
        yield Way("overlap besides context, s", str(fade), windowing(fade=fade))
    for context in (0.5, 1.0):
        yield Way("context, s", str(context), windowing(context=context))
    for exponent in (0.5, 0.6, 0.85, 1.0, 1.5):
        yield Way("mask exponent", str(exponent), masking(exponent=exponent))
    for weight in (0.0, 0.1, 0.3, 0.4, 0.6):
        yield Way("weight of the average mask", str(weight), masking(average_weight=weight))
    yield Way("refiner", "off", masking(refine=False))
    yield Way("Wiener filter", "off", masking(wiener=False))


def cut(model: Msgld, clip: Clip, quality: Quality) -> np.ndarray:
    """Stems (S, channels, L) of a clip's mixture, with settings that options cannot express."""
    mixture, every = (clip.stems.sum(0), clip.rate), select(None, model.stems)
    song = SeparatedSong(model.model, {}, mixture, every, {}, 0.0, Options())
    song.quality = quality
    pieces = list(song.stretches())
    return np.stack([np.concatenate([piece[stem] for piece in pieces], 1) for stem in model.stems])


def separate(model: Msgld, clip: Clip, way: Way) -> np.ndarray:
    """SI-SDRi of every stem."""
    seeds = [replace(way.quality, sampling=replace(way.quality.sampling, seed=k)) for k in range(way.draws)]
    return improvements(np.mean([cut(model, clip, quality) for quality in seeds], 0), clip)


def separating(model: Msgld, clips: list[Clip]) -> list[dict[str, Any]]:
    """A row for each way."""
    plain = of_separation(Options(quality="draft"), model.model)
    separate(model, clips[0], Way("", "", plain))  # so that nothing is made for the first time
    rows, base = [], 1.0
    for way in ways(plain):
        begun = time.perf_counter()
        values = np.stack([separate(model, clip, way) for clip in clips])
        took = time.perf_counter() - begun
        base = took if way.what == "plain" else base
        rows.append(
            {
                "setting": way.what,
                "value": way.value,
                "time": round(took / base, 2),
                **row("", values.ravel()),
            }
        )
        print(rows[-1], flush=True)
    return rows


def made(
    model: Msgld, clips: list[Clip], subsets: Sequence[Subset], calls: Iterable[int]
) -> list[dict[str, Any]]:
    """A row for each number of calls."""
    rows = []
    for number in calls:
        options = Options(steps=number)
        begun = time.perf_counter()
        pieces = evaluate(model, "generate", clips=clips, options=options)["rows"]
        stems = evaluate(model, "arrange", clips=clips, options=options, subsets=subsets)["rows"][-1]
        rows.append(
            {
                "calls": number,
                "generated, mixture": pieces[0]["mean"],
                "generated, mean of stems": round(float(np.mean([one["mean"] for one in pieces[1:]])), 2),
                "arranged, distance": stems["distance"],
                "arranged, log-mel L1": stems["mean"],
                "rhythm": stems["rhythm"],
                "tone": stems["tone"],
                "seconds": round(time.perf_counter() - begun, 1),
            }
        )
        print(rows[-1], flush=True)
    return rows


def draw(rows: list[dict[str, Any]], path: Path) -> None:
    """Every way as a point: what it takes, what it gives."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axis = figure.subplots()
    for what in dict.fromkeys(one["setting"] for one in rows):
        chosen = [one for one in rows if one["setting"] == what]
        axis.plot([one["time"] for one in chosen], [one["mean"] for one in chosen], "o-", label=what)
        for one in chosen:
            axis.annotate(one["value"], (one["time"], one["mean"]), fontsize=7)
    axis.set(xlabel="time, as a ratio to one call and one pass", ylabel="SI-SDRi, dB", xscale="log")
    axis.legend(fontsize=7)
    axis.grid(alpha=0.3)
    figure.savefig(path, dpi=110)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=None)
    parser.add_argument("--midi", type=Path, default=None)
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--part", choices=("both", "separating", "making"), default="both")
    parser.add_argument("--subsets", default=SUBSETS, help="of the stems, to arrange; as msgld evaluate's")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("research/study"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = load(options.model)
    clips = HeldOut(options.midi, model.stems).spread(options.clips)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "study.json"
    report = json.loads(path.read_text("utf-8")) if path.exists() else {}
    report |= {"model": model.name, "clips": len(clips)}
    if options.part != "making":
        report["separating"] = separating(model, clips)
        draw(report["separating"], options.out / "study.png")
    if options.part != "separating":
        subsets = named_subsets(options.subsets, model.stems)
        report["making"] = made(model, clips, subsets, MAKING_CALLS)
    path.write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    tables = [f"{part}\n\n{markdown(report[part])}" for part in ("separating", "making") if part in report]
    (options.out / "study.md").write_text("\n".join(tables), "utf-8")


if __name__ == "__main__":
    main()
