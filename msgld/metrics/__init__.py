"""Measures of quality: arrays in, floats out; no files, no model."""

from __future__ import annotations

from msgld.metrics.bootstrap import Summary, summary
from msgld.metrics.logmel import log_mel_l1, log_mel_mse
from msgld.metrics.nulltest import null_db
from msgld.metrics.sisdr import is_silent, si_sdr, si_sdri

__all__ = ["Summary", "is_silent", "log_mel_l1", "log_mel_mse", "null_db", "si_sdr", "si_sdri", "summary"]
