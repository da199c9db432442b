"""Two codecs on the same log-mels and the same clips: principal components of patches, and the KL autoencoder.

    python bench/codecs.py [--minutes 10] [--codec FOLDER] [--midi FOLDER] [--clips 24] [--device cpu]

The components are fitted and the autoencoder is trained for the same minutes, or taken from ``--codec`` (a first
stage's folder), in the same number of latent values a second. Told are, on clips that neither has heard, how far
decoded log-mels are from the true ones, and the mask ceiling: the SI-SDRi of the stems that masks from the decoded
log-mels cut out of the mixture, against masks from the true ones. That is what separation would reach if latents
were estimated without error.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from msgld.checkpoint import load_first_stage
from msgld.data.source import Source
from msgld.dsp.codec import PatchCodec, PatchConfig
from msgld.dsp.masks import apply_masks, masks_from_mels
from msgld.dsp.mel import AUDIOLDM, log_mel
from msgld.metrics import si_sdr
from msgld.model import REFERENCE_RMS
from msgld.paper.autoencoder import KLCodec
from msgld.paper.training.codec import CodecPart
from msgld.paper.training.recipes import CODEC_TINY, PLAIN
from msgld.training.data import training_source
from msgld.training.mixing import mix_mels
from msgld.training.parts import find
from msgld.training.pool.clips import ClipPool, draw_crops
from msgld.training.pool.filling import wait_for
from msgld.training.pool.workers import running
from msgld.training.run import run_part

FRAMES = 64
UNHEARD = 900_000_000
"""Seeds from here on are for measuring."""


ENOUGH = 400
"""Batches; more do not change a covariance."""


def fit_patches(pool: ClipPool, channels: int, seconds: float, rng: np.random.Generator) -> PatchCodec:
    """Principal components of as many crops as are drawn in that time."""
    config = PatchConfig(AUDIOLDM, channels=channels)
    blank, began = PatchCodec(config), time.perf_counter()
    patches: list[Tensor] = []
    while len(patches) < 4 or (time.perf_counter() - began < seconds and len(patches) < ENOUGH):
        crops = draw_crops(pool, 2, FRAMES * blank.frame_samples, rng)
        patches.append(blank.to_patches(mix_mels(crops, AUDIOLDM, PLAIN, rng)).flatten(0, 2))
    return PatchCodec.fit(torch.cat(patches), config)


def excerpts(source: Source, clips: int, seconds: float) -> Iterator[Tensor]:
    """Levelled mono stems (S, L) of clips that were not trained on, at the mel's rate."""
    pool = ClipPool(source, replace(CODEC_TINY.pool, slots=1, seconds=seconds, seed=UNHEARD),
                    AUDIOLDM.rate)  # fmt: skip
    for number in range(clips):
        pool.render(number)
        stems = pool.whole(0).mean(1)
        level = stems.sum(0).square().mean().sqrt()
        if level > 1e-4:
            yield stems * (REFERENCE_RMS / level)


def improvement(stems: Tensor, mels: Tensor) -> list[float]:
    """SI-SDRi in dB of the sounding stems (S, L) cut out of their mixture by masks from log-mels (S, M, N)."""
    mixture = stems.sum(0, keepdim=True)
    cut = apply_masks(mixture, masks_from_mels(mels, AUDIOLDM), AUDIOLDM.rate, AUDIOLDM)[:, 0]
    audible = stems.square().mean(1).sqrt() > 1e-3
    return [
        si_sdr(cut[k].numpy(), stems[k].numpy()) - si_sdr(mixture[0].numpy(), stems[k].numpy())
        for k in torch.nonzero(audible)[:, 0].tolist()
    ]


@torch.inference_mode()
def measure(codec: PatchCodec | KLCodec | None, clips: list[Tensor]) -> dict[str, float]:
    """Means over clips; without a codec the true log-mels are taken."""
    errors, gains = [], []
    for stems in clips:
        true = log_mel(torch.cat([stems, stems.sum(0, keepdim=True)]).unsqueeze(1), AUDIOLDM)
        made = true if codec is None else codec.decode(codec.encode(true))
        errors.append(float((made - true).abs().mean()))
        gains += improvement(stems, made[:-1])
    return {"log-mel L1": float(np.mean(errors)), "mask ceiling, dB SI-SDRi": float(np.mean(gains))}


def options() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--recipe", default="paper-small")
    parser.add_argument("--codec", type=Path, help="a first stage that has been trained already")
    parser.add_argument("--midi", type=Path, action="append", default=[])
    parser.add_argument("--clips", type=int, default=24)
    parser.add_argument("--device", default="cpu")
    return parser.parse_args()


def main() -> None:
    """Print a table."""
    chosen = options()
    source, recipe = training_source(midi=chosen.midi), find("codec", chosen.recipe)[1]
    with tempfile.TemporaryDirectory() as folder:
        part = CodecPart(recipe, Path(folder), device=chosen.device)
        first = chosen.codec or run_part(part, source, chosen.minutes)
        autoencoder, _ = load_first_stage(first)
    with running(ClipPool(source, recipe.pool, AUDIOLDM.rate)) as pool:
        wait_for(pool, 64)
        patches = fit_patches(pool, autoencoder.channels, chosen.minutes * 60, np.random.default_rng(0))
    samples = FRAMES * 4 * AUDIOLDM.hop
    clips = list(excerpts(source, chosen.clips, samples / AUDIOLDM.rate))
    print(f"{autoencoder.channels} latent values every {AUDIOLDM.hop * 4} samples, {len(clips)} clips")
    for name, codec in {
        "true log-mels": None,
        "principal components": patches,
        "autoencoder": autoencoder,
    }.items():
        row = measure(codec, clips)
        print(f"{name:22}", *(f"{what} {value:.3f}" for what, value in row.items()), sep="  ")


if __name__ == "__main__":
    main()
