"""Pictures as training goes: what one crop's stems are, and what one call makes of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from msgld.dsp.mel import MelConfig
from msgld.tasks.noise_maps import arrange, separate
from msgld.training.batch import BatchConfig, build_batch
from msgld.training.denoiser import DenoiserTraining
from msgld.training.energies import Energies


@torch.no_grad()
def preview_mels(training: DenoiserTraining) -> tuple[Tensor, dict[str, Tensor]]:
    """True log-mels (K, M, N) of one crop and the ones that the model answers, by task."""
    rng = np.random.default_rng(1)
    length = training.preset.stage(1.0).frames * training.codec.frame_columns
    drawn = training.pool.draw(16, length, rng)
    item = int(drawn.remixed.int().argmin())  # one whose stems belong together, if there is one
    one = Energies(*(getattr(drawn, part.name)[item : item + 1] for part in fields(drawn)))
    z = build_batch(one, training.codec, BatchConfig(), rng).z
    tracks, frames = z.shape[1], z.shape[3]
    answers = {}
    for name, task in {
        "separated": separate(tracks, frames),
        "arranged to the first two": arrange(tracks, frames, {0: 0.0, 1: 0.0}),
    }.items():
        levels, presence = task.levels.to(z.device), task.presence.to(z.device)
        x = torch.where(levels.unsqueeze(2) == 0, z, torch.zeros_like(z))
        # A compiled network would be compiled anew for one crop.
        with (
            torch.compiler.set_stance("force_eager"),
            torch.autocast(training.device.type, torch.bfloat16, enabled=training.half),
        ):
            answers[name] = training.codec.decode(training.denoiser(x, levels, presence).z[0])
    return training.codec.decode(z[0]), answers


def draw_preview(training: DenoiserTraining, path: Path) -> None:
    """Write a picture; without matplotlib there is none."""
    truth, answers = preview_mels(training)
    names = [*training.pool.source.stems, "mixture"]
    draw_mels(names, {"true": truth, **answers}, path, *mel_range(training.codec.mel))


def mel_range(mel: MelConfig) -> tuple[float, float]:
    """From silence to loud music, nepers."""
    return math.log(mel.floor), 2.0 if mel.kind == "magnitude" else 0.0


def draw_mels(
    names: Sequence[str], columns: Mapping[str, Tensor], path: Path, low: float, high: float
) -> None:
    """Draw log-mels side by side; without matplotlib there is no picture.

    Args:
        names: of the rows. columns: title -> log-mels (rows, M, N).
        low, high: what is black and what is white, nepers.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return
    figure = Figure(figsize=(5 * len(columns), 2 * len(names)), layout="tight")
    FigureCanvasAgg(figure)
    axes = figure.subplots(len(names), len(columns), squeeze=False)
    for column, (title, mels) in enumerate(columns.items()):
        for row, name in enumerate(names):
            axis = axes[row][column]
            axis.imshow(
                mels[row].float().cpu().numpy(),
                origin="lower",
                aspect="auto",
                vmin=low,
                vmax=high,
                cmap="magma",
            )
            axis.set_title(f"{name}: {title}", fontsize=8)
            axis.axis("off")
    save_picture(figure, path, 70)


def save_picture(figure: Any, path: Path, dpi: int) -> None:
    """Write a matplotlib figure as PNG under a temporary name and rename it; its folder is made if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.stem + ".partial.png")
    figure.savefig(temporary, dpi=dpi)
    temporary.replace(path)
