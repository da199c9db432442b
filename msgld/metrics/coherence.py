"""Do parts fit together? Their onsets in time, and their notes in pitch class; no network, no download.

Raw agreements mean little by themselves, as any two parts of one tempo agree somewhat. :func:`on_scale` says where they
lie between parts shuffled across songs (0) and those of real songs (1).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from msgld.errors import UsageError
from msgld.metrics.checks import matched
from msgld.music.chroma import centred_spectra, chroma
from msgld.stems import UNPITCHED

ONSET_HZ = 100
"""Values of an onset envelope in a second."""

TOLERANCE = 0.03
"""Seconds by which onsets may miss each other: the standard deviation of the bell over which each is spread."""

COPY = 0.95
"""Correlation of two log-mels from which on one counts as a copy of the other."""


def agreement(
    part: Mapping[str, np.ndarray], given: Mapping[str, np.ndarray], rate: int
) -> tuple[float, float]:
    """How well a part goes with given stems, in rhythm and in tone; the longer group of stems is cut.

    Args:
        part: stem -> samples (channels, L).
        given: stem -> samples (channels, L).
        rate: samples a second.

    Returns:
        Agreement of their onsets and of their notes (drums left out on both sides), each -1 to 1, NaN where there are
        none.
    """
    one, other = _sum(part), _sum(given)
    length = min(one.shape[-1], other.shape[-1])
    rhythm = rhythm_agreement(one[..., :length], other[..., :length], rate)
    pitched = ({name: stems[name] for name in stems if name not in UNPITCHED} for stems in (part, given))
    first, second = (_sum(stems)[..., :length] for stems in pitched)
    return rhythm, tonal_agreement(first, second, rate) if first.size and second.size else float("nan")


def _sum(stems: Mapping[str, np.ndarray]) -> np.ndarray:
    """The sum of stems; empty where there are none."""
    return np.sum([*stems.values()], axis=0) if stems else np.zeros(0)


def on_scale(made: np.ndarray, shuffled: np.ndarray, real: np.ndarray) -> float | None:
    """Where the mean agreement of made parts lies between shuffled (0) and true ones (1), to three digits.

    Args:
        made: one a clip, (n,). A silent part agrees with nothing: its NaN counts as 0.
        shuffled: of another song's parts, (n,).
        real: of the true parts, (n,).

    Returns:
        None where no clip has all figures, or true parts agree no better than shuffled ones.
    """
    table = np.array([np.nan_to_num(made), shuffled, real], float)
    table = table[:, np.isfinite(table).all(0)]
    if not table.size:
        return None
    mean, zero, one = table.mean(1)
    return round(float((mean - zero) / (one - zero)), 3) if one > zero else None


def onset_envelope(samples: np.ndarray, rate: int) -> np.ndarray:
    """Strength of the onsets of a sound: the rise of its bands' loudness, ``ONSET_HZ`` values a second.

    Args:
        samples: (L,) or (channels, L), whose powers are averaged.
        rate: samples a second.
    """
    power = centred_spectra(samples, 2048 * rate // 44_100, round(rate / ONSET_HZ))
    groups = np.array_split(power[:, 1:], 24, axis=1)
    loudness = np.log(np.stack([group.mean(1) for group in groups], 1) + 1e-7)
    return np.diff(loudness, axis=0, prepend=loudness[:1]).clip(0).mean(1)


def rhythm_agreement(one: np.ndarray, other: np.ndarray, rate: int) -> float:
    """Correlation of two sounds' onsets, each spread over ``TOLERANCE``; -1 to 1.

    Args:
        one: (L,) or (channels, L).
        other: of the same length. Channels may differ in number and cannot cancel.
        rate: samples a second.

    Returns:
        NaN where a sound has no onsets.
    """
    one, other = _of_one_length(one, other)
    spread = np.exp(-0.5 * (np.arange(-10, 11) / (TOLERANCE * ONSET_HZ)) ** 2)
    curves = [np.convolve(onset_envelope(part, rate), spread, "same") for part in (one, other)]
    return correlation(*curves)


def tonal_agreement(one: np.ndarray, other: np.ndarray, rate: int) -> float:
    """Mean correlation of two sounds' :func:`msgld.music.chroma.chroma`, weighted by how much both sound; -1 to 1.

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


def _of_one_length(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    (one,), (other,) = matched(one=one), matched(other=other)
    if one.shape[-1] != other.shape[-1]:
        raise UsageError(f"one has shape {one.shape}, other has {other.shape}: give equal lengths")
    return one, other


def correlation(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of two arrays of one shape, each less its mean; NaN where one is constant."""
    a, b = one - one.mean(), other - other.mean()
    norm = float(np.sqrt((a**2).sum() * (b**2).sum()))
    return float((a * b).sum() / norm) if norm > 0 else float("nan")


def copies(made: np.ndarray, given: np.ndarray) -> int:
    """How many made stems are copies of a given one.

    Args:
        made: log-mels (n, M, N).
        given: log-mels (m, M, N).
    """
    return sum(any(correlation(one, other) > COPY for other in given) for one in made)
