"""Trains msgld and its peers from nothing on the same clips, each for the same time.

    python bench/peers/train.py htdemucs --minutes 20 --scale 0.33 --out runs/peers --stems runs/peers/songs

Systems: ours, paper (the published MSG-LD at the size paper-small), msdm, htdemucs. A system of several parts divides
the time among them. Each has its usual learning rate, which --scale multiplies; compare three. Called again a run
goes on. Each runs on one thread, and its minutes are of that thread's computing, so that it does not matter what else
the machine does.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from msgld.cli.console import track
from msgld.cli.train_parts import News
from msgld.data.source import Source
from msgld.training.beginning import Report
from msgld.training.data import training_source
from msgld.training.timed import TimedTraining
from peers.waves import SLOTS


@dataclass(frozen=True)
class Job:
    """What a system is trained on, and for how long."""

    source: Source
    out: Path
    minutes: float
    scale: float
    report: Report

    def part(self, name: str, share: float) -> Job:
        """A part of the system, with its share of the time."""
        return replace(self, out=self.out / name, minutes=self.minutes * share)


def scaled(preset: Any, scale: float = 1.0) -> Any:
    """A preset of msgld's at a multiple of its rate, with a pool of ``SLOTS``."""
    return replace(
        preset,
        optim=replace(preset.optim, rate=preset.optim.rate * scale),
        pool=replace(preset.pool, slots=SLOTS),
    )


def with_vocoder(model: Path, job: Job) -> Path:
    """The model with a vocoder that is trained for it, in small batches: few steps fit into minutes."""
    from msgld.checkpoint import load_first_stage
    from msgld.training.assemble import join_vocoder
    from msgld.training.vocoder_presets import find_vocoder_preset
    from msgld.training.vocoder_run import train_vocoder

    light = replace(scaled(find_vocoder_preset("light")), items=4, columns=64)
    codec, _ = load_first_stage(model)
    vocoder = train_vocoder(light, job.source, codec, job.out, job.minutes, report=job.report)
    return join_vocoder(model, vocoder, job.out / "model")


def msdm(job: Job) -> None:
    """Waveform diffusion; its usual rate is 3e-4 here (1e-4 as published, for a network 100 times as large)."""
    from peers.msdm import Msdm
    from peers.waves import train_waves

    torch.manual_seed(0)
    train_waves(
        Msdm(len(job.source.stems)), 3e-4 * job.scale, job.source, job.out, job.minutes, 0, job.report
    )


def htdemucs(job: Job) -> None:
    """A separator; 3e-4 as published."""
    from peers.htdemucs import HtDemucs
    from peers.waves import train_waves

    torch.manual_seed(0)
    train_waves(HtDemucs(job.source.stems), 3e-4 * job.scale, job.source, job.out, job.minutes, 0, job.report)


def ours(job: Job) -> None:
    """Denoiser 45 %, vocoder 10 %, refiner 45 % of the time; a seventh of the denoiser of ``small``."""
    from msgld.training.presets import Stage, find_preset
    from msgld.training.refiner_presets import find_refiner_preset
    from msgld.training.refiner_run import train_refiner
    from msgld.training.run import train_denoiser

    preset = scaled(find_preset("small"), job.scale)
    preset = replace(
        preset,
        network=replace(preset.network, width=128, depth=3, heads=2, told=192),
        optim=replace(preset.optim, ema=0.99),
        stages=(Stage(0.3, 18, 54), Stage(1.0, 12, 108)),
    )
    small = scaled(find_refiner_preset("small"), job.scale)
    one, two, three = job.part("denoiser", 0.45), job.part("vocoder", 0.1), job.part("refiner", 0.45)
    model = train_denoiser(preset, job.source, one.out, one.minutes, report=job.report)
    whole = with_vocoder(model, two)
    train_refiner(small, job.source, whole, three.out, three.minutes, report=job.report)


def paper(job: Job) -> None:
    """Autoencoder 30 %, vocoder 10 %, U-Net 60 % of the time; five stems, 16 kHz mono as published."""
    from msgld.paper.autoencoder_run import train_codec
    from msgld.paper.presets import PAPER_SMALL, find_codec_preset
    from msgld.paper.run import train_published
    from msgld.training.presets import Stage

    one, two, three = job.part("codec", 0.3), job.part("vocoder", 0.1), job.part("denoiser", 0.6)
    coding = scaled(find_codec_preset("paper-small"))
    first = train_codec(coding, job.source, one.out, one.minutes, "cpu", 0, job.report)
    whole = with_vocoder(first, two)
    recipe = replace(scaled(PAPER_SMALL, job.scale), stages=(Stage(0.85, 1, 64), Stage(1.0, 1, 128)))
    train_published(recipe, job.source, three.out, whole, three.minutes, report=job.report)


SYSTEMS: dict[str, Callable[[Job], None]] = {"ours": ours, "paper": paper, "msdm": msdm, "htdemucs": htdemucs}


def main() -> None:
    """Train one system."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("system", choices=SYSTEMS)
    parser.add_argument("--minutes", type=float, default=20.0)
    parser.add_argument("--scale", type=float, default=1.0, help="of the usual learning rate")
    parser.add_argument("--stems", type=Path, required=True, help="songs, as songs.py renders them")
    parser.add_argument("--out", type=Path, default=Path("runs/peers"))
    options = parser.parse_args()
    torch.set_num_threads(1)
    TimedTraining.clock = time.process_time
    source = training_source(stems=[options.stems], band=0)
    out = options.out / f"{options.system}-{options.scale:g}"
    with track(out.name) as show:
        SYSTEMS[options.system](Job(source, out, options.minutes, options.scale, News(show).report))


if __name__ == "__main__":
    main()
