"""Measures of quality: arrays in, floats out; no files, no model."""

from __future__ import annotations

from msgld.metrics.bootstrap import Summary, summary
from msgld.metrics.frechet import frechet_distance, gaussian_distance
from msgld.metrics.logmel import log_mel_l1, log_mel_mse
from msgld.metrics.melstats import mel_statistics, mel_statistics_distance
from msgld.metrics.nulltest import null_db
from msgld.metrics.sisdr import is_silent, si_sdr, si_sdri

__all__ = [
    "Summary",
    "frechet_distance",
    "gaussian_distance",
    "is_silent",
    "log_mel_l1",
    "log_mel_mse",
    "mel_statistics",
    "mel_statistics_distance",
    "null_db",
    "si_sdr",
    "si_sdri",
    "summary",
]
