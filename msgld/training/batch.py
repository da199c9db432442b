"""Crops -> what a training step needs: latents of all tracks, and how the mixture divides among the stems."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from msgld.dsp.codec import Codec
from msgld.dsp.mel import MelConfig, band_edges, band_power, product, spectrum, to_log
from msgld.model import REFERENCE_RMS
from msgld.training.clips import Crops
from msgld.training.energies import Energies, pairs
from msgld.training.filters import dynamics, tones


@dataclass(frozen=True)
class BatchConfig:
    """How crops are drawn.

    Attributes:
        items: crops in a batch.
        frames: latent frames of a crop, T.
        remix: share of the items whose stems come from different clips.
        gain_db: a stem's gain is uniform within +- this.
        bend_db: of a slow curve that filters a stem's spectrum; see :func:`tones`.
        dynamics: of what a stem's loudness is raised to; see :func:`dynamics`. Of energies only.
        jitter_db: standard deviation of the mixture's level about the reference.
        drop: probability that a stem is silenced.
    """

    items: int = 16
    frames: int = 64
    remix: float = 0.25
    gain_db: float = 5.0
    bend_db: float = 4.0
    dynamics: float = 0.2
    jitter_db: float = 2.0
    drop: float = 0.05


@dataclass(frozen=True)
class Batch:
    """One step's data.

    Attributes:
        z: latents of the stems and the mixture (B, K, C, T).
        presence: bool (B, K).
        remixed: bool (B,), whose stems do not belong to one piece.
        power: band power of the stems and the mixture (B, K, M, N).
        cross: real part of each stem's spectrum times the mixture's conjugate, in bands (B, K - 1, M, N).
        facts: numbers of the conditions, (B, FACTS). programs: (B, K - 1, PROGRAMS).
        seconds: of the frames since the beginnings of the clips, (B, T).
    """

    z: Tensor
    presence: Tensor
    remixed: Tensor
    power: Tensor
    cross: Tensor
    facts: Tensor
    programs: Tensor
    seconds: Tensor

    @property
    def sounding(self) -> Tensor:
        """Which tracks are louder than -50 dBFS over the crop, bool (B, K); see :func:`level_gains`."""
        return self.power.sum(2).mean(2) / 3 > 1e-5


def stem_gains(
    config: BatchConfig, shape: tuple[int, int], bins: np.ndarray, rng: np.random.Generator
) -> Tensor:
    """Random amplitude of each stem over the spectrum, (B, S, F, 1): a gain and a slow curve, or silence.

    Args:
        shape: (B, S). bins: where the values stand, (F,), in bins of the transform.
    """
    octaves = np.log2(np.maximum(bins, 1.0))
    gain = rng.uniform(-1, 1, (*shape, 1)) * config.gain_db
    decibels = gain + tones(shape, octaves / octaves[-1], config.bend_db, rng)
    kept = rng.random((*shape, 1)) >= config.drop
    return torch.from_numpy(kept * 10 ** (decibels / 20)).float().unsqueeze(-1)


def level_gains(mixture: Tensor, config: BatchConfig, mel: MelConfig, rng: np.random.Generator) -> Tensor:
    """Gains (B, 1, 1, 1) that bring mixtures of power (B, 1, F, N) to the reference, give or take the jitter."""
    # A sinusoid of amplitude a has RMS a / sqrt 2 and, through the Hann window, total bin power 1.5 a^2.
    power = mixture.sum((1, 2)).mean(1) / 3
    if mel.kind == "magnitude":
        power = power * (4 / mel.n_fft) ** 2  # its transform is not scaled
    jitter = torch.from_numpy(10 ** (rng.normal(0, config.jitter_db, len(power)) / 20)).to(power)
    return (REFERENCE_RMS**2 * jitter.square() / power.clamp_min(1e-10)).view(-1, 1, 1, 1)


def mix_energies(
    crops: Energies, mel: MelConfig, config: BatchConfig, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Band powers (B, K, M, N) and cross terms (B, S, M, N) of crops after random gains.

    A gain is taken to be the same all over a band and a column.
    """
    items, stems = crops.present.shape
    centres = band_edges(mel)[:, 1] * mel.n_fft / mel.rate
    gains = stem_gains(config, (items, stems), centres, rng).to(crops.pairs.device)
    gains = gains * crops.present[..., None, None]
    if config.dynamics:
        own = torch.stack([crops.pairs[:, n].sum(1) for n, (i, j) in enumerate(pairs(stems)) if i == j], 1)
        gains = gains * dynamics(own, config.dynamics, rng).unsqueeze(2)
    powers: list[Tensor] = []
    cross = [torch.zeros_like(crops.pairs[:, 0]) for _ in range(stems)]
    for number, (i, j) in enumerate(pairs(stems)):
        energy = crops.pairs[:, number] * (gains[:, i] * gains[:, j])
        cross[i] += energy
        if i == j:
            powers.append(energy)
        else:
            cross[j] += energy
    shared = torch.stack(cross, 1)
    mixture = shared.sum(1, keepdim=True).clamp_min(0)
    level = level_gains(mixture, config, mel, rng)
    return torch.cat([torch.stack(powers, 1), mixture], 1) * level, shared * level


def mix_mels(crops: Crops, mel: MelConfig, config: BatchConfig, rng: np.random.Generator) -> Tensor:
    """Log-mels of stems and mixture (B, K, M, N) of waveforms after random gains, for either kind of bands.

    The mixture is the sum of the stems' spectra, so it costs no transform of its own.
    """
    spectra = spectrum(crops.audio * crops.present[..., None], mel)
    gains = stem_gains(config, (spectra.shape[0], spectra.shape[1]), np.arange(spectra.shape[2]), rng)
    spectra = spectra * gains.to(spectra.device)
    mixture = spectra.sum(1, keepdim=True)
    powers = product(mixture, mixture)
    both = torch.cat([product(spectra, spectra), powers], 1)
    return to_log(band_power(both * level_gains(powers, config, mel, rng), mel), mel)


def build_batch(crops: Energies, codec: Codec, config: BatchConfig, rng: np.random.Generator) -> Batch:
    """Turn crops into a batch, on their device."""
    power, cross = mix_energies(crops, codec.mel, config, rng)
    presence = torch.cat([crops.present, torch.ones_like(crops.present[:, :1])], 1)
    z = codec.encode(to_log(power, codec.mel))
    frames = torch.arange(z.shape[-1], device=z.device) * codec.frame_columns * codec.mel.hop / codec.mel.rate
    seconds = crops.starts[:, None] + frames
    return Batch(z, presence, crops.remixed, power, cross, crops.facts, crops.programs, seconds)


def mask_loss(masks: Tensor, batch: Batch, counted: Tensor, floor: float = 1e-2) -> Tensor:
    """Mean log error of the stems that the masks cut out of the mixture, scalar, in nepers of power.

    With a gain m in a band, the error's power is m^2 |X|^2 - 2 m Re(S X*) + |S|^2 (Parseval); its logarithm
    relative to the stem's power is minus the SDR. Silent stems are held to ``floor`` times the mixture's power.

    Args:
        masks: (B, S, M, N). counted: bool (B, S), the stems to be learned.
    """
    mixture, stems = batch.power[:, -1:], batch.power[:, :-1]
    error = (masks.square() * mixture - 2 * masks * batch.cross + stems).sum((2, 3))
    least = floor * mixture.sum((2, 3)) + 1e-8
    logs = torch.log((error.clamp_min(0) + least) / (stems.sum((2, 3)) + least))
    return torch.where(counted, logs, 0.0).sum() / counted.sum().clamp_min(1)
