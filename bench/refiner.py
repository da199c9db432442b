"""What refiner and Wiener filter give over the mel mask alone, on the frozen held-out set: SI-SDRi of every stem.

    python bench/refiner.py --midi FOLDER --out research/figures

FOLDER as in bench/quality.py. The mel mask is also tried with other exponents, so that the best of them is compared.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from msgld import Options, load
from msgld.api.quality import of_separation
from msgld.api.separated_song import SeparatedSong
from msgld.api.wanted import select
from msgld.data.heldout import HeldOut
from msgld.data.source import Clip
from msgld.evaluation.measures import improvements
from msgld.metrics import summary
from msgld.tasks.masking import PLAIN, Masking

EXPONENTS = (0.6, 0.7, 0.85, 1.0)


def figures(values: np.ndarray) -> dict[str, Any]:
    """Mean with its interval, median and number of what is a number."""
    return asdict(summary(values.ravel()))


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", default=None)
    parser.add_argument("--midi", type=Path, default=None)
    parser.add_argument("--clips", type=int, default=None)
    parser.add_argument("--quality", default="draft")
    parser.add_argument("--out", type=Path, default=Path("research/figures"))
    options = parser.parse_args()
    torch.set_num_threads(2)
    model = load(options.model)
    held = HeldOut(options.midi, model.stems)
    clips = held.spread(options.clips or len(held))
    quality = of_separation(Options(quality=options.quality), model.model)

    def cut(clip: Clip, masking: Masking) -> np.ndarray:
        mixture, every = (clip.stems.sum(0), clip.rate), select(None, model.stems)
        song = SeparatedSong(model.model, {}, mixture, every, {}, 0.0, Options())
        song.quality = replace(quality, masking=masking)
        pieces = list(song.stretches())
        return np.stack([np.concatenate([piece[stem] for piece in pieces], 1) for stem in model.stems])

    def measured(masking: Masking) -> tuple[np.ndarray, float]:
        begun = time.perf_counter()
        stems = [cut(clip, masking) for clip in clips]
        took = time.perf_counter() - begun
        return np.stack([improvements(made, clip) for made, clip in zip(stems, clips, strict=True)]), took

    def changed(**change: Any) -> tuple[np.ndarray, float]:
        return measured(replace(Masking(), **change))

    alone = replace(PLAIN, refine=False, wiener=False, average_weight=Masking.average_weight)
    plain = {exponent: measured(replace(alone, exponent=exponent)) for exponent in EXPONENTS}
    best = max(plain, key=lambda exponent: float(np.nanmean(plain[exponent][0])))
    base, base_took = plain[best]
    ways = {
        "refiner": changed(wiener=False),
        "Wiener filter": changed(refine=False),
        "refiner and Wiener filter": changed(),
    }
    report = {
        "clips": len(clips), "quality": options.quality, "best_exponent": best,
        "mel_mask": {str(exponent): figures(values) for exponent, (values, _) in plain.items()},
        "ways": {
            name: {
                **figures(values), "gain": figures(values - base), "time_to_mel_mask": took / base_took,
                "gain_of_stems": {s: figures((values - base)[:, k]) for k, s in enumerate(model.stems)},
            }
            for name, (values, took) in ways.items()
        },
    }  # fmt: skip
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "refiner.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
