"""Measures of quality: arrays in, floats out; no files, no model."""

from __future__ import annotations

from msgld.metrics.bootstrap import Summary, summary
from msgld.metrics.bss import bss_sdr
from msgld.metrics.coherence import correlation, on_scale, rhythm_agreement, tonal_agreement
from msgld.metrics.frechet import frechet_distance, gaussian_distance
from msgld.metrics.kernel import kernel_distance
from msgld.metrics.logmel import log_mel_l1, log_mel_mse
from msgld.metrics.melstats import mel_statistics, mel_statistics_distance
from msgld.metrics.msdm import msdm_average, msdm_gains, msdm_si_sdr
from msgld.metrics.nearest import best_match
from msgld.metrics.nulltest import null_db
from msgld.metrics.pauses import pause_share
from msgld.metrics.sisdr import is_silent, si_sdr, si_sdri

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
    "mel_statistics_distance",
    "msdm_average",
    "msdm_gains",
    "msdm_si_sdr",
    "null_db",
    "on_scale",
    "pause_share",
    "rhythm_agreement",
    "si_sdr",
    "si_sdri",
    "summary",
    "tonal_agreement",
]
