"""Is a piece a copy? How like the most similar stretch of a collection it is, wherever that lies."""

from __future__ import annotations

import numpy as np

from msgld.errors import UsageError
from msgld.metrics.checks import matched


def best_match(query: np.ndarray, pieces: np.ndarray) -> float:
    """The largest correlation of a stretch of features with any stretch of its length in any of some pieces.

    Each band is taken from its mean over the stretch first, so what is compared is what happens and when, not the
    sound's colour or loudness.

    Args:
        query: (D, W), such as pooled log-mels of some seconds. pieces: (m, D, N), N of W or more.

    Returns:
        -1 to 1; 1 for a stretch of one of the pieces, at any volume and through any (weak) filter. A query in which
        nothing changes matches nothing: 0.

    Raises:
        UsageError: shapes do not fit, or values that are not finite.
    """
    query, pieces = matched(query=query)[0], matched(pieces=pieces)[0]
    if (
        query.ndim != 2
        or pieces.ndim != 3
        or pieces.shape[1] != query.shape[0]
        or pieces.shape[2] < query.shape[1]
    ):
        raise UsageError(
            f"a stretch (D, W) does not fit into pieces (m, D, N): {query.shape}, {pieces.shape}"
        )
    width = query.shape[1]
    centred = query - query.mean(1, keepdims=True)
    length = np.linalg.norm(centred)
    if length == 0:
        return 0.0
    size = pieces.shape[2] + width
    spectra = np.fft.rfft(pieces, size) * np.fft.rfft(centred, size).conj()
    shared = np.fft.irfft(spectra.sum(1), size)[:, : pieces.shape[2] - width + 1]
    # The norm of every stretch of a piece from running sums: sum of squares less width times the squared mean.
    sums, squares = (running_sums(part, width) for part in (pieces, pieces**2))
    norms = np.sqrt((squares - sums**2 / width).sum(1).clip(1e-12))
    return float((shared / norms / length).max().clip(-1, 1))


def running_sums(values: np.ndarray, width: int) -> np.ndarray:
    """Sums over every stretch of ``width`` in values (..., N), (..., N - width + 1)."""
    total = np.cumsum(np.pad(values, [(0, 0)] * (values.ndim - 1) + [(1, 0)]), -1)
    return total[..., width:] - total[..., : total.shape[-1] - width]
