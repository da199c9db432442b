"""One call of the published U-Net against a plain port of it: seconds, peak memory and error.

    python bench/unet.py                 # width 128, 10.24 s, on the CPU
    python bench/unet.py --width 64      # quicker
    python bench/unet.py --device cuda

The plain port has 32 bits, explicit attention and channels first in memory, as the published code has. Each
variant runs in a process of its own, so that its peak memory is its own; variants take turns, so that a machine
whose speed drifts is unfair to none.
"""

from __future__ import annotations

import argparse
import json
import math
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from msgld.paper.unet3d import PublishedUNet, UNetConfig
from msgld.paper.unet3d_blocks import Attention, Upsample

VARIANTS = ("plain", "fp32", "bf16")


def explicit_attention(self: Attention, x: Tensor) -> Tensor:
    """What :class:`Attention` computes, with all weights at once in memory."""
    tokens = self.norm(x).flatten(2)
    qkv = F.conv1d(tokens, self.qkv.weight, self.qkv.bias)
    q, k, v = qkv.unflatten(1, (-1, 3, self.head_channels)).unbind(2)
    scale = self.head_channels**-0.25
    weights = torch.einsum("bhct,bhcs->bhts", q * scale, k * scale).softmax(-1)
    heads = torch.einsum("bhts,bhcs->bhct", weights, v).flatten(1, 2)
    said = F.conv1d(heads, self.proj_out.weight, self.proj_out.bias)
    return x + said.view_as(x)


def channels_first(module: PublishedUNet) -> None:
    """Keep what a call makes in the plain layout, whatever layout the network asks for."""
    forward = Tensor.to

    def to(tensor: Tensor, *args: object, **kwargs: object) -> Tensor:
        kwargs.pop("memory_format", None)
        return forward(tensor, *args, **kwargs)

    Upsample.forward = lambda self, x: self.conv(F.interpolate(x, scale_factor=(1, 2, 2)))  # type: ignore[method-assign]
    Tensor.to = to  # type: ignore[method-assign, assignment]
    module.to(memory_format=torch.contiguous_format)


def build(variant: str, width: int, device: str) -> PublishedUNet:
    """The network with seeded weights; those that begin at zero are drawn too, so that all of it counts."""
    torch.manual_seed(0)
    network = PublishedUNet(UNetConfig(model_channels=width)).eval().requires_grad_(False)
    for parameter in network.parameters():
        if parameter.ndim > 1:
            parameter.normal_(std=1 / math.sqrt(parameter[0].numel()))
    if variant == "plain":
        Attention.forward = explicit_attention  # type: ignore[method-assign]
        channels_first(network)
        return network.to(device)
    network = network.to(device, memory_format=torch.channels_last_3d)
    return network.bfloat16() if variant == "bf16" else network


def one(variant: str, width: int, frames: int, calls: int, device: str, out: Path) -> None:
    """Run one variant, write its answer, print its figures as JSON."""
    network = build(variant, width, device)
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(1, 4, 8, frames, 16, generator=generator).to(device)
    mixture = torch.randn(1, 8, frames, 16, generator=generator).to(device)
    t = torch.tensor([500], device=device)
    seconds = []
    with torch.inference_mode():
        for _ in range(calls):
            begun = time.perf_counter()
            answer = network(x, mixture, t).float().cpu()
            seconds.append(time.perf_counter() - begun)
    torch.save(answer, out)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    if device != "cpu":
        peak = torch.cuda.max_memory_allocated() / 2**30
    print(json.dumps({"seconds": min(seconds), "peak_gb": peak}))


def main() -> None:
    """Run all variants and print how they compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--frames", type=int, default=256)
    parser.add_argument("--calls", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--out", type=Path, default=Path("research/figures"))
    parser.add_argument("--variant", choices=VARIANTS, help=argparse.SUPPRESS)
    parser.add_argument("--answer", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.variant:
        one(options.variant, options.width, options.frames, options.calls, options.device, options.answer)
        return
    with tempfile.TemporaryDirectory() as folder:
        figures = compare(options, Path(folder))
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / f"unet-{options.device}-{options.width}.json").write_text(
        json.dumps(figures, indent=1) + "\n"
    )
    for name, row in figures["variants"].items():
        print(
            f"{name:6} {row['seconds']:7.2f} s  {row['times_faster']:5.2f} x  {row['peak_gb']:5.2f} GB"
            f"  relative L2 error {row['error']:.2e}"
        )


def compare(options: argparse.Namespace, folder: Path) -> dict:
    """Run the variants in turn and put their figures together."""
    runs: dict[str, list[dict[str, float]]] = {variant: [] for variant in VARIANTS}
    for _ in range(options.rounds):
        for variant in VARIANTS:
            command = [sys.executable, __file__, "--variant", variant, "--answer", folder / variant]
            for name in ("width", "frames", "calls", "device"):
                command += [f"--{name}", str(getattr(options, name))]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            runs[variant].append(json.loads(done.stdout.splitlines()[-1]))
    answers = {variant: torch.load(folder / variant) for variant in VARIANTS}
    plain = answers["plain"]
    slow = statistics.median(run["seconds"] for run in runs["plain"])
    rows = {}
    for variant in VARIANTS:
        seconds = statistics.median(run["seconds"] for run in runs[variant])
        rows[variant] = {
            "seconds": round(seconds, 2),
            "times_faster": round(slow / seconds, 2),
            "peak_gb": round(max(run["peak_gb"] for run in runs[variant]), 2),
            "error": float((answers[variant] - plain).norm() / plain.norm()),
        }
    about = {name: getattr(options, name) for name in ("width", "frames", "device")}
    return {**about, "threads": torch.get_num_threads(), "torch": torch.__version__, "variants": rows}


if __name__ == "__main__":
    main()
