"""A pool that keeps the band energies of every pair of stems: all that a training step needs to know of a clip.

Spectra add up, so for stems with gains g the power of the mixture is the sum over i and j of g_i g_j <S_i, S_j>,
and the product of a stem and the mixture is the same sum over j alone. Those products are computed
once, when a clip is rendered, and no step needs a transform.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
import torch
from torch import Tensor

from msgld.data.source import Clip, Source
from msgld.dsp.mel import MelConfig, band_power, columns, product, spectrum
from msgld.music.conditioning import FACTS, facts, programs
from msgld.music.conditions import PROGRAMS
from msgld.training.pool.clips import RECENT, Remixer, random_balance
from msgld.training.pool.pool import Pool
from msgld.training.recipe import PoolConfig


def pairs(stems: int) -> list[tuple[int, int]]:
    """Pairs (i, j) of stems with i <= j, in the order in which they are kept."""
    return list(combinations_with_replacement(range(stems), 2))


def pair_energies(audio: Tensor, mel: MelConfig) -> Tensor:
    """Waveforms (S, L) -> real parts of <S_i, S_j> in bands, (S (S + 1) / 2, M, N)."""
    spectra = spectrum(audio, mel)
    return torch.stack([band_power(product(spectra[i], spectra[j]), mel) for i, j in pairs(len(audio))])


@dataclass(frozen=True)
class Energies:
    """Crops, and facts about the pieces that they come from.

    Attributes:
        pairs: energies (B, P, M, N).
        present: bool (B, S).
        remixed: bool (B,).
        facts: numbers of their conditions (B, FACTS), see :mod:`msgld.music.conditioning`.
        programs: their instruments (B, S, PROGRAMS).
        starts: where in their clips they begin, in seconds, (B,).
    """

    pairs: Tensor
    present: Tensor
    remixed: Tensor
    facts: Tensor
    programs: Tensor
    starts: Tensor


class EnergyPool(Pool):
    """Keeps bfloat16 (slots, P, M, N): 0.4 % is precise enough for a target.

    Args:
        mel: the grid; its rate is the pool's.
        styles: that conditions may name.
        remix: fraction of the clips that are put together from stems of the clips rendered last.
    """

    def __init__(
        self,
        source: Source,
        config: PoolConfig,
        mel: MelConfig,
        remix: float = 0.0,
        styles: tuple[str, ...] = (),
    ) -> None:
        count, samples = len(pairs(len(source.stems))), round(config.seconds * mel.rate)
        kept = torch.zeros(config.slots, count, mel.bands, columns(samples, mel), dtype=torch.bfloat16)
        super().__init__(source, config, mel.rate, kept)
        self.mel = mel
        self.remix = Remixer(remix)
        self.memory = RECENT - 1 if remix else 0
        self.styles = styles
        self.facts = torch.zeros(config.slots, FACTS).share_memory_()
        self.programs = torch.zeros(config.slots, len(source.stems), PROGRAMS).share_memory_()

    def remember(self, slot: int, clip: Clip) -> None:
        """Note the clip's conditions."""
        self.facts[slot] = facts(clip.conditions, self.styles)
        self.programs[slot] = programs(clip.conditions, self.source.stems)

    def store(self, slot: int, stems: np.ndarray, seed: int) -> None:
        """Keep the energies of the clip with a random balance of its channels, or of a remix."""
        rng = np.random.default_rng([seed, 4])
        audio = _mono(stems, rng)
        audio, present, self.remixed[slot] = self.remix(audio, self.present[slot].numpy(), rng)
        self.present[slot] = torch.from_numpy(present)
        if self.remixed[slot]:
            self.facts[slot] = 0
            self.programs[slot] = 0
        self.kept[slot] = pair_energies(torch.from_numpy(audio).float(), self.mel).bfloat16()
        if not bool(torch.isfinite(self.kept[slot]).all()):
            self.remix.recent.pop()  # it is left out, and must not spoil others

    def recall(self, stems: np.ndarray, present: np.ndarray, seed: int) -> None:
        """Stems of the next clips may be these."""
        self.remix.recent.append((_mono(stems, np.random.default_rng([seed, 4])), present))

    def forget(self) -> None:
        """The next clip is remixed with none."""
        self.remix.recent.clear()

    def draw(self, items: int, length: int, rng: np.random.Generator) -> Energies:
        """Draw crops of ``length`` columns, on the device that holds the pool."""
        slots, starts = self.places(items, length, rng)
        cut = self.stretches(slots, starts, length)
        seconds = torch.from_numpy(starts).float() * self.mel.hop / self.mel.rate
        known = (self.present[slots], self.remixed[slots], self.facts[slots], self.programs[slots], seconds)
        return Energies(cut.float(), *(part.to(cut.device) for part in known))


def _mono(stems: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Stems (S, 2, L) as (S, L), with a random balance of their channels."""
    left, right = random_balance(rng)
    return np.asarray(left * stems[:, 0] + right * stems[:, 1])
