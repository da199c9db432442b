"""Running the command line as a user does: a process of its own, with a tiny random model."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch

from msgld.brief import PROGRAMS
from msgld.checkpoint import save_model
from msgld.diffusion.denoise import StemDenoiser
from msgld.diffusion.noise import CosineSchedule
from msgld.model import Model
from msgld.nets.refiner import Refiner, RefinerConfig
from msgld.nets.transformer import StemTransformer, TransformerConfig
from msgld.nets.vocoder import Vocoder, VocoderConfig
from msgld.sound.codec import PatchCodec, PatchConfig
from msgld.sound.mel import filterbank
from msgld.tasks.asked import features_of
from msgld.types import STEMS

ROOT = Path(__file__).parent.parent


def save_tiny_model(folder: Path, refined: bool = False, styles: tuple[str, ...] = ()) -> Path:
    """Write a random model that separates and generates, in no time; its folder. A refiner changes what it cuts.

    With styles it takes briefs.
    """
    torch.manual_seed(0)
    sizes = (
        {"frame_features": features_of(len(styles)), "programs": PROGRAMS, "styles": styles} if styles else {}
    )
    config = TransformerConfig(
        trunk_width=32, trunk_depth=1, trunk_heads=2, width=32, depth=1, heads=2, **sizes
    )
    network = StemTransformer(config)
    if network.brief is not None:
        for parameter in (*network.brief.parameters(), network.outward.weight):
            torch.nn.init.normal_(parameter, std=0.3)
    denoiser = StemDenoiser(network, CosineSchedule())
    codec, vocoder = PatchCodec(PatchConfig()), Vocoder(VocoderConfig(width=32, depth=2, hidden=48))
    vocoder.set_bands(filterbank(codec.mel))
    model = Model(codec, denoiser, vocoder, STEMS, info={"name": "tiny"})
    if refined:
        model.refiner = Refiner(RefinerConfig(bands=64, widths=(4, 6), depth=1))
        torch.nn.init.normal_(model.refiner.outward.weight)
    save_model(model, folder)
    return folder


def write_noise(
    path: Path, seconds: float = 0.5, rate: int = 44100, channels: int = 2, seed: int = 0
) -> Path:
    """Write noise at -20 dBFS or so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = 0.1 * np.random.default_rng(seed).standard_normal((max(1, round(seconds * rate)), channels))
    soundfile.write(path, samples, rate, "PCM_16")
    return path


@dataclass(frozen=True)
class Done:
    """How a process ended."""

    code: int
    out: str
    err: str

    @property
    def complaints(self) -> list[str]:
        """The error lines."""
        return [line for line in self.err.splitlines() if line.startswith("msgld: ")]

    @property
    def records(self) -> list[dict[str, Any]]:
        """The JSON objects on standard output, each on a line."""
        return [json.loads(line) for line in self.out.splitlines()]


def environment() -> dict[str, str]:
    """Of a user who has set nothing; wide lines, so that messages are not folded."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MSGLD_")}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1", "COLUMNS": "200"}


def run(arguments: Sequence[str | Path], folder: Path, preexec: Callable[[], None] | None = None) -> Done:
    """Run ``msgld`` in a folder. Whatever happens, no traceback may be seen."""
    done = subprocess.run(
        [sys.executable, "-m", "msgld", *map(str, arguments)], cwd=folder, env=environment(), capture_output=True,
        text=True, encoding="utf-8", timeout=300, preexec_fn=preexec, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


def leftovers(folder: Path) -> list[Path]:
    """Unfinished files and folders, anywhere below a folder."""
    return [path for path in folder.rglob("*") if path.suffix in (".part", ".partial", ".spool")]


def contents(folder: Path) -> dict[str, bytes]:
    """Everything below a folder, to see that it was left alone."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
