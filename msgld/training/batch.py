"""Clips -> what a training step needs: latents of all tracks, and how the mixture divides among the stems."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from msgld.model import REFERENCE_RMS
from msgld.sound.codec import Codec
from msgld.sound.mel import MelConfig, band_power, spectrum, to_log
from msgld.training.pool import ClipPool

GPU_CHUNK = 32
"""Items whose spectra a GPU holds at once."""


@dataclass(frozen=True)
class BatchConfig:
    """How crops are drawn.

    Attributes:
        items: crops in a batch.
        frames: latent frames of a crop, T.
        remix: probability that each stem of an item comes from another clip.
        gain_db: a stem's gain is uniform within +- this.
        tilt_db: a stem's spectrum is tilted and bent by up to this at the ends of the band.
        jitter_db: standard deviation of the mixture's level about the reference.
        drop: probability that a stem is silenced.
        chunk: items whose spectra are held at once.
    """

    items: int = 16
    frames: int = 64
    remix: float = 0.25
    gain_db: float = 5.0
    tilt_db: float = 3.0
    jitter_db: float = 2.0
    drop: float = 0.05
    chunk: int = 1


@dataclass(frozen=True)
class Batch:
    """One step's data.

    Attributes:
        z: latents of the stems and the mixture (B, K, C, T).
        presence: bool (B, K).
        remixed: bool (B,), whose stems do not belong to one piece.
        power: band power of the stems and the mixture (B, K, M, N).
        cross: real part of each stem's spectrum times the mixture's conjugate, in bands (B, K - 1, M, N).
    """

    z: Tensor
    presence: Tensor
    remixed: Tensor
    power: Tensor
    cross: Tensor


@dataclass(frozen=True)
class Crops:
    """Waveforms (B, S, L) of S stems with their presence (B, S) and whether they were remixed (B,)."""

    audio: Tensor
    present: Tensor
    remixed: Tensor


def draw_crops(pool: ClipPool, config: BatchConfig, samples: int, rng: np.random.Generator) -> Crops:
    """Draw crops from the pool; a remixed item takes every stem from another clip and another place.

    Of the two channels one sum is heard, with a random balance: half the work, and panning becomes a gain.
    """
    ready, length, stems = len(pool), pool.audio.shape[-1], pool.audio.shape[1]
    slots, starts = np.empty((2, config.items, stems), np.int64)
    balance = np.empty((config.items, 1, 2))
    mixed = np.empty(config.items, bool)
    for item in range(config.items):
        mixed[item] = rng.random() < config.remix
        count = stems if mixed[item] else 1
        slots[item] = rng.integers(0, ready, count)
        starts[item] = rng.integers(0, length - samples + 1, count)
        angle = rng.uniform(0, np.pi / 2)
        balance[item] = np.cos(angle), np.sin(angle)
    pool.drawn += config.items
    remixed = torch.from_numpy(mixed) | pool.remixed[slots[:, 0]]
    present = pool.present[slots, np.arange(stems)]
    audio = pool.crops(slots, starts, samples, np.broadcast_to(balance, (*slots.shape, 2)))
    return Crops(audio, present.to(audio.device), remixed.to(audio.device))


def stem_gains(config: BatchConfig, shape: tuple[int, int], bins: int, rng: np.random.Generator) -> Tensor:
    """Random amplitude of each stem over the bins, (B, S, F, 1): a gain, a tilt and a bend, or silence."""
    octaves = np.log2(np.maximum(np.arange(bins), 1.0))
    axis = 2 * octaves / octaves[-1] - 1
    tilt, bend = (rng.uniform(-1, 1, (*shape, 1)) * config.tilt_db for _ in range(2))
    gain = rng.uniform(-1, 1, (*shape, 1)) * config.gain_db
    decibels = gain + tilt * axis + bend * (axis**2 - 0.5)
    kept = rng.random((*shape, 1)) >= config.drop
    return torch.from_numpy(kept * 10 ** (decibels / 20)).float().unsqueeze(-1)


def _level(mixture: Tensor, jitter: Tensor, mel: MelConfig) -> Tensor:
    """Power gains (B, 1, 1, 1) that bring mixtures of power (B, 1, F, N) to the reference, times the jitter (B,)."""
    # A sinusoid of amplitude a has RMS a / sqrt 2 and, through the Hann window, total bin power 1.5 a^2.
    power = mixture.sum((1, 2)).mean(1) / 3
    if mel.kind == "magnitude":
        power = power * (4 / mel.n_fft) ** 2  # its transform is not scaled
    return (REFERENCE_RMS**2 * jitter.square() / power.clamp_min(1e-10)).view(-1, 1, 1, 1)


def _product(a: Tensor, b: Tensor) -> Tensor:
    """Real part of a times the conjugate of b."""
    return torch.addcmul(
        a.real * b.real, a.imag, b.imag
    )  # several times faster than a sum over an axis of two


def _mix(
    crops: Crops, mel: MelConfig, config: BatchConfig, rng: np.random.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Spectra of the stems after random gains (B, S, F, N), the mixture's, its power, and the gain of all powers.

    The mixture is the sum of the stems' spectra, so it costs no transform of its own.
    """
    spectra = spectrum(crops.audio * crops.present[..., None], mel)
    gains = stem_gains(config, (spectra.shape[0], spectra.shape[1]), spectra.shape[2], rng)
    jitter = torch.from_numpy(10 ** (rng.normal(0, config.jitter_db, len(spectra)) / 20)).float()
    spectra = spectra * gains.to(spectra.device)
    mixture = spectra.sum(1, keepdim=True)
    powers = _product(mixture, mixture)
    return spectra, mixture, powers, _level(powers, jitter.to(spectra.device), mel)


