"""Waveform <-> short-time spectrum, for everything that has one: log-mels, masks, the vocoder and its losses.

Column n is centred on sample ``n * hop`` of a Hann window, beyond the ends lies silence, and a sinusoid of amplitude 1
has magnitude 1 at its bin.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, cast

import torch
from torch import Tensor
from torch.nn import functional as F

P = ParamSpec("P")

_MOMENTUM = 0.99  # of the fast Griffin-Lim algorithm; 0 is the plain one


def constant(make: Callable[P, Tensor]) -> Callable[P, Tensor]:
    """Remember the tensors that a function makes, for its last few arguments.

    They are made outside of inference mode, as those made inside could never be trained through.
    """

    @lru_cache(maxsize=8)
    @wraps(make)
    def made(*args: P.args, **kwargs: P.kwargs) -> Tensor:
        with torch.inference_mode(False):
            return make(*args, **kwargs)

    return cast("Callable[P, Tensor]", made)


@constant
def _window(n_fft: int, scaled: bool) -> Tensor:
    window = torch.hann_window(n_fft)
    return window * (4 / n_fft) if scaled else window


def stft(
    audio: Tensor, n_fft: int, hop: int, *, last: bool = False, mirrored: bool = False, scaled: bool = True
) -> Tensor:
    """Short-time spectrum (..., L) -> complex (..., F, N), N = L // hop.

    Args:
        audio: waveforms.
        n_fft: samples of the window and of the transform; F = n_fft // 2 + 1.
        hop: samples from one column to the next.
        last: whether the column at the end is kept, N = L // hop + 1; :func:`istft` then returns every sample.
        mirrored: whether the waveform is mirrored at its ends instead of silent beyond them.
        scaled: whether a sinusoid of amplitude 1 has magnitude 1; else it has n_fft / 4.
    """
    flat = audio.reshape(-1, audio.shape[-1])
    if mirrored:
        # Mirroring needs more samples than it makes.
        flat = F.pad(flat, (0, max(0, n_fft // 2 + 1 - flat.shape[-1])))
    window, pad_mode = _window(n_fft, scaled).to(audio.device), "reflect" if mirrored else "constant"
    spectra = torch.stft(flat, n_fft, hop, window=window, pad_mode=pad_mode, return_complex=True)
    spectra = spectra[..., : audio.shape[-1] // hop + last]
    return spectra.reshape(*audio.shape[:-1], *spectra.shape[-2:])


def istft(spectra: Tensor, n_fft: int, hop: int, samples: int | None = None) -> Tensor:
    """Inverse of :func:`stft` in its default scale, (..., F, N) -> (..., samples).

    Least squares: Griffin and Lim 1984, eq. 6. Without the last column the last hop has fewer columns over it.

    Args:
        spectra: complex.
        n_fft: as in :func:`stft`.
        hop: as in :func:`stft`.
        samples: length of the result; N * hop where it is not given.
    """
    length = spectra.shape[-1] * hop if samples is None else samples
    window = _window(n_fft, True).to(spectra.device)
    waves = torch.istft(spectra.flatten(0, -3), n_fft, hop, window=window, length=length)
    return waves.reshape(*spectra.shape[:-2], length)


def fast_griffin_lim(spectra: Tensor, n_fft: int, hop: int, rounds: int) -> Tensor:
    """Bring the columns' phases into agreement and keep the magnitudes.

    Perraudin et al. 2013, algorithm 2. Starting from nearly right phases, a few rounds remove the remaining
    disagreement between overlapping columns.

    Args:
        spectra: complex (B, F, N).
        n_fft: as in :func:`stft`.
        hop: as in :func:`stft`.
        rounds: at least 0.
    """
    magnitude, current, before = spectra.abs(), spectra, spectra
    for number in range(rounds):
        possible = stft(istft(current, n_fft, hop), n_fft, hop)
        ahead = possible + (_MOMENTUM if number else 0.0) * (possible - before)
        current, before = magnitude * unit(ahead), possible
    return current


def unit(z: Tensor, least: float = 1e-8) -> Tensor:
    """Complex numbers scaled to magnitude 1; those next to 0 stay there."""
    return z / (z.real.square() + z.imag.square() + least**2).sqrt()
