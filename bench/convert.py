"""How long converting a full-size checkpoint takes, and how much memory.

    python bench/convert.py

Writes a checkpoint of the published size with random weights (4.9 GB at width 128) into a temporary folder, converts
it in a process of its own, and prints seconds, peak memory and what that is relative to the largest part.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from msgld.paper.autoencoder import KLCodec, KLConfig, diffusers_to_published
from msgld.paper.hifigan import HifiGan, HifiGanConfig, transformers_to_published
from msgld.paper.schedule import SqrtLinearSchedule
from msgld.paper.unet3d import PublishedUNet, UNetConfig


def write_checkpoint(path: Path, width: int, small: bool) -> None:
    """Write a Lightning file: weights, their moving average, two moments of the optimiser, the first stage."""
    unet = UNetConfig(model_channels=width)
    codec, vocoder = KLConfig(), HifiGanConfig()
    if small:
        unet = replace(unet, model_channels=32, channel_mult=(1, 2), num_res_blocks=1)
        codec, vocoder = replace(codec, base_channels=32), replace(vocoder, initial_channels=64)
    with torch.device("meta"):
        weights = PublishedUNet(unet).state_dict()
        first = diffusers_to_published(KLCodec(codec).network.state_dict())
        voice = transformers_to_published(HifiGan(vocoder).network.state_dict())
    state = {
        "alphas_cumprod": SqrtLinearSchedule().alphas_cumprod().float(),
        "scale_factor": torch.tensor(0.7),
        **filled("model.diffusion_model.", weights),
        **filled(
            "model_ema.diffusion_model", {name.replace(".", ""): value for name, value in weights.items()}
        ),
        **filled("first_stage_model.", first),
        **filled("first_stage_model.vocoder.", voice),
    }
    moments = {
        index: {"exp_avg": random_like(value), "exp_avg_sq": random_like(value)}
        for index, value in enumerate(weights.values())
    }
    torch.save({"state_dict": state, "optimizer_states": [{"state": moments}], "epoch": 1}, path)


def filled(prefix: str, shapes: dict[str, Tensor]) -> dict[str, Tensor]:
    """Random weights under their names in the file."""
    return {prefix + name: random_like(value) for name, value in shapes.items()}


def random_like(value: Tensor) -> Tensor:
    return torch.empty(value.shape).uniform_(-0.1, 0.1)


def peak_memory(command: list[str]) -> tuple[float, float]:
    """Run a command: seconds, and peak memory of its process in MB."""
    begun = time.perf_counter()
    process = subprocess.Popen(command)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit("the command failed")
    return time.perf_counter() - begun, usage.ru_maxrss / 1024


def main() -> None:
    """Write, convert, measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=128, help="128 or 192 were published")
    parser.add_argument("--small", action="store_true", help="a tiny network, to try the script")
    parser.add_argument("--folder", type=Path, help="where to make the temporary folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        path, out = Path(name) / "last.ckpt", Path(name) / "model"
        # In a process of its own, whose memory is given back.
        arguments = (path, options.width, options.small)
        writer = multiprocessing.get_context("spawn").Process(target=write_checkpoint, args=arguments)
        writer.start()
        writer.join()
        _, idle = peak_memory([sys.executable, "-m", "msgld", "convert", str(path), "--list"])
        command = [sys.executable, "-m", "msgld", "convert", str(path), "--out", str(out)]
        seconds, peak = peak_memory(command)
        largest = max(file.stat().st_size for file in out.glob("*.safetensors")) / 2**20
        print(f"checkpoint     {path.stat().st_size / 2**20:9.0f} MB")
        print(f"largest part   {largest:9.0f} MB")
        print(f"only looking   {idle:9.0f} MB at its peak")
        print(f"converting     {peak:9.0f} MB at its peak, {seconds:.1f} s")


if __name__ == "__main__":
    main()
