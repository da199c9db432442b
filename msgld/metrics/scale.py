"""A scale from music that does not belong together (0) to music that does (1), with its interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

FEWEST = 3
"""Clips without which there is no scale."""

RESAMPLES = 2000


@dataclass(frozen=True)
class Agreements:
    """How well parts go with what is given, in one group of arrangements.

    Attributes:
        clip: number of the clip of each arrangement, (n,), int64.
        made: of the made parts, (n,). A silent part agrees with nothing: NaN counts as 0.
        shuffled: of another piece's parts, (n,).
        real: of the true parts, (n,). Arrangements in which this or the one before is NaN do not count.
    """

    clip: np.ndarray
    made: np.ndarray
    shuffled: np.ndarray
    real: np.ndarray


@dataclass(frozen=True)
class Placed:
    """A figure on the scale.

    Attributes:
        value: from the means.
        low: lower end of its 95 % interval, by drawing clips anew.
        high: its upper end.
        count: arrangements.
        lowest: the lowest of the groups.
    """

    value: float
    low: float
    high: float
    count: int
    lowest: float


def placed(groups: Sequence[Agreements], rival: Sequence[Agreements] | None = None) -> Placed | None:
    """Place made parts on the scale, each arrangement capped at its real value; of several groups the mean.

    Args:
        groups: a group without a scale does not count: fewer than ``FEWEST`` clips, or real parts that do not agree
            better than shuffled ones with 95 % confidence.
        rival: the same groups played otherwise; the result is then by how much ``groups`` lie above.

    Returns:
        None where no group has a scale.
    """
    numbers = np.unique(np.concatenate([np.zeros(0, int), *(one.clip for one in groups)]))
    if not len(numbers):
        return None
    drawn = np.zeros((RESAMPLES, int(numbers[-1]) + 1))
    even = np.full(len(numbers), 1 / len(numbers))
    drawn[:, numbers] = np.random.default_rng(0).multinomial(len(numbers), even, RESAMPLES)
    found = []
    for number, group in enumerate(groups):
        values = _draws(group, drawn)
        if values is not None and rival is not None:
            other = _draws(rival[number], drawn)
            values = None if other is None else (values[0] - other[0], values[1])
        if values is not None:
            found.append(values)
    if not found:
        return None
    each = np.array([values for values, _ in found])
    low, high = np.nanquantile(each[:, 1:].mean(0), (0.025, 0.975))
    return Placed(
        float(each[:, 0].mean()), float(low), float(high), sum(n for _, n in found), float(each[:, 0].min())
    )


def _draws(group: Agreements, drawn: np.ndarray) -> tuple[np.ndarray, int] | None:
    """The figure of all clips and then of each draw, and the number of arrangements; None without a scale.

    Args:
        group: the agreements.
        drawn: how often each draw has each clip, (R, clips).
    """
    table = np.array([np.nan_to_num(group.made), group.shuffled, group.real], float).reshape(3, -1)
    kept = np.isfinite(table).all(0)
    table, clip = table[:, kept], group.clip[kept]
    if len(np.unique(clip)) < FEWEST:
        return None
    table[0] = np.minimum(table[0], table[2])
    weights = np.concatenate([np.ones((1, len(clip))), drawn[:, clip]])
    total = weights.sum(1)
    with np.errstate(invalid="ignore", divide="ignore"):
        made, zero, one = (weights @ table.T / total[:, None]).T
        if np.nanquantile((one - zero)[1:], 0.025) <= 0:
            return None
        return np.where(one > zero, (made - zero) / (one - zero), np.nan), len(clip)
