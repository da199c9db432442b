"""Discriminators for a vocoder: do these spectra come from music or from a network?"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from msgld.dsp.stft import stft

Wave = Float[Tensor, "B L"]

Verdict = tuple[Float[Tensor, "B 1 bins columns"], list[Tensor]]
"""How real a spectrum looks, and the features of each layer."""


@dataclass(frozen=True)
class DiscriminatorConfig:
    """Size of the discriminators.

    Attributes:
        windows: transform lengths, one discriminator each; the hop is a quarter.
        channels: of the convolutions.
        depth: convolutions that halve the frequency axis.
    """

    windows: tuple[int, ...] = (2048, 1024, 512)
    channels: int = 16
    depth: int = 4


class SpectrumDiscriminator(nn.Module):
    """Convolutions over a complex spectrum (Defossez et al. 2022, section 3.4, made small)."""

    def __init__(self, n_fft: int, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.n_fft = n_fft
        channels = config.channels
        sizes = [2] + [channels] * (config.depth - 1)
        self.layers = nn.ModuleList(nn.Conv2d(size, channels, (5, 3), (2, 1), (2, 1)) for size in sizes)
        self.verdict = nn.Conv2d(channels, 1, 3, padding=1)

    def forward(self, audio: Wave) -> Verdict:
        """Waveforms -> verdicts, high for real, and the features of each layer."""
        spectra = stft(audio, self.n_fft, self.n_fft // 4)
        # The root of the magnitude brings quiet and loud partials nearer to each other.
        spectra = spectra * (spectra.real.square() + spectra.imag.square() + 1e-8) ** -0.25
        x = torch.stack([spectra.real, spectra.imag], dim=1) * 4
        seen = []
        for layer in self.layers:
            x = F.leaky_relu(layer(x), 0.1)
            seen.append(x)
        return self.verdict(x), seen


class Discriminators(nn.Module):
    """One :class:`SpectrumDiscriminator` a resolution."""

    def __init__(self, config: DiscriminatorConfig) -> None:
        super().__init__()
        self.each = nn.ModuleList(SpectrumDiscriminator(n_fft, config) for n_fft in config.windows)

    def forward(self, audio: Wave) -> list[Verdict]:
        """Waveforms -> verdicts and features of each."""
        return [discriminator(audio) for discriminator in self.each]

    def own_loss(self, real: Wave, made: Wave) -> Float[Tensor, ""]:
        """Hinge loss that teaches the discriminators: real above 1, made below -1."""
        pairs = zip(self(real), self(made.detach()), strict=True)
        losses = [F.relu(1 - a).mean() + F.relu(1 + b).mean() for (a, _), (b, _) in pairs]
        return torch.stack(losses).mean()

    def losses_of(self, real: Wave, made: Wave) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
        """Losses of the vocoder: hinge loss, and relative L1 between the features of real and made."""
        with torch.no_grad():
            wanted = [seen for _, seen in self(real)]
        given = self(made)
        hinge = torch.stack([F.relu(1 - verdict).mean() for verdict, _ in given]).mean()
        pairs = [(a, b) for x, (_, y) in zip(wanted, given, strict=True) for a, b in zip(x, y, strict=True)]
        ratios = [(a - b).abs().mean() / a.abs().mean().clamp_min(1e-4) for a, b in pairs]
        return hinge, torch.stack(ratios).mean()
