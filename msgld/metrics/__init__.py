"""Measures of quality: arrays in, floats out. No files, no model. Each file holds a family of metrics.

Of one stem: ``sdr``, ``running`` (the same over long songs), ``bleed``, ``log_mel``. Of sets of pieces: ``frechet``. Of
stems together: ``coherence``.
``checks`` checks the arrays, and gives means and intervals.
"""

from __future__ import annotations

from msgld.metrics.bleed import Bleed, bleed
from msgld.metrics.checks import Summary, summary
from msgld.metrics.coherence import correlation, on_scale, rhythm_agreement, tonal_agreement
from msgld.metrics.frechet import frechet_distance, gaussian_distance, kernel_distance
from msgld.metrics.log_mel import log_mel_l1, log_mel_mse, mel_statistics, pause_fraction
from msgld.metrics.running import RunningRatios
from msgld.metrics.sdr import bss_sdr, is_silent, msdm_gains, msdm_si_sdr, si_sdr, si_sdri, song_sdr

__all__ = [
    "Bleed",
    "RunningRatios",
    "Summary",
    "bleed",
    "bss_sdr",
    "correlation",
    "frechet_distance",
    "gaussian_distance",
    "is_silent",
    "kernel_distance",
    "log_mel_l1",
    "log_mel_mse",
    "mel_statistics",
    "msdm_gains",
    "msdm_si_sdr",
    "on_scale",
    "pause_fraction",
    "rhythm_agreement",
    "si_sdr",
    "si_sdri",
    "song_sdr",
    "summary",
    "tonal_agreement",
]
