"""The model's figures on the frozen held-out set: separation, level, codec, arranging, and whether it listens.

    python bench/quality.py --midi FOLDER --out research/figures

FOLDER holds ``songs/*.mid`` and ``accompaniments.tar.xz``; without it only the band's part of the set is used.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from msgld import Msgld, Options, evaluate, load
from msgld.data.heldout import HeldOut
from msgld.evaluation.measures import improvements
from msgld.evaluation.report import markdown
from msgld.evaluation.separation import separate_clip


def level_figures(model: Msgld, clips: list, decibels: float) -> float:
    """Largest change of the mean SI-SDRi, in dB, when songs are that much louder or softer."""
    means = []
    for gain in (0.0, decibels, -decibels):
        scaled = [replace(clip, stems=clip.stems * np.float32(10 ** (gain / 20))) for clip in clips]
        values = [
            improvements(separate_clip(model, s.stems.sum(0), s.rate) / 10 ** (gain / 20), clip)
            for s, clip in zip(scaled, clips, strict=True)
        ]
        means.append(float(np.nanmean(np.stack(values))))
    return max(abs(mean - means[0]) for mean in means)


def main() -> None:
    """Measure everything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default=None)
    parser.add_argument("--midi", type=Path, default=None)
    parser.add_argument("--clips", type=int, default=None)
    parser.add_argument("--qualities", default="draft,normal,best")
    parser.add_argument("--out", type=Path, default=Path("research/figures"))
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = load(options.model)
    held = HeldOut(options.midi, model.stems)
    clips = held.spread(options.clips or len(held))
    for quality in options.qualities.split(","):
        out = options.out / quality
        report = evaluate(model, "separate", clips=clips, options=Options(quality=quality), out=out)
        print(f"separate, {quality}\n\n{markdown(report['rows'])}")
    for task in ("arrange", "listening", "codec"):
        print(f"{task}\n\n{markdown(evaluate(model, task, clips=clips, out=options.out)['rows'])}")
    print(f"level: SI-SDRi changes by at most {level_figures(model, clips[::10], 20.0):.3f} dB at +-20 dB")


if __name__ == "__main__":
    main()
