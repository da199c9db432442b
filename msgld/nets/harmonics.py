"""The short-time spectrum of a sound whose pitch is known: partials, each a line as wide as the window makes it."""

from __future__ import annotations

import math

import torch
from jaxtyping import Bool, Complex, Float
from torch import Tensor

ROUNDS = 4
"""Iterations that divide the power of overlapping partials."""


def lobe(away: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Spectrum of a Hann window at ``away`` bins from its middle, where it is 1."""
    near = (away.abs() - 1).abs() < 1e-4
    return torch.where(near, 0.5, torch.sinc(away) / torch.where(near, 1.0, 1 - away.square()))


def harmonics(
    magnitude: Float[Tensor, "B N F"], pitch: Float[Tensor, "B N"], turn: float
) -> Complex[Tensor, "B N F"]:
    """Complex spectra of partials with the energy of the magnitudes.

    Phases are those at the middle of a column. Bins count from 0, and a sinusoid of amplitude 1 has magnitude 1 at
    its own bin. Each partial takes the energy of the bins nearest to it.

    Args:
        magnitude: of the lowest bins.
        pitch: fundamental of each column, in bins, above 0.
        turn: phase advance of a sinusoid in the middle of bin 1 from column to column, radians.
    """
    bins = torch.arange(magnitude.shape[-1], device=pitch.device, dtype=pitch.dtype)
    partials = torch.arange(1, math.ceil(len(bins) / float(pitch.min())) + 1, device=pitch.device)
    places = pitch.unsqueeze(-1) * partials  # (B, N, H)
    nearest = (bins / pitch.unsqueeze(-1)).round().clamp_min(1)  # (B, N, F)
    own = nearest.unsqueeze(2) == partials[:, None]  # (B, N, H, F)
    lobes = lobe(bins - places.unsqueeze(-1))
    amplitude = _powers(magnitude.square(), own, lobes.square()).sqrt()
    middles = (pitch + torch.cat([pitch[:, :1], pitch[:, :-1]], 1)) / 2  # between a column and the one before
    # Starts that let partials neither meet nor cancel (Schroeder 1970).
    starts = math.pi * partials.square() / len(partials)
    phase = partials * (turn * middles.cumsum(1).unsqueeze(-1)) + starts
    wave = torch.polar(amplitude, phase.to(amplitude.dtype))
    image = wave.conj().unsqueeze(-1) * lobe(bins + places.unsqueeze(-1))
    signs = 1 - 2 * (bins % 2)  # phases at the middle of a column, seen from its beginning
    return (wave.unsqueeze(-1) * lobes + image).sum(2) * signs


def _powers(
    power: Float[Tensor, "B N F"], own: Bool[Tensor, "B N H F"], lobes: Float[Tensor, "B N H F"]
) -> Float[Tensor, "B N H"]:
    """Powers of partials whose lobes add up, in the bins of each, to the power there.

    Lobes of low notes overlap; each round divides the power again (as Lee and Seung 1999 do).
    """
    there = (own * power.unsqueeze(2)).sum(-1)
    powers = there
    for _ in range(ROUNDS):
        made = (powers.unsqueeze(-1) * lobes).sum(2, keepdim=True)
        powers = powers * there / (own * made).sum(-1).clamp_min(1e-12)
    return powers
