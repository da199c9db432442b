"""The multichannel Wiener filter: in stereo songs, panning separates stems better than masks do.

A stem's part of a bin is y_s = v_s R_s (sum_r v_r R_r)^-1 x, with the mixture x (2,), the stem's power v_s over time
and its spatial covariance R_s of left and right, one a bin (Duong, Vincent & Gribonval 2010, "Under-determined
reverberant audio source separation using a full-rank spatial covariance model"). Powers come from the model, as in
Nugraha, Liutkus & Vincent 2016, "Multichannel audio source separation with deep neural networks"; covariances are
estimated from the masked stems, and then from the filtered ones. Stems that are panned apart are separated by their
covariances; stems at one place by their powers alone, as masks do it. Whatever the covariances, the stems sum to the
mixture.

The model is often wrong about soft stems, and a wrong mask yields another stem's covariance. So columns in which a stem
is nearly alone count most, and where a stem has little energy its covariance falls back to the mixture's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

ROUNDS = 2
"""Times that covariances are estimated."""

MIXTURE_WEIGHT = 0.03
"""Weight of the mixture's covariance in a bin, which is added to every stem's."""

DIFFUSE = 1e-4
"""Fraction of the mixture's energy that is added to every stem's covariance as diffuse sound; it keeps them regular."""

POWER_EXPONENT = 0.4
"""Exponent of a stem's energy fraction in a bin, as its power. A mask is 1/2; smaller values flatten it."""

ALONE_EXPONENT = 2
"""Exponent of the same fraction as a weight of a column in the covariance."""

SILENCE = 1e-14
"""Power that is always there, so that silence has fractions and directions (a sinusoid of amplitude 1 has 1)."""

LEAST = 1e-7
"""Energy fraction that every stem has at least, so that no bin divides by 0."""

HIGHEST = 9000.0
"""Hertz up to which the filter is used: above it masks do as well."""

STRIDE = 4
"""Every so many columns one counts for the covariances: neighbouring windows see nearly the same samples."""


@dataclass(frozen=True)
class Covariance:
    """Hermitian matrices of left and right: (..., N, F) of sounds, or (..., F) of their sums over time.

    Attributes:
        left: its power.
        right: its power.
        cross: left times the conjugate of right, complex.
    """

    left: Tensor
    right: Tensor
    cross: Tensor

    @staticmethod
    def of(sound: Tensor) -> Covariance:
        """Of spectra (..., 2, N, F), complex."""
        left, right = sound.unbind(-3)
        return Covariance(_power(left), _power(right), left * right.conj())

    @property
    def energy(self) -> Tensor:
        """Power, the mean over the channels."""
        return (self.left + self.right) / 2

    def summed(self, weights: Tensor | None = None) -> Covariance:
        """Sum over time, (..., F), with weights (..., N, F)."""
        parts = (self.left, self.right, self.cross)
        left, right, cross = ((p if weights is None else weights * p).sum(-2) for p in parts)
        return Covariance(left, right, cross)

    def direction(self, mixture: Covariance) -> Covariance:
        """With the mixture's covariance and diffuse sound added, and scaled to an energy of 1."""
        floor = DIFFUSE * mixture.energy + SILENCE
        left = self.left + MIXTURE_WEIGHT * mixture.left + floor
        right = self.right + MIXTURE_WEIGHT * mixture.right + floor
        cross = self.cross + MIXTURE_WEIGHT * mixture.cross
        scale = 2 / (left + right)
        return Covariance(left * scale, right * scale, cross * scale)


def wiener_filter(spectrum: Tensor, masks: Tensor, directions: Sequence[Covariance]) -> Tensor:
    """Stems of a stereo mixture.

    Args:
        spectrum: complex (2, F, N), a sinusoid of amplitude 1 being 1.
        masks: of amplitude, (S, 2 or 1, F, N), at least 0.
        directions: of the stems, from :func:`covariances`.

    Returns:
        Complex (S - 1, 2, F, N); the last stem is the rest of the mixture.
    """
    mixture = spectrum.mT
    powers = [fraction**POWER_EXPONENT for fraction in _energy_fractions(mixture, masks.mT)]
    return _stems(mixture, powers, directions, len(masks) - 1).mT


@torch.no_grad()
def covariances(spectrum: Tensor, masks: Tensor) -> list[Covariance]:
    """The direction of each stem in each bin, (F,); networks learn through the powers alone.

    Args:
        spectrum: as for :func:`wiener_filter`, every ``STRIDE`` th column.
        masks: of the same columns.
    """
    mixture, masks = spectrum.mT, masks.mT
    fractions = _energy_fractions(mixture, masks)
    return _directions(mixture, masks, fractions, [fraction**POWER_EXPONENT for fraction in fractions])


def _energy_fractions(mixture: Tensor, masks: Tensor) -> list[Tensor]:
    """Energy of each masked stem over the mixture's, (N, F)."""
    left, right = (_power(channel) for channel in mixture)
    scale = 1 / (left + right + SILENCE)
    left, right = left * scale, right * scale
    return [own[0].square() * left + own[-1].square() * right + LEAST for own in masks]


def _directions(
    mixture: Tensor, masks: Tensor, fractions: list[Tensor], powers: list[Tensor]
) -> list[Covariance]:
    """The covariance of each stem, (F,), from energy fractions and powers (N, F) of the masked stems."""
    columns = Covariance.of(mixture)
    whole, energy = columns.summed(), columns.energy + SILENCE
    stems: Tensor = masks * mixture
    found: list[Covariance] = []
    for number in range(ROUNDS):
        owns = [Covariance.of(stem) for stem in stems]
        if number:
            fractions = [(own.energy / energy).clamp_max(1) for own in owns]
        found = [
            own.summed(fraction**ALONE_EXPONENT).direction(whole)
            for own, fraction in zip(owns, fractions, strict=True)
        ]
        if number + 1 < ROUNDS:
            stems = _stems(mixture, powers, found, len(found))
    return found


def _stems(mixture: Tensor, powers: list[Tensor], directions: Sequence[Covariance], count: int) -> Tensor:
    """The first ``count`` stems (count, 2, N, F) of a mixture (2, N, F)."""
    left, right, cross = (torch.zeros_like(part) for part in (powers[0], powers[0], mixture[0]))
    for power, direction in zip(powers, directions, strict=True):
        left.addcmul_(power, direction.left)
        right.addcmul_(power, direction.right)
        cross.addcmul_(power.to(cross), direction.cross)
    scale = 1 / (left * right - _power(cross))
    one = (right * mixture[0] - cross * mixture[1]) * scale
    other = (left * mixture[1] - cross.conj() * mixture[0]) * scale
    stems = torch.empty((count, *mixture.shape), dtype=mixture.dtype, device=mixture.device)
    for k in range(count):
        power, direction = powers[k], directions[k]
        stems[k, 0] = (one * direction.left).addcmul_(other, direction.cross) * power
        stems[k, 1] = (other * direction.right).addcmul_(one, direction.cross.conj()) * power
    return stems


def _power(values: Tensor) -> Tensor:
    return values.real.square().addcmul_(values.imag, values.imag)
