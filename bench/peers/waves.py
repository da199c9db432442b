"""Training of the peers that learn from waveforms, with msgld's own clips, clock, checkpoints and logs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_model, save_model
from torch import Tensor, nn

from msgld.data.source import Source
from msgld.model import REFERENCE_RMS
from msgld.progress import OnProgress
from msgld.runtime import bf16_is_fast
from msgld.training.part import Part
from msgld.training.pool.clips import ClipPool
from msgld.training.recipe import OptimConfig, PoolConfig, Recipe
from msgld.training.run import run_part
from msgld.training.trainer import Trainer

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


@dataclass(frozen=True)
class PeerShape:
    """Peers say nothing of their shape."""


PeerRecipe = Recipe[PeerShape, WavePeer]


class WaveTrainer(Trainer[ClipPool]):
    """Trains a peer."""

    def __init__(self, peer: WavePeer, recipe: PeerRecipe, pool: ClipPool, minutes: float, seed: int) -> None:
        super().__init__("peer", peer, recipe, pool, minutes, torch.device("cpu"), seed)
        self.peer, self.weights = peer.train(), {"loss": 1.0}

    def next_batch(self) -> tuple[Tensor]:
        """Draw stems; the peer's own random numbers are seeded, too."""
        torch.manual_seed(int(self.rng.integers(2**62)))
        return (draw(self.pool, self.peer, self.rng),)

    def losses(self, stems: Tensor) -> dict[str, Tensor]:
        """The peer's one loss."""
        with half():
            return {"loss": self.peer.loss(stems)}

    def export(self, out: Path, about: dict[str, Any]) -> dict[str, float]:
        """Write the averaged weights."""
        save_model(self.peer, str(out / WEIGHTS))
        return {}

    def draw(self, path: Path) -> None:
        """No picture."""


class WavePart(Part[PeerRecipe, ClipPool]):
    """A peer as a part that is trained."""

    name = "peer"

    def prepare(self) -> None:
        """A peer begins from nothing."""

    def begin(self, source: Source) -> None:
        """Nothing to build."""

    def pool(self, source: Source, config: PoolConfig) -> ClipPool:
        """A pool of waveforms."""
        return ClipPool(source, config, RATE)

    def trainer(self, pool: ClipPool, minutes: float, resumed: bool) -> WaveTrainer:
        """A trainer of the recipe's peer."""
        return WaveTrainer(self.recipe.settings, self.recipe, pool, minutes, self.seed)


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
    peer: WavePeer, rate: float, source: Source, out: Path, minutes: float, seed: int = 0,
    report: OnProgress | None = None
) -> None:  # fmt: skip
    """Train a peer for so many minutes at a peak learning ``rate``; called again it goes on where it was."""
    optim = OptimConfig(
        rate=rate, warmup=50, cooldown=0.3, decay=0.01, muon=False, ema=0.995, betas=(0.9, 0.99)
    )
    recipe = PeerRecipe(
        "peer", minutes, PeerShape(), peer, optim, PoolConfig(slots=SLOTS), first_clips=4 * peer.items
    )
    run_part(WavePart(recipe, out, seed=seed), source, minutes, report)


def trained(peer: WavePeer, folder: Path) -> WavePeer:
    """The peer with the weights that a run left in ``folder``."""
    load_model(peer, str(folder / WEIGHTS))
    return peer.eval().requires_grad_(False)
