"""The measures of a separation, each a figure for every stem of a clip."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from msgld.data.source import Clip
from msgld.dsp.mel import AUDIOLDM, log_mel
from msgld.dsp.resample import resample
from msgld.metrics import bleed, bss_sdr, is_silent, log_mel_l1, log_mel_mse, msdm_gains, si_sdri, song_sdr
from msgld.metrics.bleed import GRID as BLEED

MSDM_RATE = 22_050
"""Rate at which MSDM's figures are taken, in Hz."""


@dataclass(frozen=True)
class Measure:
    """How well estimated stems match a clip's.

    Attributes:
        name: the value of ``--measure``.
        unit: of the figures.
        higher: whether a larger figure is better.
        compute: from estimates (S, channels, L) and the clip, figures (S,); NaN where there is none.
    """

    name: str
    unit: str
    higher: bool
    compute: Callable[[np.ndarray, Clip], np.ndarray]


def improvements(estimates: np.ndarray, clip: Clip) -> np.ndarray:
    """SI-SDRi of every stem in dB, (S,); NaN for silent and absent stems, and where fewer than two sound.

    A mixture of one stem is that stem already; any estimate is infinitely worse.

    Args:
        estimates: (S, channels, L).
        clip: with the true stems.
    """
    mixture = clip.mixture
    values = np.full(len(clip.stems), np.nan)
    there = np.flatnonzero(sounding(clip))
    for k in there if len(there) > 1 else ():
        values[k] = si_sdri(estimates[k], clip.stems[k], mixture)
    return values


def sounding(clip: Clip) -> np.ndarray:
    """Which stems are present and not silent, bool (S,)."""
    return clip.present & ~np.array([is_silent(stem) for stem in clip.stems])


def _sdr(estimates: np.ndarray, clip: Clip) -> np.ndarray:
    """BSS Eval's SDR of the stems that sound, in dB."""
    values = np.full(len(clip.stems), np.nan)
    there = sounding(clip)
    if there.any():
        values[there] = bss_sdr(estimates[there], clip.stems[there], clip.rate)
    return values


def _each(
    score: Callable[[np.ndarray, np.ndarray], float], rate: int | None = None
) -> Callable[..., np.ndarray]:
    """A score of one stem, of those that sound; at ``rate`` (Hz) if given."""

    def compute(estimates: np.ndarray, clip: Clip) -> np.ndarray:
        values = np.full(len(clip.stems), np.nan)
        for k in np.flatnonzero(sounding(clip)):
            pair = (estimates[k], clip.stems[k])
            one, other = pair if rate is None else (resample(x, clip.rate, rate) for x in pair)
            values[k] = score(one, other)
        return values

    return compute


def _mel_distance(distance: Callable[[np.ndarray, np.ndarray], float]) -> Callable[..., np.ndarray]:
    """A distance of log-mels in the published grid: 16 kHz, 64 bands, the mean power of the channels.

    Silent stems count, as published.
    """

    def compute(estimates: np.ndarray, clip: Clip) -> np.ndarray:
        sides = [
            log_mel(torch.from_numpy(resample(stems, clip.rate, AUDIOLDM.rate)), AUDIOLDM).numpy()
            for stems in (estimates, clip.stems)
        ]
        pairs = zip(*sides, clip.present, strict=True)
        return np.array([distance(one, other) if there else np.nan for one, other, there in pairs])

    return compute


def _msdm(estimates: np.ndarray, clip: Clip) -> np.ndarray:
    """MSDM's score, which counts silent stems and so flatters, in dB."""
    there = clip.present
    values = np.full(len(clip.stems), np.nan)
    sides = [resample(stems[there], clip.rate, MSDM_RATE) for stems in (estimates, clip.stems)]
    gains = msdm_gains(sides[0], sides[1], MSDM_RATE)
    if len(gains):
        values[there] = gains.mean(0)
    return values


MEASURES: dict[str, Measure] = {
    measure.name: measure
    for measure in (
        Measure("si-sdri", "dB", True, improvements),
        Measure("sdr", "dB", True, _sdr),
        Measure("song-sdr", "dB", True, _each(song_sdr)),
        Measure(
            "bleedless", "of 100", True, _each(lambda one, other: bleed(one, other).bleedless, BLEED.rate)
        ),
        Measure("fullness", "of 100", True, _each(lambda one, other: bleed(one, other).fullness, BLEED.rate)),
        Measure("msdm-si-sdri", "dB", True, _msdm),
        Measure("log-mel-mse", "nepers squared", False, _mel_distance(log_mel_mse)),
        Measure("log-mel-l1", "nepers", False, _mel_distance(log_mel_l1)),
    )
}
