"""Does a piece follow its conditions? Its tempo and its key against the requested ones. No network, no download.

Both estimates err on real music too, so the fraction of real pieces that pass says what 100 % would be. Pieces also
meet conditions by chance, so the fraction of pieces made with other conditions says what 0 would be.
"""

from __future__ import annotations

import numpy as np

from msgld.errors import UsageError
from msgld.metrics.coherence import ONSET_HZ, onset_envelope
from msgld.music.key_detection import pitch_classes, scale_fractions
from msgld.music.keys import parse_key, scale

SLOWEST, FASTEST = 40.0, 250.0
"""Range of the tempos that are tried, in beats a minute."""

USUAL, WIDTH = 115.0, 0.9
"""Bell by which tempos are weighted: its centre, and its width in octaves. So people choose where to tap."""

HARMONICS = 4
"""Multiples of a beat at which onsets have to recur."""

RATIOS = (1.0, 2.0, 0.5, 3.0, 1 / 3, 1.5, 2 / 3)
"""Tempos that are one tempo counted otherwise: double and half time, and triplets."""

LEEWAY = 0.04
"""Fraction of the energy by which another scale may hold more; chosen on 80 pieces of the band."""


def tempo_of(samples: np.ndarray, rate: int) -> float:
    """Beats a minute at whose distance, and multiples of it, onsets recur; NaN where there are none.

    Args:
        samples: (L,) or (channels, L), 4 s or more.
        rate: samples a second.

    Raises:
        UsageError: the sound is shorter.
    """
    if samples.shape[-1] < 4 * rate:
        raise UsageError("the sound is too short for a tempo: give 4 seconds or more")
    curve = onset_envelope(samples, rate)
    curve = np.convolve(curve - curve.mean(), np.hanning(7) / np.hanning(7).sum(), "same")
    size = 1 << (2 * len(curve) - 1).bit_length()
    recurring = np.fft.irfft(np.abs(np.fft.rfft(curve, size)) ** 2)[: len(curve)]
    if not recurring[0] > 0:
        return float("nan")
    tempos = np.geomspace(SLOWEST, FASTEST, 600)
    lags = 60 * ONSET_HZ / tempos
    places, recurring = np.arange(len(recurring)), recurring / recurring[0]
    found = [np.interp(lags * k, places, recurring, right=0.0) for k in range(1, HARMONICS + 1)]
    usual = np.exp(-0.5 * (np.log2(tempos / USUAL) / WIDTH) ** 2)
    return float(tempos[np.argmax(np.sum(found, axis=0) * usual)])


def tempo_met(found: float, wanted: float, tolerance: float = 0.04) -> bool:
    """Whether a tempo is the wanted one, or that counted in another unit (``RATIOS``), within the tolerance."""
    return any(abs(found / (wanted * ratio) - 1) <= tolerance for ratio in RATIOS)


def key_met(samples: np.ndarray, rate: int, key: str, leeway: float = LEEWAY) -> bool:
    """Whether a sound is in a key: no other scale holds clearly more of its energy.

    Scales of seven notes are compared, so relative keys count as one (A minor and C major), and so do modes. A blues is
    met by a scale with all but one of its notes, a bare note by its major or minor. One note that is foreign to the
    key may sound as much as the leeway: overtones do, and many pieces do not use all notes of their scale.

    Args:
        samples: (L,) or (channels, L), without drums if they can be left out.
        rate: samples a second.
        key: as :func:`msgld.music.keys.parse_key` reads it, with its errors.
        leeway: fraction of the energy; with 0 no other scale may hold more at all.
    """
    tonic, mode = parse_key(key)
    energies = pitch_classes(samples, rate)
    if not energies.any():
        return False
    held = scale_fractions(energies)
    wanted = [set(scale(tonic, name)) for name in ((mode,) if mode else ("major", "minor"))]
    own = [
        fraction
        for start, fraction in enumerate(held)
        if any(len({*scale(start, "major")} & notes) >= len(notes) - (mode == "blues") for notes in wanted)
    ]
    return bool(max(own) >= max(held) - leeway)
