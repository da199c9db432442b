"""Stems varied and mixed: random gains, filters and dynamics, on energies or on spectra."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from msgld.dsp.mel import MelConfig, band_edges, band_power, product, spectrum, to_log
from msgld.model import REFERENCE_RMS
from msgld.training.pool.clips import Crops
from msgld.training.pool.energies import Energies, pairs

WAVES = 4
"""Cosines that a curve is made of, of half a period to two."""

QUIETEST = 1e-3
"""Power relative to its mean over time below which a stem's loudness is taken to be this."""


@dataclass(frozen=True)
class MixConfig:
    """How the stems of crops are varied and mixed.

    Attributes:
        remix: fraction of the clips whose stems come from different pieces.
        gain_db: a stem's gain is uniform within +- this.
        bend_db: mean deviation of a slow curve that filters a stem's spectrum; see :func:`tones`.
        dynamics: deviation of the exponent of a stem's loudness; see :func:`dynamics`. Of energies only.
        jitter_db: standard deviation of the mixture's loudness about the reference.
        drop: probability that a stem is silenced.
    """

    remix: float = 0.25
    gain_db: float = 5.0
    bend_db: float = 4.0
    dynamics: float = 0.2
    jitter_db: float = 2.0
    drop: float = 0.05


def slow_curves(
    shape: tuple[int, ...], places: np.ndarray, decibels: float | np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Random curves in dB, (*shape, F), whose standard deviation over the spectrum is about ``decibels``.

    Args:
        places: where on the spectrum the values stand, (F,), 0 to 1.
        decibels: one number, or one for each curve, (*shape, 1).
    """
    waves = np.cos(np.pi * np.outer(np.arange(1, WAVES + 1), places)) * np.sqrt(2 / WAVES)
    return (rng.normal(size=(*shape, WAVES)) * decibels) @ waves


def tones(
    shape: tuple[int, ...], places: np.ndarray, decibels: float, rng: np.random.Generator
) -> np.ndarray:
    """Slow curves of which most are slight and a few are strong: ``decibels`` is the mean of their deviations."""
    return slow_curves(shape, places, decibels * rng.exponential(size=(*shape, 1)), rng)


def dynamics(power: Tensor, deviation: float, rng: np.random.Generator) -> Tensor:
    """Gains of amplitude over time that raise each stem's loudness to another power, (B, S, N); mean about 1.

    What decays is damped or sustained by that: x^(1 + a) for x, where a has the standard deviation ``deviation``
    and is at most twice that.

    Args:
        power: of the stems over time, (B, S, N).
    """
    drawn = np.clip(rng.normal(0, deviation, power.shape[:2]), -2 * deviation, 2 * deviation)
    exponents = torch.from_numpy(drawn).to(power)
    mean = power.mean(-1, keepdim=True).clamp_min(1e-10)
    return (power / mean).clamp_min(QUIETEST) ** (exponents.unsqueeze(-1) / 2)


def stem_gains(
    config: MixConfig, shape: tuple[int, int], bins: np.ndarray, rng: np.random.Generator
) -> Tensor:
    """Random amplitude of each stem over the spectrum, (B, S, F, 1): a gain and a slow curve, or silence.

    Args:
        shape: (B, S).
        bins: positions of the values, (F,), in bins of the transform.
    """
    octaves = np.log2(np.maximum(bins, 1.0))
    gain = rng.uniform(-1, 1, (*shape, 1)) * config.gain_db
    decibels = gain + tones(shape, octaves / octaves[-1], config.bend_db, rng)
    kept = rng.random((*shape, 1)) >= config.drop
    return torch.from_numpy(kept * 10 ** (decibels / 20)).float().unsqueeze(-1)


def loudness_gains(mixture: Tensor, config: MixConfig, mel: MelConfig, rng: np.random.Generator) -> Tensor:
    """Gains (B, 1, 1, 1) that bring mixtures of power (B, 1, F, N) to the reference, give or take the jitter."""
    # A sinusoid of amplitude a has RMS a / sqrt 2 and, through the Hann window, total bin power 1.5 a^2.
    power = mixture.sum((1, 2)).mean(1) / 3
    if mel.kind == "magnitude":
        power = power * (4 / mel.n_fft) ** 2  # its transform is not scaled
    jitter = torch.from_numpy(10 ** (rng.normal(0, config.jitter_db, len(power)) / 20)).to(power)
    return (REFERENCE_RMS**2 * jitter.square() / power.clamp_min(1e-10)).view(-1, 1, 1, 1)


def mix_energies(
    crops: Energies, mel: MelConfig, config: MixConfig, rng: np.random.Generator
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
    gain = loudness_gains(mixture, config, mel, rng)
    return torch.cat([torch.stack(powers, 1), mixture], 1) * gain, shared * gain


def mix_mels(crops: Crops, mel: MelConfig, config: MixConfig, rng: np.random.Generator) -> Tensor:
    """Log-mels of stems and mixture (B, K, M, N) of waveforms after random gains, for either kind of bands.

    The mixture is the sum of the stems' spectra, so it costs no transform of its own.
    """
    spectra = spectrum(crops.audio * crops.present[..., None], mel)
    gains = stem_gains(config, (spectra.shape[0], spectra.shape[1]), np.arange(spectra.shape[2]), rng)
    spectra = spectra * gains.to(spectra.device)
    mixture = spectra.sum(1, keepdim=True)
    powers = product(mixture, mixture)
    both = torch.cat([product(spectra, spectra), powers], 1)
    return to_log(band_power(both * loudness_gains(powers, config, mel, rng), mel), mel)
