"""How long notes sound: pedals hold them, new strokes and "all sound off" end them. All times are in seconds."""

from __future__ import annotations

import numpy as np


def struck_again(onset: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """Return when each note's key is next struck, infinity where it is not; onsets ascend."""
    following = np.full(len(onset), np.inf)
    for key in np.unique(pitch):
        (index,) = np.nonzero(pitch == key)
        following[index[:-1]] = onset[index[1:]]
    return following


def sustained(
    onset: np.ndarray, duration: np.ndarray, pitch: np.ndarray, down: np.ndarray, length: np.ndarray
) -> np.ndarray:
    """Return durations with a note under the pedal held until that is lifted, or its key is struck again.

    Args:
        onset: of the notes, ascending, (N,).
        duration: for which their keys are down, (N,).
        pitch: of the notes, (N,).
        down: when the pedal was pressed, ascending, (M,), 1 or more.
        length: for how long, (M,).
    """
    end, up = onset + duration, down + length
    last = np.searchsorted(down, end, side="right") - 1
    return _until(up[last], (last >= 0) & (up[last] > end), onset, duration, pitch)


def selected(
    onset: np.ndarray, duration: np.ndarray, pitch: np.ndarray, down: np.ndarray, length: np.ndarray
) -> np.ndarray:
    """Return durations with sostenuto, which holds only notes whose keys are down when it is pressed.

    The arguments are those of :func:`sustained`.
    """
    end, up = onset + duration, down + length
    last = np.searchsorted(down, end, side="left") - 1
    return _until(up[last], (last >= 0) & (down[last] >= onset) & (up[last] > end), onset, duration, pitch)


def cut(onset: np.ndarray, duration: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Return durations with every note ended at the first of the cuts, ascending, after its onset."""
    following = np.append(cuts, np.inf)[np.searchsorted(cuts, onset, side="right")]
    return np.minimum(duration, following - onset)


def _until(
    up: np.ndarray, held: np.ndarray, onset: np.ndarray, duration: np.ndarray, pitch: np.ndarray
) -> np.ndarray:
    """Durations of the held notes until ``up`` or the next stroke, but never shorter than before."""
    last = np.minimum(up, np.maximum(struck_again(onset, pitch), onset + duration))
    return np.where(held, last - onset, duration)
