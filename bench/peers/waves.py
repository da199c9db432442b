"""Training of the peers that learn from waveforms, with msgld's own clips, clock, checkpoints and logs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import load_model, save_model
from torch import Tensor, nn

from msgld.data.source import Source
from msgld.model import REFERENCE_RMS
from msgld.runtime import bf16_is_fast
from msgld.training.beginning import Report, begun, wait_for
from msgld.training.clips import ClipPool, clip_pool
from msgld.training.disk import Run
from msgld.training.network import NetworkTraining
from msgld.training.optim import OptimConfig
from msgld.training.pool import PoolConfig

RATE = 44_100
WEIGHTS = "weights.safetensors"

SLOTS = 240
"""Clips that a run of any system holds at once, so that two runs fit into the memory of a desk computer."""


def half() -> torch.autocast:
    """Convolutions and products in 16 bits while the block lasts, where those are fast, as msgld has them too."""
    return torch.autocast("cpu", torch.bfloat16, enabled=bf16_is_fast(torch.device("cpu")))


class WavePeer(nn.Module, ABC):
    """A network with its loss.

    Attributes:
        items: crops in a batch. samples: of a crop at ``RATE``. remix: share of items whose stems come from several
            pieces, which teaches separation and spoils generation.
    """

    items: int
    samples: int
    remix: float

    @abstractmethod
    def loss(self, stems: Tensor) -> Tensor:
        """Of stereo stems (B, S, 2, samples)."""


class WaveTraining(NetworkTraining[ClipPool]):
    """A peer's run."""

    def __init__(self, peer: WavePeer, optim: OptimConfig, pool: ClipPool, minutes: float, seed: int) -> None:
        super().__init__("peer", peer, optim, pool, minutes, torch.device("cpu"), seed)
        self.peer = peer.train()

    def step(self) -> dict[str, float]:
        """One batch, one update."""
        torch.manual_seed(int(self.rng.integers(2**62)))
        with half():
            loss = self.peer.loss(draw(self.pool, self.peer, self.rng))
        norm = self.descend(loss)
        return {"loss": float(loss.detach()), "norm": norm}


class WaveRun(Run):
    """A peer's training and its folder."""

    def __init__(self, training: WaveTraining, out: Path, report: Report | None) -> None:
        super().__init__(training, out, report)
        self.waves = training

    def export(self) -> None:
        """Write the averaged weights."""
        save_model(self.waves.peer, str(self.out / WEIGHTS))

    def draw(self, path: Path) -> None:
        """No picture."""


def draw(pool: ClipPool, peer: WavePeer, rng: np.random.Generator) -> Tensor:
    """Stereo stems (B, S, 2, L) whose mixtures have one level."""
    pool.prepare(peer.items)
    stems = torch.stack([_item(pool, peer, rng) for _ in range(peer.items)])
    rms = stems.sum(1, keepdim=True).square().mean((2, 3), keepdim=True).sqrt().clamp_min(1e-5)
    return stems * (REFERENCE_RMS / rms)


def _item(pool: ClipPool, peer: WavePeer, rng: np.random.Generator) -> Tensor:
    count = pool.kept.shape[1]
    clips = count if rng.random() < peer.remix else 1
    slots = np.broadcast_to(rng.integers(0, len(pool), clips), count)
    starts = np.broadcast_to(rng.integers(0, pool.kept.shape[-1] - peer.samples + 1, clips), count)
    waves = [
        pool.held[slot, stem, :, start : start + peer.samples] * float(pool.gain[slot])
        for stem, (slot, start) in enumerate(zip(slots, starts, strict=True))
    ]
    return torch.stack(waves)


def train_waves(
    peer: WavePeer, rate: float, source: Source, out: Path, minutes: float, seed: int = 0, report: Report | None = None
) -> None:  # fmt: skip
    """Train a peer for so many minutes at a peak learning ``rate``; called again it goes on where it was."""
    optim = OptimConfig(
        rate=rate, warmup=50, cooldown=0.3, decay=0.01, muon=False, ema=0.995, betas=(0.9, 0.99)
    )
    pools = PoolConfig(slots=SLOTS, seconds=12.0, workers=1, reuse=14.0)
    with begun(out, clip_pool(source, RATE), pools, seed) as (pool, saved):
        wait_for(pool, 4 * peer.items, report)
        run = WaveRun(WaveTraining(peer, optim, pool, minutes, seed), out, report)
        run.resume(saved)
        run.go()


def trained(peer: WavePeer, folder: Path) -> WavePeer:
    """The peer with the weights that a run left in ``folder``."""
    load_model(peer, str(folder / WEIGHTS))
    return peer.eval().requires_grad_(False)
