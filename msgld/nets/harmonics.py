"""The short-time spectrum of a sound whose pitch is known: partials, each a line as wide as the window makes it."""

from __future__ import annotations

import math

import torch
from torch import Tensor

ROUNDS = 4
"""In which the power of overlapping partials is shared out."""


def lobe(away: Tensor) -> Tensor:
    """What a Hann window makes of a sinusoid so many bins away, 1 at its middle."""
    near = (away.abs() - 1).abs() < 1e-4
    return torch.where(near, 0.5, torch.sinc(away) / torch.where(near, 1.0, 1 - away.square()))


def harmonics(magnitude: Tensor, pitch: Tensor, turn: float) -> Tensor:
    """Complex spectra (B, N, F) of partials that hold what the magnitudes (B, N, F) of the same bins do.

    A column is centred where its phases are told; bins count from 0, and a sinusoid of amplitude 1 has magnitude 1 at
    its own. Each partial gets what is in the bins that are nearest to it.

    Args:
        pitch: fundamental of each column, (B, N), in bins, above 0.
        turn: how far a sinusoid in the middle of bin 1 turns from column to column, radians.
    """
    bins = torch.arange(magnitude.shape[-1], device=pitch.device, dtype=pitch.dtype)
    partials = torch.arange(1, math.ceil(len(bins) / float(pitch.min())) + 1, device=pitch.device)
    places = pitch.unsqueeze(-1) * partials  # (B, N, H)
    nearest = (bins / pitch.unsqueeze(-1)).round().clamp_min(1)  # (B, N, F)
    own = nearest.unsqueeze(2) == partials[:, None]  # (B, N, H, F)
    lobes = lobe(bins - places.unsqueeze(-1))
    amplitude = _powers(magnitude.square(), own, lobes.square()).sqrt()
    phase = partials * (turn * _middles(pitch).cumsum(1).unsqueeze(-1)) + _starts(partials)
    wave = torch.polar(amplitude, phase.to(amplitude.dtype))
    image = wave.conj().unsqueeze(-1) * lobe(bins + places.unsqueeze(-1))
    signs = 1 - 2 * (bins % 2)  # of what lies at the middle of a column, seen from its beginning
    return (wave.unsqueeze(-1) * lobes + image).sum(2) * signs


def _powers(power: Tensor, own: Tensor, lobes: Tensor) -> Tensor:
    """Powers of partials (B, N, H) whose lobes (B, N, H, F) add up, in the bins of each, to the power there, (B, N, F).

    Lobes of low notes overlap; each round shares out again what is there (as Lee and Seung 1999 do).
    """
    there = (own * power.unsqueeze(2)).sum(-1)
    powers = there
    for _ in range(ROUNDS):
        made = (powers.unsqueeze(-1) * lobes).sum(2, keepdim=True)
        powers = powers * there / (own * made).sum(-1).clamp_min(1e-12)
    return powers


def _middles(pitch: Tensor) -> Tensor:
    """Mean pitch between a column and the one before, (B, N)."""
    return (pitch + torch.cat([pitch[:, :1], pitch[:, :-1]], 1)) / 2


def _starts(partials: Tensor) -> Tensor:
    """Phases at the start that let partials neither meet nor cancel (Schroeder 1970), radians."""
    return math.pi * partials.square() / len(partials)
