"""Are the joins of windows heard? A song separated in windows, against one window over all of it.

    python bench/seams.py --seconds 60 --out research/figures

The demo's song is repeated and separated three times: in ordinary windows, in windows that lie half a window later
(silence before the song moves them), and in one window as long as the song. For each stem: SI-SDR between them, and
whether their difference steps at the joins: its level (RMS of 50 ms) before a join against after it, beside the same
at places without a join. What differs everywhere alike is the model hearing more or less of the song, no seam.
"""

from __future__ import annotations

import argparse
import json
from itertools import takewhile
from pathlib import Path
from typing import Any

import numpy as np
from demo_mixture import repeated

import msgld
from msgld.api.quality import of_separation
from msgld.metrics import si_sdr

LEVEL = 0.05  # seconds
APART = 1.0  # seconds from a join from where on a place has none
LEAST_SPARE = 12.0  # seconds by which one window is longer than the song: its contexts and fades
FLOOR = 1e-3  # of the stem's level; a difference below it is not heard


def separated(
    model: msgld.Msgld,
    song: np.ndarray,
    rate: int,
    quality: str,
    before: int = 0,
    segment: float | None = None,
) -> dict[str, np.ndarray]:
    """The stems of a song that begins after so many samples of silence, without them."""
    moved = np.pad(song, ((0, 0), (before, 0)))
    result = model.separate((moved, rate), options=msgld.Options(quality=quality, segment=segment))
    return {stem: samples[:, before:] for stem, samples in result.stems.items()}


def joins(model: msgld.Msgld, rate: int, quality: str, length: int, before: int = 0) -> list[tuple[int, int]]:
    """Where a song's windows are cross-faded: first and last sample of each fade."""
    chosen = of_separation(msgld.Options(quality=quality), model.model)
    spans = []
    for semitones in chosen.pitch_shift.semitones:
        plan = chosen.windowing.plan(model.model, round(rate * 2 ** (semitones / 12)))
        windows = takewhile(lambda window, plan=plan: window.stop < length + before, plan.windows())
        ends = [window.keep_stop - before for window in windows]  # all but the last one have a fade there
        spans += [(end - plan.fade, end) for end in ends]
    return [span for span in sorted(spans) if span[0] > 0 and span[1] < length]


def level(samples: np.ndarray) -> float:
    """Decibels of the RMS."""
    return float(20 * np.log10(np.sqrt((samples.astype(np.float64) ** 2).mean()) + 1e-12))


def steps(difference: np.ndarray, spans: list[tuple[int, int]], width: int, floor: float) -> list[float]:
    """By how many dB the level of a difference changes over each span."""
    pairs = [(difference[:, a - width : a], difference[:, b : b + width]) for a, b in spans]
    inside = [(one, other) for one, other in pairs if one.shape[1] == other.shape[1] == width]
    return [abs(max(level(one), floor) - max(level(other), floor)) for one, other in inside]


def elsewhere(spans: list[tuple[int, int]], length: int, rate: int) -> list[tuple[int, int]]:
    """Spans as long as the fades that are away from all of them."""
    fade, away = spans[0][1] - spans[0][0], round(APART * rate)
    starts = range(round(LEVEL * rate), length - fade - round(LEVEL * rate), round(LEVEL * rate))
    free = [(a, a + fade) for a in starts if all(a + fade + away < b or a > c + away for b, c in spans)]
    return free


