"""How far a vocoder's output is from the recording: magnitudes at several resolutions, and turns of phase."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from msgld.dsp.mel import MelConfig, log_mel
from msgld.dsp.stft import stft
from msgld.nets.phases import Prediction

WINDOWS = (512, 1024, 2048, 4096)

FLOOR = 1e-4
"""Magnitude that is added to all before logarithms are taken."""

LAGS = (1, 2, 4, 8, 16)
"""Columns over which turns of phase are compared. From one column to the next half a semitone at 100 Hz is a fifth of a
radian, which a cosine hardly sees; over sixteen it is half a turn."""


def stft_loss(made: Tensor, real: Tensor) -> Tensor:
    """Log-magnitude L1 plus spectral convergence, mean over the resolutions (Yamamoto et al. 2020).

    Args:
        made: waveforms (B, L).
        real: waveforms (B, L).
    """
    losses = []
    for n_fft in WINDOWS:
        spectra = (stft(x, n_fft, n_fft // 4) for x in (made, real))
        a, b = (0.5 * torch.log(s.real.square() + s.imag.square() + FLOOR**2) for s in spectra)
        far = (a.exp() - b.exp()).flatten(1).norm(dim=1) / b.exp().flatten(1).norm(dim=1).clamp_min(0.1)
        losses.append((a - b).abs().mean() + far.mean())
    return torch.stack(losses).mean()


def mel_loss(made: Tensor, real: Tensor, config: MelConfig) -> Tensor:
    """Mean absolute difference of the log-mels of waveforms (B, L), scalar, in nepers."""
    return (log_mel(made.unsqueeze(1), config) - log_mel(real.unsqueeze(1), config)).abs().mean()


def turns(spectra: Tensor, axis: int, lag: int = 1) -> Tensor:
    """How the phase turns from one entry to the ``lag``-th next along an axis, complex, with both magnitudes' root."""
    size = spectra.shape[axis] - lag
    product = spectra.narrow(axis, lag, size) * spectra.narrow(axis, 0, size).conj()
    return product * (product.real.square() + product.imag.square() + 1e-12) ** -0.25


def turn_loss(spectra: Tensor, real: Tensor, lags: Sequence[int] = LAGS) -> Tensor:
    """1 - cos of the error of phase turns along time (mean over the lags) and along frequency; scalar.

    The instantaneous frequencies and group delays of Ai and Ling 2023, compared by their cosine and weighted by
    magnitude.

    Args:
        spectra: predicted, complex (B, F, N).
        real: true, complex (B, F, N).
        lags: in columns; those of N and more are left out.
    """
    in_time = [_apart(turns(spectra, 2, lag), turns(real, 2, lag)) for lag in _within(lags, real)]
    return (torch.stack(in_time).mean() + _apart(turns(spectra, 1), turns(real, 1))) / 2


def frequency_loss(said: Prediction, own: Tensor, real: Tensor, lags: Sequence[int] = LAGS) -> Tensor:
    """1 - cos of the error of the predicted turns along time, weighted by magnitude, mean over the lags; scalar.

    Args:
        own: each bin's own turn (F,).
        real: complex (B, F, N).
        lags: as for :func:`turn_loss`.
    """
    held = said.turn.shape[-1]
    path = (said.turn[:, 1:] + own[:held]).cumsum(1).transpose(1, 2)
    path = torch.nn.functional.pad(path, (1, 0))  # radians since the first column, (B, held, N)
    phase = torch.polar(torch.ones_like(path), path)
    return torch.stack(
        [_apart(turns(phase, 2, n), turns(real[:, :held], 2, n)) for n in _within(lags, real)]
    ).mean()


def _within(lags: Sequence[int], real: Tensor) -> list[int]:
    return [lag for lag in lags if lag < real.shape[-1]]


def _apart(a: Tensor, b: Tensor) -> Tensor:
    """1 - cos between complex numbers, weighted by the magnitude of ``b``."""
    cosine = (a.real * b.real + a.imag * b.imag) / (a.abs() + 1e-9)
    return 1 - cosine.sum() / (b.abs().sum() + 1e-6)
