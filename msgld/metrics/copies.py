"""Is a piece a copy? The similarity of a stretch to the most similar one elsewhere."""

from __future__ import annotations

import numpy as np

from msgld.dsp.windows import running_sums
from msgld.errors import UsageError
from msgld.metrics.checks import matched
from msgld.metrics.coherence import correlation

COPY = 0.95
"""Correlation of two log-mels from which on one counts as a copy of the other."""


def copies(made: np.ndarray, given: np.ndarray) -> int:
    """How many made stems are copies of a given one.

    Args:
        made: log-mels (n, M, N).
        given: log-mels (m, M, N).
    """
    return sum(any(correlation(one, other) > COPY for other in given) for one in made)


def best_match(query: np.ndarray, pieces: np.ndarray) -> float:
    """The largest correlation of a stretch of features with any stretch of its length in any of some pieces.

    Each band is first taken from its mean over the stretch. So the events and their times are compared, not the
    sound's colour or loudness.

    Args:
        query: (D, W), such as pooled log-mels of some seconds.
        pieces: (m, D, N), N of W or more.

    Returns:
        -1 to 1; 1 for a stretch of one of the pieces, at any volume and through any (weak) filter. A query in which
        nothing changes matches nothing: 0.

    Raises:
        UsageError: shapes do not fit, or values are not finite.
    """
    (query,), (pieces,) = matched(query=query), matched(pieces=pieces)
    fits = query.ndim == 2 and pieces.ndim == 3 and pieces.shape[1] == query.shape[0]
    if not fits or pieces.shape[2] < query.shape[1]:
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
    # The norm of every stretch of a piece: sum of squares less width times the squared mean.
    sums, squares = (running_sums(part, width) for part in (pieces, pieces**2))
    norms = np.sqrt((squares - sums**2 / width).sum(1).clip(1e-12))
    return float((shared / norms / length).max().clip(-1, 1))
