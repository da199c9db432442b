"""Bleedless and fullness: how much an estimate has too much of, and how much it lacks, on a mel spectrogram in dB.

The community of music separation compares models by them (MVSep's quality checker). They are stated only as code: the
function ``bleed_full`` of ZFTurbo's Music-Source-Separation-Training (``utils/metrics.py``).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from msgld.dsp.mel import MelConfig, filterbank
from msgld.dsp.stft import stft
from msgld.errors import UsageError
from msgld.metrics.checks import matched

GRID = MelConfig(44_100, 4096, 1024, 512, fmin=0.0, fmax=22_050.0, kind="magnitude")
"""The spectrogram: Slaney's bands of area 1 over magnitudes, not powers."""

RANGE_DB = 80.0
"""What lies further below the loudest value of a signal, all channels together, counts as this much below."""

_FLOOR = 1e-10  # magnitude below which there is silence


class Bleed(NamedTuple):
    """Two scores from 0 to 100; 100 is perfect.

    Attributes:
        bleedless: lower where the estimate is louder than the target.
        fullness: lower where it is softer.
    """

    bleedless: float
    fullness: float


def bleed(estimate: np.ndarray, target: np.ndarray) -> Bleed:
    """Bleedless and fullness of an estimated stem.

    With d the difference of the two spectrograms in dB, estimate less target, over all channels, bands and columns:
    ``bleedless = 100 / (1 + mean of d where d > 0)``, ``fullness = 100 / (1 + mean of -d where d < 0)``. A mean over no
    values is 0. Each signal's spectrogram is cut off ``RANGE_DB`` below its own loudest value, so a change of volume
    shifts all of it.

    Source: https://github.com/ZFTurbo/Music-Source-Separation-Training, ``utils/metrics.py``.

    Args:
        estimate: (channels, L) at 44.1 kHz.
        target: of the same shape.

    Raises:
        UsageError: shapes differ or are not (channels, L), there are no values, or values are not finite.
    """
    estimate, target = matched(estimate=estimate, target=target)
    if target.ndim != 2:
        raise UsageError(f"stems have shape {target.shape}: give (channels, samples)")
    difference = _decibels(estimate) - _decibels(target)
    above, below = difference[difference > 0], -difference[difference < 0]
    return Bleed(*(100 / (1 + (float(part.mean()) if part.numel() else 0.0)) for part in (above, below)))


def _decibels(signal: np.ndarray) -> torch.Tensor:
    """Mel spectrogram of a signal (channels, L) in dB, float32 (channels, M, N)."""
    mel = torch.stack([filterbank(GRID) @ _magnitudes(channel) for channel in signal])
    decibels = 20 * torch.log10(mel.clamp_min(_FLOOR))
    return decibels.clamp_min(float(decibels.max()) - RANGE_DB)


def _magnitudes(channel: np.ndarray) -> torch.Tensor:
    """Spectrogram of a channel (L,), float32 (F, N); one after the other, since those of whole songs are large."""
    wave = torch.from_numpy(channel[None]).float()
    return stft(wave, GRID.n_fft, GRID.hop, last=True, scaled=False)[0].abs()
