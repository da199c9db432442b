"""A pool of waveforms, the crops cut out of it, and stems put together from different pieces."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from msgld.data.source import Source
from msgld.training.pool.pool import Pool
from msgld.training.recipe import PoolConfig

PEAK = 32767.0

RECENT = 5
"""Clips that are remembered to take stems from."""


class ClipPool(Pool):
    """Keeps int16 (slots, K, 2, L) with one gain each."""

    def __init__(self, source: Source, config: PoolConfig, rate: int) -> None:
        samples = round(config.seconds * rate)
        audio = torch.zeros(config.slots, len(source.stems), 2, samples, dtype=torch.int16)
        super().__init__(source, config, rate, audio)
        self.gain = torch.zeros(config.slots).share_memory_()

    def store(self, slot: int, stems: np.ndarray, seed: int) -> None:
        """Keep the waveforms to 16 bits of their peak."""
        peak = max(1e-6, float(np.abs(stems).max()))
        self.kept[slot] = torch.from_numpy(np.rint(stems * (PEAK / peak)).astype(np.int16))
        self.gain[slot] = peak / PEAK

    def whole(self, slot: int) -> Tensor:
        """A clip as it was rendered, float32 (K, 2, L)."""
        return self.kept[slot] * self.gain[slot]

    def cut(self, slots: np.ndarray, starts: np.ndarray, samples: int, balance: np.ndarray) -> Tensor:
        """Stretches of clips, the channels of their stems summed with weights: float32 (B, K, samples).

        Args:
            slots: clip of each stretch, (B,).
            starts: first sample of each stretch, (B,).
            balance: (B, 2), of the channels.
        """
        stereo = self.stretches(slots, starts, samples)
        weights = torch.tensor(balance, dtype=torch.float32) * self.gain[slots, None]
        left, right = weights.to(self.held.device)[:, :, None, None].unbind(1)
        return (stereo[:, :, 0] * left).addcmul_(stereo[:, :, 1].float(), right)


@dataclass(frozen=True)
class Crops:
    """Waveforms (B, S, L) of S stems with their presence (B, S)."""

    audio: Tensor
    present: Tensor


def random_balance(rng: np.random.Generator) -> tuple[float, float]:
    """Weights of the two channels in a mono sum: half the work, and panning becomes a gain."""
    angle = rng.uniform(0, np.pi / 2)
    return float(np.cos(angle)), float(np.sin(angle))


def draw_crops(pool: ClipPool, items: int, samples: int, rng: np.random.Generator) -> Crops:
    """Draw crops from the pool, mono: a sum of the two channels with a random balance."""
    slots, starts = pool.places(items, samples, rng)
    balance = np.array([random_balance(rng) for _ in range(items)])
    audio = pool.cut(slots, starts, samples, balance)
    return Crops(audio, pool.present[slots].to(audio.device))


class Remixer:
    """Puts stems of the last clips together: no band plays so, but separation learns from it.

    A copy in another process begins with no clips.

    Args:
        fraction: of the clips, which are replaced by a remix.
    """

    def __init__(self, fraction: float) -> None:
        self.fraction = fraction
        self.recent: deque[tuple[np.ndarray, np.ndarray]] = deque(maxlen=RECENT)

    def __reduce__(self) -> tuple[type[Remixer], tuple[float]]:
        return Remixer, (self.fraction,)

    def __call__(
        self, stems: np.ndarray, present: np.ndarray, rng: np.random.Generator
    ) -> tuple[np.ndarray, np.ndarray, bool]:
        """A clip's stems (S, ...) and their presence (S,) as they are, or each of another clip; and which it was."""
        self.recent.append((stems, present.copy()))
        if rng.random() >= self.fraction or len(self.recent) < 2:
            return stems, present, False
        count, clips = len(stems), len(self.recent)
        order = np.concatenate([rng.permutation(clips) for _ in range(-(-count // clips))])[:count]
        chosen = [(self.recent[clip][0][k], self.recent[clip][1][k]) for k, clip in enumerate(order)]
        return np.stack([audio for audio, _ in chosen]), np.array([there for _, there in chosen]), True
