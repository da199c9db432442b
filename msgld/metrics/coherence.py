"""Do parts fit together? Their onsets in time, and their notes in pitch class; no network, no download.

Raw agreements mean little by themselves, as any two parts of one tempo agree somewhat. :func:`on_scale` says where they
lie between parts shuffled across songs (0) and those of real songs (1).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from msgld.errors import UsageError
from msgld.metrics.checks import matched

ONSET_HZ = 100
"""Values of an onset envelope in a second."""

TOLERANCE = 0.03
"""Seconds by which onsets may miss each other: the standard deviation of the bell that each is spread to."""

LOWEST, OCTAVES = 55.0, 5
"""Pitch classes are heard from A1 on, over so many octaves."""

CHROMA_SECONDS = 0.5
"""Length over which notes are taken together."""


def onset_envelope(samples: np.ndarray, rate: int) -> np.ndarray:
    """How much of a sound begins when: rise of its bands' loudness, ``ONSET_HZ`` values a second.

    Args:
        samples: (L,) or (channels, L), whose powers are averaged.
    """
    hop = round(rate / ONSET_HZ)
    power = _power(samples, 2048 * rate // 44_100, hop)
    groups = np.array_split(power[:, 1:], 24, axis=1)
    loudness = np.log(np.stack([group.mean(1) for group in groups], 1) + 1e-7)
    return np.diff(loudness, axis=0, prepend=loudness[:1]).clip(0).mean(1)


def rhythm_agreement(one: np.ndarray, other: np.ndarray, rate: int) -> float:
    """Correlation of two sounds' onsets, each spread over ``TOLERANCE``; -1 to 1.

    Args:
        one, other: (L,) or (channels, L) of one length, at ``rate``. Channels may differ in number and cannot cancel.

    Returns:
        NaN where a sound has no onsets.
    """
    one, other = _of_one_length(one, other)
    spread = np.exp(-0.5 * (np.arange(-10, 11) / (TOLERANCE * ONSET_HZ)) ** 2)
    curves = [np.convolve(onset_envelope(part, rate), spread, "same") for part in (one, other)]
    return correlation(*curves)


def chroma(samples: np.ndarray, rate: int) -> np.ndarray:
    """Energy in each pitch class, (T, 12), stretch by stretch of ``CHROMA_SECONDS``; A is 0.

    Args:
        samples: (L,) or (channels, L), whose powers are averaged.
    """
    size = 1 << round(np.log2(rate * 0.35))
    hop = round(rate * CHROMA_SECONDS / 2)
    magnitude = np.sqrt(_power(samples, size, hop))
    hertz = np.arange(magnitude.shape[1]) * rate / size
    heard = (hertz >= LOWEST * 2 ** (-1 / 24)) & (hertz < LOWEST * 2**OCTAVES)
    pitch = 12 * np.log2(hertz[heard] / LOWEST)
    # A bin counts for the class it is nearest to, less the farther it is and the higher, where overtones are.
    weight = np.exp(-0.5 * ((pitch - np.rint(pitch)) / 0.2) ** 2) * 0.7 ** (pitch / 12)
    classes = np.zeros((int(heard.sum()), 12))
    classes[np.arange(len(pitch)), np.rint(pitch).astype(int) % 12] = weight
    return magnitude[:, heard] @ classes


def tonal_agreement(one: np.ndarray, other: np.ndarray, rate: int) -> float:
    """Mean correlation of two sounds' :func:`chroma`, stretches weighed by how much both sound; -1 to 1.

    Arguments and result as for :func:`rhythm_agreement`.
    """
    one, other = _of_one_length(one, other)
    first, second = chroma(one, rate), chroma(other, rate)
    weights = np.sqrt(first.sum(1) * second.sum(1))
    loud = weights > 0.05 * weights.max(initial=0.0)
    pairs = [(correlation(a, b), w) for a, b, w in zip(first[loud], second[loud], weights[loud], strict=True)]
    known = [(value, weight) for value, weight in pairs if np.isfinite(value)]
    if not known:
        return float("nan")
    values, kept = np.array(known).T
    return float((values * kept).sum() / kept.sum())


def on_scale(values: Sequence[float], shuffled: Sequence[float], real: Sequence[float]) -> float:
    """Where the mean of agreements lies between shuffled (0) and real (1) ones; NaN values are left out.

    Raises:
        UsageError: real parts agree no better than shuffled ones, so there is no scale.
    """
    mean, zero, one = (float(np.nanmean(np.asarray(part, float))) for part in (values, shuffled, real))
    if not one > zero:
        raise UsageError(f"real parts agree by {one:.3f}, shuffled ones by {zero:.3f}: that is no scale")
    return (mean - zero) / (one - zero)


def _of_one_length(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    (one,), (other,) = matched(one=one), matched(other=other)
    if one.shape[-1] != other.shape[-1]:
        raise UsageError(f"one has shape {one.shape}, other has {other.shape}: give equal lengths")
    return one, other


def _power(samples: np.ndarray, size: int, hop: int) -> np.ndarray:
    """Power spectra (T, size / 2 + 1) of frames centred on every ``hop``-th sample, the mean of all channels."""
    if samples.ndim not in (1, 2) or not samples.size:
        raise UsageError(f"give samples (L,) or (channels, L), not {samples.shape}")
    channels = np.atleast_2d(samples).astype(np.float64)
    return np.mean([_power_of_one(channel, size, hop) for channel in channels], axis=0)


def _power_of_one(samples: np.ndarray, size: int, hop: int) -> np.ndarray:
    padded = np.pad(samples, (size // 2, size))
    frames = np.lib.stride_tricks.sliding_window_view(padded, size)[: len(samples) : hop]
    return np.abs(np.fft.rfft(frames * np.hanning(size), axis=1)) ** 2


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Of two arrays of one shape, each less its mean; NaN where one is constant."""
    a, b = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum() / norm) if norm > 0 else float("nan")
