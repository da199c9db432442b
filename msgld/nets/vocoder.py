"""From log-mel to waveform: magnitudes and phases of a short-time spectrum, predicted column by column.

The body is that of Vocos (Siuzdak 2023): ConvNeXt blocks at the rate of columns, then an inverse transform. The
phases are different. A network that sees only magnitudes answers a steady tone with a steady phase, but the phase of
a tone turns from column to column by an angle that is its frequency, so a steady answer buzzes at the rate of
columns. This network predicts how far the phase of each bin turns, how much of the turned phase is kept, and the phase
that replaces it at an onset. Where it predicts nothing, the phase is random, like that of noise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated, ClassVar

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from msgld.dsp.stft import fast_griffin_lim, istft
from msgld.nets.convnext import Columns
from msgld.nets.harmonics import harmonics
from msgld.nets.phases import Prediction, beginnings, carry, held_on, noise_like
from msgld.registry import register
from msgld.schema import Between, Depth, Grid, Size, same

Mels = Float[Tensor, "B M N"]

PITCHED = 32
"""Lowest bins, up to 690 Hz, which are made of partials if the pitch is known."""


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


@register("vocoder", "vocoder", VocoderConfig)
class Vocoder(Columns):
    """Log-mel -> waveform.

    The buffer ``spread`` (F, M) divides the energy of a band among its bins; it is set from the filter bank
    when training starts and stored with the weights. A silent log-mel gives less than -90 dBFS.
    """

    takes_pitch: ClassVar[bool] = True
    spread: Tensor

    def __init__(self, config: VocoderConfig) -> None:
        sizes = config.width, config.depth, config.hidden, config.kernel
        super().__init__(config.bands, *sizes, 3 * config.bins + 2 * config.held)
        self.config = config
        self.register_buffer("spread", torch.full((config.bins, config.bands), 1 / config.bins))

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
        parts = self.columns(mels).split([bins, bins, bins, held, held], dim=-1)
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


def own_turn(config: VocoderConfig, device: torch.device) -> Float[Tensor, "F"]:
    """Phase advance of a sinusoid at the middle of each bin from column to column, radians."""
    k = torch.arange(config.bins, device=device)
    return 2 * math.pi / config.n_fft * (k * config.hop % config.n_fft)
