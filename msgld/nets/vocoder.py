"""From log-mel to waveform: magnitudes and phases of a short-time spectrum, predicted column by column.

The body is that of Vocos (Siuzdak 2023): ConvNeXt blocks at the rate of columns, then an inverse transform. The
phases are different. A network that sees only magnitudes answers a steady tone with a steady phase, but the phase of
a tone turns from column to column by an angle that is its frequency, so a steady answer buzzes at the rate of
columns. This network predicts how far the phase of each bin turns, how much of the turned phase is kept, and the phase
that replaces it at an onset. Where it predicts nothing, the phase is random, like that of noise.

Phases are replaced at onsets only: a steady answer, mixed in at every column, would pull every tone near a multiple of
the rate of columns (86 Hz) to that multiple.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, ClassVar

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn
from torch.nn import functional as F

from msgld.dsp.stft import fast_griffin_lim, istft, unit
from msgld.nets.convnext import Block
from msgld.nets.harmonics import harmonics
from msgld.registry import register
from msgld.schema import Between, Depth, Grid, Size, same

Mels = Float[Tensor, "B M N"]

RISE, SLOPE = 6.0, 1.0
"""Growth of a bin from one column to the next at an onset, and the width of the transition, in decibels."""

REST = 0.25
"""Fraction of the replacement that remains between onsets."""

PITCHED = 32
"""Lowest bins, up to 690 Hz, which are made of partials if the pitch is known."""

LEAST = 0.1
"""Sums of phases shorter than this are left short: their direction and gradient are arbitrary."""


@dataclass(frozen=True)
class VocoderConfig:
    """Size of the network and the grid of its spectra.

    Attributes:
        bands: mel bands of the input.
        n_fft: window of the short-time transform, in samples.
        hop: of the short-time transform, in samples.
        floor: amplitude that the log-mel takes for silence.
        width: of the ConvNeXt blocks.
        depth: number of blocks.
        hidden: width of their perceptrons.
        kernel: of their convolutions along time, odd.
        held: lowest bins, in which phases are carried on from the column before.
        rounds: of Griffin-Lim after the network, when not training.
        magnitudes: bands add up magnitudes, with a hard floor; otherwise they add up power, with a smooth one.
    """

    bands: Size = 128
    n_fft: Annotated[int, Between(64, 16_384, 2)] = 2048
    hop: Annotated[int, Between(16, 8192)] = 512
    floor: Annotated[float, Between(1e-9, 0.1)] = 1e-4
    width: Size = 384
    depth: Depth = 6
    hidden: Annotated[int, Between(1, 32_768)] = 640
    kernel: Annotated[int, Between(1, 63, 2)] = 7
    held: Size = 384
    rounds: Annotated[int, Between(0, 100)] = 4
    magnitudes: bool = False

    def check(self) -> None:
        """Raise ValueError where more bins are held than there are."""
        if self.held > self.bins:
            raise ValueError(f"held is {self.held}, where a spectrum has {self.bins} bins")

    def check_fit(self, codec: Grid, stems: int) -> None:
        """Raise ValueError unless it plays the log-mels of this codec."""
        mel = codec.mel
        same(
            bands=(self.bands, mel.bands),
            n_fft=(self.n_fft, mel.n_fft),
            hop=(self.hop, mel.hop),
            floor=(self.floor, mel.floor),
            magnitudes=(self.magnitudes, mel.kind == "magnitude"),
        )

    @property
    def bins(self) -> int:
        """Bins of the linear spectrum, F."""
        return self.n_fft // 2 + 1


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


@register("vocoder", "vocoder", VocoderConfig)
class Vocoder(nn.Module):
    """Log-mel -> waveform.

    The buffer ``spread`` (F, M) divides the energy of a band among its bins; it is set from the filter bank
    when training starts and stored with the weights. A silent log-mel gives less than -90 dBFS.
    """

    takes_pitch: ClassVar[bool] = True
    spread: Tensor

    def __init__(self, config: VocoderConfig) -> None:
        super().__init__()
        self.config = config
        width, bins = config.width, config.bins
        self.inward = nn.Conv1d(config.bands, width, config.kernel, padding=config.kernel // 2)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.depth))
        self.norm = nn.LayerNorm(width)
        self.outward = nn.Linear(width, 3 * bins + 2 * config.held)
        nn.init.zeros_(self.outward.weight)
        nn.init.zeros_(self.outward.bias)
        self.register_buffer("spread", torch.full((bins, config.bands), 1 / bins))

    def set_bands(self, weights: Float[Tensor, "M F"], gains: Float[Tensor, "M"] | None = None) -> None:
        """Set the bins of each band.

        Args:
            weights: of the filter bank.
            gains: of the mean of each band, where a sinusoid of amplitude 1 does not have magnitude 1.
        """
        spread = weights / weights.sum(1, keepdim=True)
        self.spread.copy_((spread if gains is None else spread * gains[:, None]).T)

    def predict(self, mels: Mels) -> Prediction:
        """Run the network."""
        bins, held = self.config.bins, self.config.held
        x = self.inward((mels + 5) / 2).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        parts = self.outward(self.norm(x)).float().split([bins, bins, bins, held, held], dim=-1)
        correction, real, imag, turn, keep = parts
        return Prediction(correction, turn, keep.sigmoid(), torch.complex(real, imag))

    def magnitude(self, mels: Mels, correction: Float[Tensor, "B N F"]) -> Float[Tensor, "B N F"]:
        """Linear magnitudes: those of the bands, times exp(correction), which is at most 20 dB."""
        return self._shared(mels.float()).transpose(1, 2) * torch.exp(2.3 * torch.tanh(correction / 2.3))

    def _shared(self, mels: Mels) -> Float[Tensor, "B F N"]:
        """Magnitudes of bins as smooth as the bands."""
        if self.config.magnitudes:
            return (self.spread @ (torch.exp(mels) - self.config.floor).clamp_min(0)).clamp_min(1e-7)
        power = (torch.exp(2 * mels) - self.config.floor**2).clamp_min(0)
        return (self.spread @ power).clamp_min(1e-14).sqrt()

    def spectrum(self, mels: Mels, pitch: Float[Tensor, "B N"] | None = None) -> Complex[Tensor, "B F N"]:
        """Log-mels -> spectra; ``pitch`` as for :meth:`forward`."""
        spectra = self.spectrum_of(mels, self.predict(mels))
        if pitch is None:
            return spectra
        turn = 2 * math.pi * self.config.hop / self.config.n_fft
        low = harmonics(spectra[:, :PITCHED].abs().transpose(1, 2), pitch, turn)
        return torch.cat([low.transpose(1, 2), spectra[:, PITCHED:]], 1)

    def spectrum_of(self, mels: Mels, predicted: Prediction) -> Complex[Tensor, "B F N"]:
        """Prediction for log-mels -> spectra."""
        magnitude = self.magnitude(mels, predicted.correction)
        predicted = held_on(predicted, beginnings(magnitude[..., : self.config.held].detach()))
        phase = carry(predicted, own_turn(self.config, mels.device), noise_like(predicted.onset))
        return (magnitude * phase).transpose(1, 2)

    def forward(
        self, mels: Mels, pitch: Float[Tensor, "B N"] | None = None
    ) -> Float[Tensor, "B N*{self.config.hop}"]:
        """Log-mels -> waveforms; the same input gives the same waveform.

        Args:
            mels: in nepers.
            pitch: fundamental of each column, in bins, if it is known.
        """
        spectra = self.spectrum(mels, pitch)
        config = self.config
        if not self.training:
            spectra = fast_griffin_lim(spectra, config.n_fft, config.hop, config.rounds)
        return istft(spectra, config.n_fft, config.hop)

    def settings(self) -> dict[str, Any]:
        """Settings for the checkpoint's JSON."""
        return {"kind": "vocoder", **asdict(self.config)}