def compared(one: np.ndarray, other: np.ndarray, spans: list[tuple[int, int]], rate: int) -> dict[str, Any]:
    """Figures of one stem, (channels, L), from two runs; ``spans`` are the joins of ``one``."""
    difference, width = one - other, round(LEVEL * rate)
    floor = level(other) + 20 * np.log10(FLOOR)
    at = steps(difference, spans, width, floor)
    free = elsewhere(spans, one.shape[1], rate)
    off = steps(difference, free, width, floor)
    near = np.concatenate([difference[:, a:b] for a, b in spans], axis=1)
    far = np.concatenate([difference[:, a:b] for a, b in free], axis=1) if free else difference
    return {
        "si_sdr_db": float(si_sdr(one.ravel(), other.ravel())),
        "difference_db": {"all": level(difference) - level(other), "in_fades": level(near) - level(other),
                          "elsewhere": level(far) - level(other)},
        "steps_at_joins_db": _spread(at),
        "steps_elsewhere_db": _spread(off) if off else None,
        "jump_in_fades_to_elsewhere": _jump(one, spans) / max(_jump(one, free), 1e-12) if free else None,
    }  # fmt: skip


def _spread(values: list[float]) -> dict[str, float]:
    return {
        "median": float(np.median(values)), "p95": float(np.quantile(values, 0.95)), "max": float(max(values))
    }  # fmt: skip


def _jump(samples: np.ndarray, spans: list[tuple[int, int]]) -> float:
    """The largest change from one sample to the next: clicks would be seen here."""
    return max(float(np.abs(np.diff(samples[:, a:b])).max()) for a, b in spans)


def draw(
    path: Path, tracks: dict[str, np.ndarray], span: tuple[int, int], rate: int, around: float = 2.0
) -> None:
    """Spectrograms of 2 s to either side of one join."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    centre, reach = sum(span) // 2, round(around * rate)
    start = max(0, centre - reach)
    figure = Figure(figsize=(11, 2.2 * len(tracks)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(tracks), 1, sharex=True, squeeze=False)[:, 0]
    top = None
    for axis, (name, samples) in zip(axes, tracks.items(), strict=True):
        stretch = samples[:, start : centre + reach].mean(0)
        power, *_, image = axis.specgram(stretch, NFFT=2048, Fs=rate, noverlap=1536, cmap="magma")
        top = top or float(10 * np.log10(power.max() + 1e-20))
        image.set_clim(top - 80, top)
        axis.set(ylabel=name, yscale="symlog", ylim=(50, 16_000))
        for edge in span:
            axis.axvline((edge - start) / rate, color="white", linewidth=0.6, linestyle="--")
    axes[-1].set_xlabel(f"seconds from {start / rate:.2f}; the windows are cross-faded between the lines")
    figure.savefig(path, dpi=100)


def main() -> None:
    """Measure and draw."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--model", default=None)
    parser.add_argument("--quality", default="normal")
    parser.add_argument("--out", type=Path, default=Path("research/figures"))
    options = parser.parse_args()
    model = msgld.load(options.model, device="cpu")
    song, rate = repeated(options.seconds)
    frame = model.model.codec.frame_samples * rate / model.model.codec.mel.rate
    half = round(model.model.denoiser.window_frames // 2 * frame)  # whole frames, as windows lie
    spans = joins(model, rate, options.quality, song.shape[1])
    windows = separated(model, song, rate, options.quality)
    shifted = separated(model, song, rate, options.quality, before=half)
    long = separated(model, song, rate, options.quality, segment=options.seconds + LEAST_SPARE)
    figures = {
        "seconds": options.seconds, "quality": options.quality, "model": model.name, "joins": len(spans),
        "stems": {
            stem: {"one_window": compared(windows[stem], long[stem], spans, rate),
                   "half_a_window_later": compared(windows[stem], shifted[stem], spans, rate)}
            for stem in windows
        },
    }  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "seams.json").write_text(json.dumps(figures, indent=1) + "\n", "utf-8")
    print(json.dumps(figures, indent=1))
    worst = max(windows, key=lambda stem: figures["stems"][stem]["one_window"]["steps_at_joins_db"]["max"])
    pick = steps(windows[worst] - long[worst], spans, round(LEVEL * rate), -200.0)
    tracks = {
        f"{worst}, windows": windows[worst],
        "one window": long[worst],
        "difference": windows[worst] - long[worst],
    }
    draw(options.out / "seams.png", tracks, spans[int(np.argmax(pick))], rate)


if __name__ == "__main__":
    main()
