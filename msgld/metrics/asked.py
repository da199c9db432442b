"""Tempo and key of a sound, and whether they are those that were asked for. No network, no download.

Both are estimates that err on real music too, so the share of real pieces that pass says what 100 % would be.
"""

from __future__ import annotations

import numpy as np

from msgld.errors import UsageError
from msgld.keys import MODES, key_name, parse_key
from msgld.metrics.coherence import ONSET_HZ, chroma, correlation, onset_envelope

SLOWEST, FASTEST = 40.0, 250.0
"""Beats a minute among which a tempo is looked for."""

USUAL, WIDTH = 115.0, 0.9
"""Tempos are weighed by a bell over their logarithm (octaves) about the usual one, as listeners choose where to tap."""

HARMONICS = 4
"""Multiples of a beat at which onsets have to come back."""

RATIOS = (1.0, 2.0, 0.5, 3.0, 1 / 3, 1.5, 2 / 3)
"""Tempos that are one tempo counted otherwise: double and half time, and triplets."""

# Krumhansl (1990), "Cognitive Foundations of Musical Pitch": how well each note goes with a key, from the tonic up.
_MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
_MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])


def tempo_of(samples: np.ndarray, rate: int) -> float:
    """Beats a minute at whose distance, and multiples of it, onsets come back; NaN where there are none.

    Args:
        samples: mono (L,), 4 s or more.

    Raises:
        UsageError: it is shorter.
    """
    if len(samples) < 4 * rate:
        raise UsageError("a tempo takes 4 seconds to be heard")
    curve = onset_envelope(samples, rate)
    curve = np.convolve(curve - curve.mean(), np.hanning(7) / np.hanning(7).sum(), "same")
    size = 1 << (2 * len(curve) - 1).bit_length()
    power = np.abs(np.fft.rfft(curve, size)) ** 2
    back = np.fft.irfft(power)[: len(curve)]
    if not back[0] > 0:
        return float("nan")
    tempos = np.geomspace(SLOWEST, FASTEST, 600)
    lags = 60 * ONSET_HZ / tempos
    found = [
        np.interp(lags * k, np.arange(len(back)), back / back[0], right=0.0) for k in range(1, HARMONICS + 1)
    ]
    usual = np.exp(-0.5 * (np.log2(tempos / USUAL) / WIDTH) ** 2)
    return float(tempos[np.argmax(np.sum(found, axis=0) * usual)])


def tempo_met(found: float, asked: float, tolerance: float = 0.04) -> bool:
    """Whether a tempo is the asked one, or that counted in another unit (``RATIOS``), within the tolerance."""
    return any(abs(found / (asked * ratio) - 1) <= tolerance for ratio in RATIOS)


def key_of(samples: np.ndarray, rate: int) -> str:
    """The major or minor key whose notes (Krumhansl's profiles) correlate best with what is heard.

    Args:
        samples: mono (L,), without drums if they can be left out.
    """
    heard = np.sqrt(chroma(samples, rate)).sum(0)
    heard = np.roll(heard, -3)  # from A first to C first
    scores = {
        key_name(tonic, mode): correlation(heard, np.roll(profile, tonic))
        for mode, profile in (("major", _MAJOR), ("minor", _MINOR))
        for tonic in range(12)
    }
    return max(scores, key=lambda key: np.nan_to_num(scores[key], nan=-1.0))


def key_met(found: str, asked: str) -> bool:
    """Whether a key has the notes of the asked one (of a blues all but one), or of a bare note its tonic.

    So relative keys count (A minor for C major), and of modes the major or minor key with the same notes.
    """
    tonic, mode = parse_key(asked)
    if mode is None:
        return parse_key(found)[0] == tonic
    notes = [
        {(start + step) % 12 for step in MODES[name or "major"]}
        for start, name in (parse_key(found), (tonic, mode))
    ]
    return len(notes[0] & notes[1]) >= len(notes[1]) - (mode == "blues") and len(notes[0]) >= len(notes[1])