def noise_like(like: Complex[Tensor, "B N F"]) -> Complex[Tensor, "B N F"]:
    """Gaussian noise of variance 1, the same in every item and call, column by column."""
    generator = torch.Generator().manual_seed(0)
    parts = torch.randn(like.shape[1], 2, like.shape[2], generator=generator).to(like.device) / math.sqrt(2)
    return torch.complex(parts[:, 0], parts[:, 1]).expand_as(like)


def own_turn(config: VocoderConfig, device: torch.device) -> Float[Tensor, "F"]:
    """Phase advance of a sinusoid at the middle of each bin from column to column, radians."""
    k = torch.arange(config.bins, device=device)
    return 2 * math.pi / config.n_fft * (k * config.hop % config.n_fft)


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
        own: from :func:`own_turn`.
        noise: from :func:`noise_like`.
    """
    held = predicted.keep.shape[-1]
    fresh = predicted.onset + noise
    step = torch.polar(predicted.keep, predicted.turn + own[:held])
    mixed = (1 - predicted.keep) * fresh[..., :held]
    low = _recur(step.unbind(1), mixed.unbind(1), unit(fresh[:, 0, :held], LEAST))
    phase = torch.cat([low, unit(fresh[..., held:], LEAST)], dim=-1)
    return phase * (1 - 2 * (torch.arange(len(own), device=own.device) % 2))


def _recur(steps: tuple[Tensor, ...], inputs: tuple[Tensor, ...], first: Tensor) -> Tensor:
    states = [first]
    for step, new in zip(steps[1:], inputs[1:], strict=True):
        states.append(unit(step * states[-1] + new, LEAST))
    return torch.stack(states, dim=1)
