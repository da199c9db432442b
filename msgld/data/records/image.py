"""Width and place of a sound (2, L) in the stereo image."""

from __future__ import annotations

import numpy as np

from msgld.data.records.dice import Dice
from msgld.dsp.panning import stereo_gains


def widened(x: np.ndarray, rate: int, dice: Dice) -> np.ndarray:
    """Narrower or wider, or one side late (Haas); mixed to mono it keeps at least half of its power."""
    if dice.rng.random() < 0.3:
        late, side = round(dice.between(0.006, 0.022) * rate), int(dice.rng.integers(2))
        copy = np.pad(x.mean(0), (late, 0))[: x.shape[1]] * np.float32(10 ** (dice.depth(-14, -3) / 20))
        made = x.copy()
        made[side] = (1 - dice.amount / 2) * made[side] + copy
        return made
    return with_width(x, dice.depth(1, 0) if dice.rng.random() < 0.5 else dice.depth(1, 2))


def with_width(x: np.ndarray, width: float) -> np.ndarray:
    """The side signal times ``width`` (0 mono, 1 as it is), widened no farther than to the power of the middle."""
    middle, side = 0.5 * (x[0] + x[1]), 0.5 * (x[0] - x[1])
    widest = np.sqrt(np.mean(np.square(middle)) / max(float(np.mean(np.square(side))), 1e-20))
    side = side * np.float32(min(width, max(1.0, float(widest))))
    return np.stack([middle + side, middle - side])


def placed(x: np.ndarray, pan: float) -> np.ndarray:
    """The sound moved by ``pan``, -1 (left) to 1 (right), with equal power."""
    return x * stereo_gains(pan).astype(np.float32)[:, None]
