"""How far a vocoder's output is from the recording: magnitudes at several resolutions, and turns of phase."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from msgld.nets.stft import analysis
from msgld.nets.vocoder import Prediction
from msgld.sound.mel import MelConfig, log_mel

WINDOWS = (512, 1024, 2048, 4096)


def log_magnitude(spectra: Tensor, floor: float = 1e-4) -> Tensor:
    """0.5 ln(|S|^2 + floor^2)."""
    return 0.5 * torch.log(spectra.real.square() + spectra.imag.square() + floor**2)


def stft_loss(made: Tensor, real: Tensor, windows: Sequence[int] = WINDOWS) -> Tensor:
    """Log-magnitude L1 plus spectral convergence, mean over the resolutions (Yamamoto et al. 2020).

    Args:
        made, real: waveforms (B, L).
    """
    losses = []
    for n_fft in windows:
        a, b = (log_magnitude(analysis(x, n_fft, n_fft // 4)) for x in (made, real))
        far = (a.exp() - b.exp()).flatten(1).norm(dim=1) / b.exp().flatten(1).norm(dim=1).clamp_min(0.1)
        losses.append((a - b).abs().mean() + far.mean())
    return torch.stack(losses).mean()


def mel_loss(made: Tensor, real: Tensor, config: MelConfig) -> Tensor:
    """Mean absolute difference of the log-mels of waveforms (B, L), scalar, in nepers."""
    return (log_mel(made.unsqueeze(1), config) - log_mel(real.unsqueeze(1), config)).abs().mean()


def turns(spectra: Tensor, axis: int) -> Tensor:
    """How the phase turns from one entry to the next along an axis, complex, with both magnitudes' root."""
    size = spectra.shape[axis] - 1
    product = spectra.narrow(axis, 1, size) * spectra.narrow(axis, 0, size).conj()
    return product * (product.real.square() + product.imag.square() + 1e-12) ** -0.25


def turn_loss(spectra: Tensor, real: Tensor) -> Tensor:
    """1 - cos of the error of phase turns along time and along frequency, weighted by magnitude; scalar.

    The instantaneous frequencies and group delays of Ai and Ling 2023, compared by their cosine.

    Args:
        spectra, real: complex (B, F, N), predicted and true.
    """
    losses = []
    for axis in (1, 2):
        a, b = turns(spectra, axis), turns(real, axis)
        cosine = (a.real * b.real + a.imag * b.imag) / (a.abs() + 1e-9)
        losses.append(1 - cosine.sum() / (b.abs().sum() + 1e-6))
    return torch.stack(losses).mean()


def frequency_loss(said: Prediction, own: Tensor, real: Tensor) -> Tensor:
    """1 - cos of the error of the predicted turns along time, weighted by magnitude; scalar.

    Args:
        own: each bin's own turn (F,). real: complex (B, F, N).
    """
    held = said.turn.shape[-1]
    wanted = turns(real[:, :held], 2).transpose(1, 2)
    angle = said.turn[:, 1:] + own[:held]
    cosine = wanted.real * angle.cos() + wanted.imag * angle.sin()
    return 1 - cosine.sum() / (wanted.abs().sum() + 1e-6)
