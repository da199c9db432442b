"""What a lossy codec does to a mixture, given to its stems.

In each bin of a spectrum the coded mixture is the mixture times a gain, which is a hole in the spectrum where the codec
left something out, and an error. The gain is for all stems alike, the error goes to them in proportion to their power:
so the stems sum to the coded mixture, a silent stem stays silent, and no stem gets an error where it does not play.
What the codec adds where no stem plays is left out.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from msgld.data.codecs import coded
from msgld.data.records.dice import Dice
from msgld.dsp.stft import istft, stft

WINDOW, HOP = 2048, 1024
"""Of the spectra, samples."""


def through_codec(stems: np.ndarray, rate: int, dice: Dice) -> np.ndarray:
    """Stems (S, 2, L) whose sum has been MP3 or AAC of 64 to 256 kbit/s, float32."""
    mixture = stems.sum(0)
    # The more, the fewer bits.
    rates = (128_000 - 80_000 * dice.amount, 128_000 - 40_000 * dice.amount)
    return divided(stems, coded(mixture, rate, dice.rng, rates))


def divided(stems: np.ndarray, mixture: np.ndarray) -> np.ndarray:
    """Stems (S, 2, L) that sum to another mixture (2, L) than they did, wherever one of them sounds."""
    sounding = np.flatnonzero(stems.any((1, 2)))
    spectra = stft(torch.from_numpy(stems[sounding]), WINDOW, HOP, last=True)
    wanted, total = stft(torch.from_numpy(mixture), WINDOW, HOP, last=True), spectra.sum(0)
    gain = ((wanted * total.conj()).real / _power(total).clamp_min(1e-20)).clamp(0, 1)
    powers = _power(spectra)
    parts = powers / powers.sum(0).clamp_min(1e-20)
    made = spectra * gain + parts * (wanted - gain * total)
    out = np.zeros_like(stems)
    out[sounding] = istft(made, WINDOW, HOP, stems.shape[-1]).numpy()
    return out


def _power(spectra: Tensor) -> Tensor:
    return spectra.real.square() + spectra.imag.square()
