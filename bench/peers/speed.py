"""How fast beside the peers, on this machine, as ratios: the same song, one run after the other.

    python bench/peers/speed.py --out research/figures

* HTDemucs as its package builds it (27 M parameters, segments of 7.8 s that overlap by a quarter).
* The published MSG-LD: its U-Net of 128 channels, 200 calls for a clip of 10.24 s, from three timed calls.

Weights do not matter for either. Ours is timed with files and all, HTDemucs without reading or writing any. Every
figure is the best of ``--repeats``, as a machine is only ever disturbed to be slower; ours stands in 16 bits, where the
processor has instructions for them, and in 32.
HTDemucs is timed as its package runs it, and again after ours, whose way of holding memory the process then has.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from speed import make_song
from unet import build

import msgld
from msgld.api.store import model_folder
from msgld.audio.sound import read_all
from msgld.description import read_description
from msgld.runtime import bf16_is_fast

CLIP, CALLS, FEW = 10.24, 200, 8
HTDEMUCS = ("HTDemucs", "HTDemucs keeping memory")
QUALITIES = ("draft", "normal", "best")
PRECISIONS = {"bf16": True, "fp32": False}


def best(work: Callable[[], Any], repeats: int) -> float:
    """Seconds of the fastest of some runs."""
    taken = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begun)
    return min(taken)


def ours(song: Path, seconds: float, repeats: int, half: bool) -> dict[str, float]:
    """Seconds of computing a second of music, by quality; and seconds for a clip that is separated, or generated."""
    model = msgld.load(device="cpu", half=half)
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for quality in QUALITIES:
            options = msgld.Options(quality=quality)
            work = partial(model.separate_to, song, Path(folder) / "out", options=options, overwrite=True)
            figures[quality] = best(work, repeats) / seconds
    samples, rate = read_all(song)
    clip = (samples[:, : round(CLIP * rate)], rate)
    quick = partial(model.separate, clip, options=msgld.Options(quality="draft"))
    return {
        **figures,
        "clip separated": best(quick, repeats),
        "clip generated": best(partial(model.generate, CLIP), repeats),
        f"clip generated, {FEW} calls": best(
            partial(model.generate, CLIP, options=msgld.Options(steps=FEW)), repeats
        ),
    }


@torch.inference_mode()
def demucs(song: Path, seconds: float, repeats: int) -> float:
    """Seconds of computing a second of music, in the stems of the shipped model."""
    from demucs.apply import apply_model
    from demucs.htdemucs import HTDemucs

    stems = read_description(model_folder())["stems"]  # not loaded: that would change how memory is held
    model, wave = HTDemucs(list(stems)).eval(), torch.from_numpy(read_all(song)[0])[None]
    work = partial(apply_model, model, wave, device="cpu", split=True, overlap=0.25, progress=False)
    return best(work, repeats) / seconds


@torch.inference_mode()
def published(variant: str) -> float:
    """Seconds of ``CALLS`` calls for a clip of ``CLIP`` seconds, from the fastest of three."""
    network = build(variant, 128, "cpu")
    dtype = torch.bfloat16 if variant == "bf16" else torch.float32
    z, mixture = torch.randn(1, 4, 8, 256, 16, dtype=dtype), torch.randn(1, 8, 256, 16, dtype=dtype)
    return CALLS * best(partial(network, z, mixture, torch.tensor([500])), 3)


def ratios(report: dict[str, Any]) -> dict[str, dict[str, float]]:
    """How many times as fast ours is, by precision; the published design in 32 bits, as it was published."""
    clip_seconds = report["published"]["fp32"]
    return {
        precision: {
            **{f"{peer}, {name}": report[peer] / figures[name] for peer in HTDEMUCS for name in QUALITIES},
            **{f"MSG-LD, {clip}": clip_seconds / figures[clip] for clip in figures if "clip" in clip},
        }
        for precision, figures in report["ours"].items()
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=1.0, help="length of the song")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("research/figures"))
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    fast = bf16_is_fast(torch.device("cpu"))
    precisions = {name: half for name, half in PRECISIONS.items() if fast or not half}
    seconds, repeats = options.minutes * 60, options.repeats
    with tempfile.TemporaryDirectory() as folder:
        song = make_song(Path(folder), options.minutes)
        report: dict[str, Any] = {HTDEMUCS[0]: demucs(song, seconds, repeats)}
        report["ours"] = {name: ours(song, seconds, repeats, half) for name, half in precisions.items()}
        report[HTDEMUCS[1]] = demucs(song, seconds, repeats)
    report["published"] = {name: published(name) for name in precisions}
    report["ratios"] = ratios(report)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "speed-peers.json").write_text(json.dumps(report, indent=1) + "\n", "utf-8")
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
