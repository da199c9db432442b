"""The tracks that a separation writes, from the stems that the model gives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from msgld.api.wanted import Selection, Wanted


def selected(selection: Selection, tracks: np.ndarray) -> dict[str, np.ndarray]:
    """Each wanted track by its name, float32 (channels, n).

    Args:
        selection: what is wanted.
        tracks: the model's stems, then the song, float32 (K, channels, n).
    """
    return {one.name: _track(one, tracks) for one in selection.tracks}


def residual(selection: Selection, tracks: np.ndarray) -> np.ndarray:
    """The rest of the song, what is in no wanted track; arguments as for :func:`selected`."""
    left = sorted(selection.left)
    if selection.count not in left:
        return _sum([tracks[k] for k in left]).astype(np.float32) if left else np.zeros_like(tracks[-1])
    return difference(tracks[-1], [tracks[k] for k in range(selection.count) if k not in left])


def difference(song: np.ndarray, tracks: Sequence[np.ndarray]) -> np.ndarray:
    """A song less some tracks; in 64 bits, so that they sum back as closely as 32 bits allow."""
    return (song - _sum(tracks)).astype(np.float32)


def _track(one: Wanted, tracks: np.ndarray) -> np.ndarray:
    own = [tracks[k] for k in sorted(one.stems)]
    if one.inverted:
        return difference(tracks[-1], own)
    return own[0] if len(own) == 1 else _sum(own).astype(np.float32)


def _sum(tracks: Sequence[np.ndarray]) -> np.ndarray:
    total = np.zeros(())
    for track in tracks:  # one after another: all of them in 64 bits take much memory
        total = total + track
    return total
