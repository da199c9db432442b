"""Waveform <-> short-time spectrum for the vocoder.

The convention is that of the analysis: a Hann window, column n centred on sample n * hop, L // hop columns,
and a sinusoid of amplitude 1 has magnitude 1 at its bin.
"""

from __future__ import annotations

import torch
from torch import Tensor


def _window(n_fft: int, device: torch.device) -> Tensor:
    return torch.hann_window(n_fft, device=device)


def analysis(audio: Tensor, n_fft: int, hop: int) -> Tensor:
    """Waveforms (B, L) -> complex spectra (B, F, L // hop)."""
    window = _window(n_fft, audio.device)
    spectra = torch.stft(audio, n_fft, hop, window=window, pad_mode="constant", return_complex=True)
    return spectra[..., : audio.shape[-1] // hop] * (2 / window.sum())


def synthesis(spectra: Tensor, n_fft: int, hop: int) -> Tensor:
    """Complex spectra (B, F, N) -> waveforms (B, N * hop), exact for what :func:`analysis` gives.

    Least squares: Griffin and Lim 1984, eq. 6. The last hop has fewer columns over it than the rest.
    """
    window = _window(n_fft, spectra.device)
    scaled = spectra * (window.sum() / 2)
    return torch.istft(scaled, n_fft, hop, window=window, length=spectra.shape[-1] * hop)


def agree(spectra: Tensor, n_fft: int, hop: int, rounds: int, momentum: float = 0.99) -> Tensor:
    """Bring the columns' phases into agreement and keep the magnitudes: fast Griffin-Lim.

    Perraudin et al. 2013, algorithm 2. Starting from nearly right phases, a few rounds remove what is
    left of the disagreement between overlapping columns.

    Args:
        spectra: complex (B, F, N). rounds: at least 0. momentum: 0 is plain Griffin-Lim.
    """
    magnitude, current, before = spectra.abs(), spectra, spectra
    for number in range(rounds):
        possible = analysis(synthesis(current, n_fft, hop), n_fft, hop)
        ahead = possible + (momentum if number else 0.0) * (possible - before)
        current, before = magnitude * unit(ahead), possible
    return current


def unit(z: Tensor, least: float = 1e-8) -> Tensor:
    """Complex numbers scaled to magnitude 1; what is next to 0 stays there."""
    return z / (z.real.square() + z.imag.square() + least**2).sqrt()
