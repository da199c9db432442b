"""Tempo and key of a sound, and whether they are those that were asked for. No network, no download.

Both err on real music too, so the share of real pieces that pass says what 100 % would be; and both can be
met by chance, so the share of pieces that were asked for something else says what 0 would be.
"""

from __future__ import annotations

import numpy as np

from msgld.errors import UsageError
from msgld.metrics.coherence import ONSET_HZ, chroma, onset_envelope
from msgld.music.keys import key_of_scale, parse_key, scale

SLOWEST, FASTEST = 40.0, 250.0
"""Beats a minute among which a tempo is looked for."""

USUAL, WIDTH = 115.0, 0.9
"""Tempos are weighed by a bell over their logarithm (octaves) about the usual one, as listeners choose where to tap."""

HARMONICS = 4
"""Multiples of a beat at which onsets have to come back."""

RATIOS = (1.0, 2.0, 0.5, 3.0, 1 / 3, 1.5, 2 / 3)
"""Tempos that are one tempo counted otherwise: double and half time, and triplets."""

LEEWAY = 0.04
"""Share of the sounding energy by which another scale may hold more; chosen on 80 pieces of the band."""

CLEAR = 0.01
"""Share of the sounding energy by which a scale must hold more than all others to be the key of a sound."""


def tempo_of(samples: np.ndarray, rate: int) -> float:
    """Beats a minute at whose distance, and multiples of it, onsets come back; NaN where there are none.

    Args:
        samples: (L,) or (channels, L), 4 s or more.

    Raises:
        UsageError: it is shorter.
    """
    if samples.shape[-1] < 4 * rate:
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


def key_met(samples: np.ndarray, rate: int, asked: str, leeway: float = LEEWAY) -> bool:
    """Whether what sounds is in a key: no other scale holds clearly more of its notes' energy.

    Scales of seven notes are compared, so relative keys count as one (A minor and C major), and so do modes. A blues is
    met by a scale with all but one of its notes, a bare note by its major or minor. One note that is foreign to the
    key may sound as much as the leeway: overtones do, and many pieces do not use all notes of their scale.

    Args:
        samples: (L,) or (channels, L), without drums if they can be left out.
        asked: a key as :func:`msgld.music.keys.parse_key` reads it. Raises as that.
        leeway: share of the energy; with 0 no other scale may hold more at all.
    """
    tonic, mode = parse_key(asked)
    heard = _classes(samples, rate)
    if not heard.any():
        return False
    shares = _held(heard)
    wanted = [set(scale(tonic, name)) for name in ((mode,) if mode else ("major", "minor"))]
    own = [
        share
        for start, share in enumerate(shares)
        if any(len({*scale(start, "major")} & notes) >= len(notes) - (mode == "blues") for notes in wanted)
    ]
    return bool(max(own) >= max(shares) - leeway)


def key_of(samples: np.ndarray, rate: int) -> str | None:
    """The key of what sounds, such as ``"D minor"``; None where no scale holds clearly more of it than the others.

    Of the two keys that share a scale it is that whose tonic and fifth sound more; other modes are not told apart.

    Args:
        samples: (L,) or (channels, L), without drums if they can be left out.
    """
    heard = _classes(samples, rate)
    if not heard.any():
        return None
    shares = _held(heard)
    second, first = np.sort(shares)[-2:]
    if first - second < CLEAR:
        return None
    return key_of_scale(int(np.argmax(shares)), heard.tolist())


def _classes(samples: np.ndarray, rate: int) -> np.ndarray:
    """Energy of each pitch class from C on, (12,)."""
    return np.roll(chroma(samples, rate).sum(0), -3)  # from A first to C first


def _held(heard: np.ndarray) -> np.ndarray:
    """Share of the energy that each of the twelve scales of seven notes holds, by the tonic of its major key."""
    return np.array([heard[[*scale(tonic, "major")]].sum() for tonic in range(12)]) / heard.sum()
