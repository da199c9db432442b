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

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch

from msgld.cli.console import track
from msgld.cli.train import News
from msgld.data.source import Source
from msgld.progress import OnProgress
from msgld.training.data import training_source
from msgld.training.parts import find
from msgld.training.recipe import AnyRecipe, Stage
from msgld.training.run import run_part
from msgld.training.trainer import Trainer
from peers.waves import SLOTS


@dataclass(frozen=True)
class Job:
    """What a system is trained on, and for how long."""

    source: Source
    out: Path
    minutes: float
    scale: float
    report: OnProgress

    def part(self, name: str, share: float) -> Job:
        """A part of the system, with its share of the time."""
        return replace(self, out=self.out / name, minutes=self.minutes * share)

    def train(self, part: str, recipe: AnyRecipe, **begin: Path) -> Path:
        """Train a part of msgld's; the model's folder."""
        design, _ = find(part, recipe)
        return run_part(design(recipe, self.out, **begin), self.source, self.minutes, self.report)


def scaled(part: str, name: str, scale: float = 1.0) -> AnyRecipe:
    """A recipe of msgld's at a multiple of its rate, with a pool of ``SLOTS``."""
    recipe = find(part, name)[1]
    return replace(
        recipe,
        optim=replace(recipe.optim, rate=recipe.optim.rate * scale),
        pool=replace(recipe.pool, slots=SLOTS),
    )


def with_vocoder(model: Path, job: Job) -> Path:
    """The model with a vocoder that is trained for it, in small batches: few steps fit into minutes."""
    light = replace(scaled("vocoder", "light"), stages=(Stage(1.0, 4, 64),), first_clips=16)
    return job.train("vocoder", light, start=model)


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
    recipe = scaled("denoiser", "small", job.scale)
    recipe = replace(
        recipe,
        network=replace(recipe.network, width=128, depth=3, heads=2, conditioning_width=192),
        optim=replace(recipe.optim, ema=0.99),
        stages=(Stage(0.3, 18, 54), Stage(1.0, 12, 108)),
    )
    one, two, three = job.part("denoiser", 0.45), job.part("vocoder", 0.1), job.part("refiner", 0.45)
    whole = with_vocoder(one.train("denoiser", recipe), two)
    three.train("refiner", scaled("refiner", "small", job.scale), start=whole)


def paper(job: Job) -> None:
    """Autoencoder 30 %, vocoder 10 %, U-Net 60 % of the time; all stems, 16 kHz mono as published."""
    one, two, three = job.part("codec", 0.3), job.part("vocoder", 0.1), job.part("denoiser", 0.6)
    whole = with_vocoder(one.train("codec", scaled("codec", "paper-small")), two)
    recipe = scaled("denoiser", "paper-small", job.scale)
    recipe = replace(recipe, stages=(Stage(0.85, 1, 64), Stage(1.0, 1, 128)))
    three.train("denoiser", recipe, first_stage=whole)


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
    Trainer.clock = time.process_time
    source = training_source(stems=[options.stems], band=False)
    out = options.out / f"{options.system}-{options.scale:g}"
    with track(out.name) as show:
        SYSTEMS[options.system](Job(source, out, options.minutes, options.scale, News(show).show))


if __name__ == "__main__":
    main()
