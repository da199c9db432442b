"""Cross-fades between stretches of sound, equal in power."""

from __future__ import annotations

import numpy as np


def fade_in(samples: int) -> np.ndarray:
    """Weights that rise from 0 to 1, float32 (samples,); with their mirror image the powers sum to 1."""
    angles = (np.arange(samples, dtype=np.float32) + 0.5) * (np.pi / 2 / max(1, samples))
    return np.sin(angles).astype(np.float32)


def splice(old: np.ndarray, new: np.ndarray, first: int, last: int, fade: int) -> np.ndarray:
    """``old`` with samples ``first`` to ``last`` from ``new``, both (channels, L); outside it is ``old`` exactly.

    The cross-fades of ``fade`` samples lie inside the stretch, and only where sound adjoins it.
    """
    samples = old.shape[-1]
    fade = min(fade, (last - first) // 2)
    rise = np.zeros(samples, np.float32)
    rise[first:last] = 1
    if first > 0:
        rise[first : first + fade] = fade_in(fade)
    if last < samples:
        rise[last - fade : last] = fade_in(fade)[::-1]
    return new * rise + old * np.sqrt(1 - rise**2)


def join(sound: np.ndarray, piece: np.ndarray, begin: int, start: int, fade: int) -> None:
    """Put a piece that begins at ``begin`` into ``sound``, which is complete up to ``start``.

    They cross-fade where they are softest, in the latter half of their overlap: phases begin anew in each piece,
    which is inaudible in a pause.
    """
    overlap, fade = start - begin, min(fade, start - begin)
    old, fresh = sound[begin:start], piece[:overlap]
    half = min(overlap // 2, overlap - fade)
    power = (old[half:] ** 2 + fresh[half:] ** 2).astype(np.float64)
    low = half + int(np.argmin(running_sums(power, fade)))
    high = low + fade
    faded = old[low:high] * fade_in(fade)[::-1] + fresh[low:high] * fade_in(fade)
    sound[begin + low : begin + len(piece)] = piece[low:]
    sound[begin + low : begin + high] = faded


def running_sums(values: np.ndarray, width: int) -> np.ndarray:
    """Sums over every stretch of ``width`` in values (..., N), (..., N - width + 1)."""
    total = np.cumsum(np.pad(values, [(0, 0)] * (values.ndim - 1) + [(1, 0)]), -1)
    return total[..., width:] - total[..., : total.shape[-1] - width]
