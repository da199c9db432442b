"""Measures of quality: arrays in, floats out. No files, no model. Each file holds a family of metrics.

Of one stem: ``sisdr``, ``sdr``, ``log_mel``. Of sets of pieces: ``frechet``. Of stems together: ``coherence``. Of a
piece and its conditions: ``adherence``. Of a piece and its training data: ``copies``. ``bootstrap`` gives means and
intervals, and ``checks`` checks the arrays.
"""

from __future__ import annotations

from msgld.metrics.bootstrap import Summary, summary
from msgld.metrics.coherence import correlation, on_scale, rhythm_agreement, tonal_agreement
from msgld.metrics.copies import best_match
from msgld.metrics.frechet import frechet_distance, gaussian_distance, kernel_distance
from msgld.metrics.log_mel import log_mel_l1, log_mel_mse, mel_statistics, pause_fraction
from msgld.metrics.sdr import bss_sdr, null_db
from msgld.metrics.sisdr import is_silent, msdm_gains, msdm_si_sdr, si_sdr, si_sdri

__all__ = [
    "Summary",
    "best_match",
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
    "null_db",
    "on_scale",
    "pause_fraction",
    "rhythm_agreement",
    "si_sdr",
    "si_sdri",
    "summary",
    "tonal_agreement",
]
