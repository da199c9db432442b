"""How much of the time a stem pauses."""

from __future__ import annotations

import numpy as np

from msgld.metrics.checks import matched

QUIET = -6.5
"""Natural logarithm of the amplitude of a sinusoid that nobody hears beside a mixture at -20 dBFS: -56 dBFS."""


def pause_share(mels: np.ndarray, quiet: float = QUIET) -> float:
    """Share of the columns of log-mel spectra (..., M, T) in which no band is above ``quiet``, 0 to 1.

    Raises:
        UsageError: the array is empty or holds NaN.
    """
    (levels,) = matched(mels=mels)
    return float((levels.max(-2) <= quiet).mean())
