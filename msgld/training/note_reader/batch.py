"""A pool that keeps the log-mels of a stem and its notes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from msgld.data.source import Source
from msgld.dsp.codec import PatchCodec
from msgld.dsp.mel import log_mel
from msgld.dsp.resample import resample
from msgld.model import REFERENCE_RMS
from msgld.nets.note_reader import NoteReaderConfig
from msgld.training.mixing import slow_curves
from msgld.training.note_reader.targets import note_targets
from msgld.training.pool.pool import Pool
from msgld.training.recipe import PoolConfig

NEPER = 20 / np.log(10)
"""Decibels in one."""

HIGHEST = 7
"""Semitones up to which clips are played higher or lower."""


@dataclass(frozen=True)
class NoteVary:
    """How clips are varied as they are kept, and crops as they are drawn.

    Attributes:
        shifted: fraction of the clips that are played some semitones higher or lower.
        level: nepers up to which a crop is louder or softer.
        bend_db: standard deviation of a slow curve over the bands that filters a crop.
        noise: nepers up to which bands err, in half of the crops, as those do that a denoiser made.
    """

    shifted: float = 0.7
    level: float = 0.8
    bend_db: float = 6.0
    noise: float = 0.3


@dataclass(frozen=True)
class NoteCrops:
    """Log-mels (B, M, N), notes from the lowest on (B, N), and the confidence in each (B, N)."""

    mels: Tensor
    notes: Tensor
    sure: Tensor


class NotePool(Pool):
    """Keeps float16 (slots, M + 2, N): log-mels through the codec, notes, and the confidence in them.

    Args:
        codec: the model's; goes to the workers.
    """

    def __init__(self, source: Source, config: PoolConfig, codec: PatchCodec, network: NoteReaderConfig,
                 vary: NoteVary = NoteVary()) -> None:  # fmt: skip
        self.columns = round(config.seconds * 2 ** (-HIGHEST / 12) * codec.mel.rate / codec.frame_samples)
        self.columns *= codec.frame_columns
        kept = torch.zeros(config.slots, network.bands + 2, self.columns, dtype=torch.float16)
        super().__init__(source, config, codec.mel.rate, kept)
        self.codec, self.network, self.vary = codec, network, vary
        self.track = source.stems.index(network.stem)

    def store(self, slot: int, stems: np.ndarray, seed: int) -> None:
        """Keep the stem, some semitones higher or lower; nothing is learned of one that is silent."""
        self.kept[slot] = 0
        rng = np.random.default_rng([seed, 6])
        wave, mel = stems[self.track].mean(0), self.codec.mel
        if rng.random() < self.vary.shifted:
            steps = int(rng.integers(-HIGHEST, HIGHEST + 1))
            wave = resample(wave[None], round(self.rate * 2 ** (steps / 12)), self.rate)[0]
        wave = wave[: self.columns * mel.hop]
        rms = float(np.sqrt(np.square(wave).mean()))
        if rms < 1e-4:
            return
        wave = wave * np.float32(REFERENCE_RMS / 2**0.5 / rms)
        with torch.inference_mode():
            mels = self.codec.decode(self.codec.encode(log_mel(torch.from_numpy(wave)[None, None], mel)))[0]
        notes, sure = note_targets(wave, self.rate, mel.hop, self.columns, self.network)
        targets = torch.from_numpy(np.stack([notes, sure]))
        self.kept[slot] = torch.cat([mels[: self.network.bands], targets]).half()

    def usable(self) -> np.ndarray:
        """Slots of clips with notes, if there are any."""
        slots = super().usable()
        sounding = slots[(self.kept[slots, -1] > 0).any(1).numpy()]
        return sounding if len(sounding) else slots

    def draw(self, items: int, length: int, rng: np.random.Generator) -> NoteCrops:
        """Draw crops of ``length`` columns, from clips with notes."""
        cut = self.stretches(*self.places(items, length, rng), length).float()
        mels, notes, sure = cut.split([self.network.bands, 1, 1], dim=1)
        return NoteCrops(self._varied(mels, rng), notes[:, 0].long(), sure[:, 0])

    def _varied(self, mels: Tensor, rng: np.random.Generator) -> Tensor:
        """Crops, changed as another mix or a denoiser would change them."""
        items, bands, _ = mels.shape
        level = rng.uniform(-self.vary.level, self.vary.level, (items, 1))
        curves = slow_curves((items,), (np.arange(bands) + 0.5) / bands, self.vary.bend_db, rng) / NEPER
        tone = torch.from_numpy(level + curves).float().unsqueeze(2)
        spread = rng.uniform(0, self.vary.noise, (items, 1, 1)) * (rng.random((items, 1, 1)) < 0.5)
        errors = rng.standard_normal(mels.shape, dtype=np.float32) * spread.astype(np.float32)
        moved = mels + (tone + torch.from_numpy(errors)).to(mels.device)
        return moved.clamp_min(float(np.log(self.codec.mel.floor)))
