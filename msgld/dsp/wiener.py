"""The multichannel Wiener filter: of stereo songs, where a stem stands says more than masks do.

A stem's part of a bin is y_s = v_s R_s (sum_r v_r R_r)^-1 x, with the mixture x (2,), the stem's power v_s over time
and its covariance of left and right R_s, one a bin (Duong, Vincent & Gribonval 2010, "Under-determined reverberant
audio source separation using a full-rank spatial covariance model"). Powers come from the model, as in Nugraha, Liutkus
& Vincent 2016, "Multichannel audio source separation with deep neural networks"; covariances from what the masks cut
out, and then from what the filter cuts out. Stems at places of their own are told apart by them, stems at one place by
their powers alone, as masks do it. Whatever the covariances, the stems sum to the mixture.

The model is often wrong about soft stems, and a wrong mask shows where another stem stands. So covariances are counted
from where a stem is nearly alone, and a stem of which little is heard in a bin is believed to stand where the mixture
does.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

ROUNDS = 2
"""Times that covariances are estimated."""

PRIOR = 0.03
"""So much of the mixture's covariance in a bin is added to every stem's."""

WIDTH = 1e-4
"""So much of the mixture's energy comes from everywhere in every stem: none stands at a point."""

HEDGE = 0.4
"""Exponent of a stem's share of a bin's energy: below 1/2 it commits itself less than a mask does."""

ALONE = 2
"""Exponent of the same share as a weight of what counts for a covariance."""

SILENCE = 1e-14
"""Power that is always there, so that silence has shares and directions (a sinusoid of amplitude 1 has 1)."""

LEAST = 1e-7
"""Share of every stem, so that something of each is there to be divided by."""

HIGHEST = 9000.0
"""Hertz up to which stems are told apart by where they stand: above it masks do as well."""

STRIDE = 4
"""Of every so many columns one counts for the covariances: the next ones hear nearly the same samples."""


@dataclass(frozen=True)
class Covariance:
    """Hermitian matrices of left and right: (..., T, F) of sounds, or (..., F) of their sums over time.

    Attributes:
        left, right: powers. cross: left times the conjugate of right, complex.
    """

    left: Tensor
    right: Tensor
    cross: Tensor

    @staticmethod
    def of(sound: Tensor) -> Covariance:
        """Of complex (..., 2, T, F)."""
        left, right = sound.unbind(-3)
        return Covariance(_power(left), _power(right), left * right.conj())

    @property
    def energy(self) -> Tensor:
        """Mean over the channels."""
        return (self.left + self.right) / 2

    def summed(self, weights: Tensor | None = None) -> Covariance:
        """Over time, (..., F)."""
        parts = (self.left, self.right, self.cross)
        left, right, cross = ((p if weights is None else weights * p).sum(-2) for p in parts)
        return Covariance(left, right, cross)

    def direction(self, mixture: Covariance) -> Covariance:
        """With what is believed beforehand, and an energy of 1."""
        floor = WIDTH * mixture.energy + SILENCE
        left = self.left + PRIOR * mixture.left + floor
        right = self.right + PRIOR * mixture.right + floor
        cross = self.cross + PRIOR * mixture.cross
        scale = 2 / (left + right)
        return Covariance(left * scale, right * scale, cross * scale)


def filtered(spectrum: Tensor, masks: Tensor) -> Tensor:
    """Stems of a stereo mixture, of which masks are first guesses.

    Args:
        spectrum: complex (2, F, T), a sinusoid of amplitude 1 being 1.
        masks: of amplitude, (S, 2 or 1, F, T), at least 0.

    Returns:
        Complex (S - 1, 2, F, T); the last stem is what they leave of the mixture.
    """
    mixture, masks = spectrum.mT, masks.mT
    shares = _shares(mixture, masks)
    powers = [share**HEDGE for share in shares]
    directions = _directions(
        mixture[:, ::STRIDE],
        masks[:, :, ::STRIDE],
        [share[::STRIDE] for share in shares],
        [power[::STRIDE] for power in powers],
    )
    return _wiener(mixture, powers, directions, len(masks) - 1).mT


def _shares(mixture: Tensor, masks: Tensor) -> list[Tensor]:
    """What part of the mixture's energy masks cut out, (T, F) of each stem."""
    left, right = (_power(channel) for channel in mixture)
    scale = 1 / (left + right + SILENCE)
    left, right = left * scale, right * scale
    return [own[0].square() * left + own[-1].square() * right + LEAST for own in masks]


def _directions(
    mixture: Tensor, masks: Tensor, shares: list[Tensor], powers: list[Tensor]
) -> list[Covariance]:
    """The covariance of each stem, (F,); shares and powers (T, F) of each are those of the masks."""
    heard = Covariance.of(mixture)
    whole, energy = heard.summed(), heard.energy + SILENCE
    stems: Tensor = masks * mixture
    found = []
    for number in range(ROUNDS):
        owns = [Covariance.of(stem) for stem in stems]
        if number:
            shares = [(own.energy / energy).clamp_max(1) for own in owns]
        found = [own.summed(share**ALONE).direction(whole) for own, share in zip(owns, shares, strict=True)]
        if number + 1 < ROUNDS:
            stems = _wiener(mixture, powers, found, len(found))
    return found


def _wiener(mixture: Tensor, powers: list[Tensor], places: list[Covariance], count: int) -> Tensor:
    """The first ``count`` stems (count, 2, T, F) of a mixture (2, T, F)."""
    left, right, cross = (torch.zeros_like(part) for part in (powers[0], powers[0], mixture[0]))
    for power, place in zip(powers, places, strict=True):
        left.addcmul_(power, place.left)
        right.addcmul_(power, place.right)
        cross.addcmul_(power.to(cross), place.cross)
    scale = 1 / (left * right - _power(cross))
    one = (right * mixture[0] - cross * mixture[1]) * scale
    other = (left * mixture[1] - cross.conj() * mixture[0]) * scale
    stems = torch.empty((count, *mixture.shape), dtype=mixture.dtype, device=mixture.device)
    for stem, power, place in zip(stems, powers, places, strict=False):
        stem[0] = (one * place.left).addcmul_(other, place.cross).mul_(power)
        stem[1] = (other * place.right).addcmul_(one, place.cross.conj()).mul_(power)
    return stems


def _power(values: Tensor) -> Tensor:
    return values.real.square().addcmul_(values.imag, values.imag)
