"""Phases of a vocoder: carried on from column to column, and replaced at onsets.

Phases are replaced at onsets only: a steady answer, mixed in at every column, would pull every tone near a multiple of
the rate of columns (86 Hz) to that multiple.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from jaxtyping import Complex, Float
from torch import Tensor
from torch.nn import functional as F

from msgld.dsp.stft import unit

RISE, SLOPE = 6.0, 1.0
"""Growth of a bin from one column to the next at an onset, and the width of the transition, in decibels."""

REST = 0.25
"""Fraction of the replacement that remains between onsets."""

LEAST = 0.1
"""Sums of phases shorter than this are left short: their direction and gradient are arbitrary."""


@dataclass(frozen=True)
class Prediction:
    """Output of the network for each bin and column.

    Attributes:
        correction: natural log of the magnitude relative to that of the bands.
        turn: radians beyond the bin's own turn from the column before.
        keep: fraction of the turned phase that is kept, 0 to 1.
        onset: phase that replaces it, weighed against noise of variance 1.
    """

    correction: Float[Tensor, "B N F"]
    turn: Float[Tensor, "B N held"]
    keep: Float[Tensor, "B N held"]
    onset: Complex[Tensor, "B N F"]


def noise_like(like: Complex[Tensor, "B N F"]) -> Complex[Tensor, "B N F"]:
    """Gaussian noise of variance 1, the same in every item and call, column by column."""
    generator = torch.Generator().manual_seed(0)
    parts = torch.randn(like.shape[1], 2, like.shape[2], generator=generator).to(like.device) / math.sqrt(2)
    return torch.complex(parts[:, 0], parts[:, 1]).expand_as(like)


def beginnings(magnitude: Float[Tensor, "B N F"]) -> Float[Tensor, "B N F"]:
    """Onsets, 0 to 1: where magnitudes grow. The first column is one."""
    loudness = 20 * torch.log10(magnitude + 1e-5)
    before = F.pad(loudness[:, :-1], (0, 0, 1, 0), value=-200.0)
    return torch.sigmoid((loudness - before - RISE) / SLOPE)


def held_on(predicted: Prediction, begins: Float[Tensor, "B N held"]) -> Prediction:
    """The prediction with phases that are replaced at onsets and nearly kept elsewhere.

    Args:
        predicted: by the network; bins that are not held do not change.
        begins: onsets, 0 to 1.
    """
    held = begins.shape[-1]
    onset = torch.cat([predicted.onset[..., :held] * begins, predicted.onset[..., held:]], -1)
    return replace(predicted, keep=1 - (1 - predicted.keep) * (REST + (1 - REST) * begins), onset=onset)


def carry(
    predicted: Prediction, own: Float[Tensor, "F"], noise: Complex[Tensor, "B N F"]
) -> Complex[Tensor, "B N F"]:
    """Phases as complex numbers of magnitude 1.

    u[n] = unit(keep u[n - 1] exp(i (own + turn)) + (1 - keep) (onset + noise)). Adjacent bins of a sound at the
    middle of a column have opposite signs; these are applied last, so that a click is the same onset in all bins.

    Args:
        predicted: by the network.
        own: from :func:`msgld.nets.vocoder.own_turn`.
        noise: from :func:`noise_like`.
    """
    held = predicted.keep.shape[-1]
    fresh = predicted.onset + noise
    step = torch.polar(predicted.keep, predicted.turn + own[:held])
    mixed = (1 - predicted.keep) * fresh[..., :held]
    low = [unit(fresh[:, 0, :held], LEAST)]
    for turned, new in zip(step.unbind(1)[1:], mixed.unbind(1)[1:], strict=True):
        low.append(unit(turned * low[-1] + new, LEAST))
    phase = torch.cat([torch.stack(low, dim=1), unit(fresh[..., held:], LEAST)], dim=-1)
    return phase * (1 - 2 * (torch.arange(len(own), device=own.device) % 2))