def mix_crops(
    crops: Crops, mel: MelConfig, config: BatchConfig, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """Band powers (B, K, M, N) and cross terms (B, S, M, N) of crops after random gains."""
    spectra, mixture, powers, level = _mix(crops, mel, config, rng)
    # 16 bits are precise enough for targets (0.4 %), and several times faster.
    parts = (_product(spectra, spectra), powers, _product(spectra, mixture))
    stems, whole, cross = (band_power(part.bfloat16(), mel).float() * level for part in parts)
    return torch.cat([stems, whole], 1), cross


def mix_mels(crops: Crops, mel: MelConfig, config: BatchConfig, rng: np.random.Generator) -> Tensor:
    """Log-mels of stems and mixture (B, K, M, N) of crops after random gains, for either kind of bands."""
    spectra, _, powers, level = _mix(crops, mel, config, rng)
    both = torch.cat([_product(spectra, spectra), powers], 1)
    return to_log(band_power(both * level, mel), mel)


def build_batch(crops: Crops, codec: Codec, config: BatchConfig, rng: np.random.Generator) -> Batch:
    """Turn crops into a batch, on the device of the crops, a few items at a time so that caches hold them."""
    size = config.chunk if crops.audio.device.type == "cpu" else GPU_CHUNK
    parts = zip(*(part.split(size) for part in (crops.audio, crops.present, crops.remixed)), strict=True)
    mixed = [mix_crops(Crops(*part), codec.mel, config, rng) for part in parts]
    power, cross = (torch.cat(tensors) for tensors in zip(*mixed, strict=True))
    presence = torch.cat([crops.present, torch.ones_like(crops.present[:, :1])], 1)
    return Batch(codec.encode(to_log(power, codec.mel)), presence, crops.remixed, power, cross)


def share_loss(shares: Tensor, batch: Batch, counted: Tensor, floor: float = 1e-2) -> Tensor:
    """Mean log error of the stems that the shares cut out of the mixture, scalar, in nepers of power.

    With a gain m in a band, the error's power is m^2 |X|^2 - 2 m Re(S X*) + |S|^2 (Parseval); its logarithm
    relative to the stem's power is minus the SDR. Silent stems are held to ``floor`` times the mixture's power.

    Args:
        shares: (B, S, M, N). counted: bool (B, S), the stems to be learned.
    """
    mixture, stems = batch.power[:, -1:], batch.power[:, :-1]
    error = (shares.square() * mixture - 2 * shares * batch.cross + stems).sum((2, 3))
    least = floor * mixture.sum((2, 3)) + 1e-8
    logs = torch.log((error.clamp_min(0) + least) / (stems.sum((2, 3)) + least))
    return torch.where(counted, logs, 0.0).sum() / counted.sum().clamp_min(1)
