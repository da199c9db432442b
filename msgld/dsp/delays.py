"""Sound that is read late: lines of changing length, tremolo, copies."""

from __future__ import annotations

import numpy as np


def delayed(x: np.ndarray, delay: np.ndarray) -> np.ndarray:
    """Sound (..., L) read ``delay`` samples late at each of its samples, float32; silent beyond its ends.

    Cubic interpolation (Catmull and Rom), so that treble stays.

    Args:
        x: the sound.
        delay: samples, (L,), of any sign.
    """
    length = x.shape[-1]
    place = np.clip(np.arange(length) - delay, -2, length)
    whole = np.floor(place).astype(np.int32)
    t = (place - whole).astype(np.float32)
    padded = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(3, 3)])
    before, here, after, last = (padded.take(whole + shift, axis=-1) for shift in (2, 3, 4, 5))
    bend = 3 * (here - after) + last - before
    return np.asarray(
        here + 0.5 * t * (after - before + t * (2 * before - 5 * here + 4 * after - last + t * bend)),
        np.float32,
    )


def swing(
    length: int, rate: int, speeds: np.ndarray, turns: np.ndarray, weights: np.ndarray, step: int = 64
) -> np.ndarray:
    """A sum of sines (length,), drawn every ``step`` samples and joined by straight lines.

    Args:
        length: samples.
        rate: samples per second.
        speeds: of each sine, hertz.
        turns: where in its turn each begins, 0 to 1.
        weights: of each.
    """
    places = np.arange(-(-length // step) + 1) * step
    sines = weights[:, None] * np.sin(2 * np.pi * (speeds[:, None] * places / rate + turns[:, None]))
    return np.interp(np.arange(length), places, sines.sum(0))


def tremolo_gains(turn: np.ndarray, depth: float) -> np.ndarray:
    """Gains between 1 and 1 - ``depth`` for a swing between -1 and 1."""
    return np.asarray(1 - depth * (0.5 + 0.5 * turn))
