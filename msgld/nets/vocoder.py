"""From log-mel to waveform: magnitudes and phases of a short-time spectrum, predicted column by column.

The body is Vocos' (Siuzdak 2023): ConvNeXt blocks at the rate of columns, then an inverse transform. The
phases are got otherwise. A network that sees magnitudes alone answers a steady tone with a steady phase, but
a tone's phase turns from column to column, by an angle that is its frequency; so a steady answer buzzes at
the rate of columns. Here the network predicts how far each bin's phase turns, how much of the turned phase is
kept, and what replaces it where something new begins; where it knows nothing, the phase is random, as that of
noise is.

What replaces it may do so only where something begins: a steady answer, mixed in column by column, would pull every
tone near a multiple of the rate of columns (86 Hz) to it, as a clock pulls another one on the same wall.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from msgld.dsp.stft import fast_griffin_lim, istft, unit
from msgld.nets.convnext import Block
from msgld.nets.harmonics import harmonics
from msgld.registry import register
from msgld.schema import Between, Depth, Grid, Size, same

RISE, SLOPE = 6.0, 1.0
"""Decibels by which a bin grows from one column to the next where something begins, and how gradually that is so."""

REST = 0.25
"""Share of what the network would not keep that is not kept elsewhere, either."""

PITCHED = 32
"""Lowest bins, up to 690 Hz, which are made of partials where the pitch is known."""

LEAST = 0.1
"""Sums of phases shorter than this are left short: their direction is chance, as their gradient would be."""


@dataclass(frozen=True)
class VocoderConfig:
    """Size of the network and the grid of its spectra.

    Attributes:
        bands: mel bands of the input.
        n_fft, hop: the short-time transform, in samples.
        floor: amplitude that the log-mel takes for silence.
        width, depth, hidden, kernel: of the ConvNeXt blocks.
        held: lowest bins, in which phases may be carried on from the column before.
        rounds: of Griffin-Lim after the network, when not training.
        magnitudes: whether bands add up magnitudes, with a hard floor; else they add up power, with a smooth one.
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
    """What the network says of each bin and column.

    Attributes:
        correction: natural log of the magnitude relative to the bands', (B, N, F).
        turn: radians beyond the bin's own turn from the column before, (B, N, held).
        keep: share of the turned phase that is kept, 0 to 1, (B, N, held).
        onset: complex, what replaces it; weighs against noise of variance 1, (B, N, F).
    """

    correction: Tensor
    turn: Tensor
    keep: Tensor
    onset: Tensor


@register("vocoder", "vocoder", VocoderConfig)
class Vocoder(nn.Module):
    """Log-mel (B, M, N) -> waveform (B, N * hop).

    The buffer ``spread`` (F, M) shares what a band holds out among its bins; it is set from the filter bank
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

    def set_bands(self, weights: Tensor, gains: Tensor | None = None) -> None:
        """Say which bins the bands are made of.

        Args:
            weights: (M, F) of the filter bank.
            gains: (M,), what a band's mean is multiplied by where it is not that of a spectrum in which a sinusoid of
                amplitude 1 has magnitude 1.
        """
        spread = weights / weights.sum(1, keepdim=True)
        self.spread.copy_((spread if gains is None else spread * gains[:, None]).T)

    def predict(self, mels: Tensor) -> Prediction:
        """Log-mels (B, M, N) -> what is known of each bin and column."""
        bins, held = self.config.bins, self.config.held
        x = self.inward((mels + 5) / 2).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        parts = self.outward(self.norm(x)).float().split([bins, bins, bins, held, held], dim=-1)
        correction, real, imag, turn, keep = parts
        return Prediction(correction, turn, keep.sigmoid(), torch.complex(real, imag))

    def magnitude(self, mels: Tensor, correction: Tensor) -> Tensor:
        """Linear magnitudes (B, N, F): what the bands hold shared out, times exp(correction), at most 20 dB."""
        return self._shared(mels.float()).transpose(1, 2) * torch.exp(2.3 * torch.tanh(correction / 2.3))

    def _shared(self, mels: Tensor) -> Tensor:
        """Magnitudes (B, F, N) as smooth as the bands are."""
        if self.config.magnitudes:
            return (self.spread @ (torch.exp(mels) - self.config.floor).clamp_min(0)).clamp_min(1e-7)
        power = (torch.exp(2 * mels) - self.config.floor**2).clamp_min(0)
        return (self.spread @ power).clamp_min(1e-14).sqrt()

    def spectrum(self, mels: Tensor, pitch: Tensor | None = None) -> Tensor:
        """Log-mels (B, M, N) -> complex spectra (B, F, N); ``pitch`` as for :meth:`forward`."""
        spectra = self.spectrum_of(mels, self.predict(mels))
        if pitch is None:
            return spectra
        turn = 2 * math.pi * self.config.hop / self.config.n_fft
        low = harmonics(spectra[:, :PITCHED].abs().transpose(1, 2), pitch, turn)
        return torch.cat([low.transpose(1, 2), spectra[:, PITCHED:]], 1)

    def spectrum_of(self, mels: Tensor, said: Prediction) -> Tensor:
        """What is said of log-mels (B, M, N) -> complex spectra (B, F, N)."""
        magnitude = self.magnitude(mels, said.correction)
        said = held_on(said, beginnings(magnitude[..., : self.config.held].detach()))
        phase = carry(said, own_turn(self.config, mels.device), noise_like(said.onset))
        return (magnitude * phase).transpose(1, 2)

    def forward(self, mels: Tensor, pitch: Tensor | None = None) -> Tensor:
        """Log-mels (B, M, N) in nepers -> waveforms (B, N * hop); the same input gives the same waveform.

        Args:
            pitch: fundamental of each column, (B, N), in bins, where more is known of it than one column shows.
        """
        spectra = self.spectrum(mels, pitch)
        config = self.config
        if not self.training:
            spectra = fast_griffin_lim(spectra, config.n_fft, config.hop, config.rounds)
        return istft(spectra, config.n_fft, config.hop)

    def settings(self) -> dict[str, Any]:
        """What a checkpoint's JSON says of this network."""
        return {"kind": "vocoder", **asdict(self.config)}


def noise_like(like: Tensor) -> Tensor:
    """Complex Gaussian noise (B, N, F), variance 1, the same in every item and call, column by column."""
    generator = torch.Generator().manual_seed(0)
    parts = torch.randn(like.shape[1], 2, like.shape[2], generator=generator).to(like.device) / math.sqrt(2)
    return torch.complex(parts[:, 0], parts[:, 1]).expand_as(like)


def own_turn(config: VocoderConfig, device: torch.device) -> Tensor:
    """How far a sinusoid at the middle of each bin turns from column to column, radians (F,)."""
    k = torch.arange(config.bins, device=device)
    return 2 * math.pi / config.n_fft * (k * config.hop % config.n_fft)


def beginnings(magnitude: Tensor) -> Tensor:
    """Where something begins, 0 to 1, of magnitudes (B, N, F): where they grow. The first column is a beginning."""
    loudness = 20 * torch.log10(magnitude + 1e-5)
    before = F.pad(loudness[:, :-1], (0, 0, 1, 0), value=-200.0)
    return torch.sigmoid((loudness - before - RISE) / SLOPE)


def held_on(said: Prediction, begins: Tensor) -> Prediction:
    """What is said, with phases that are replaced where something begins, and nearly kept elsewhere.

    Args:
        begins: 0 to 1, (B, N, held). Of bins that are not held nothing changes.
    """
    held = begins.shape[-1]
    onset = torch.cat([said.onset[..., :held] * begins, said.onset[..., held:]], -1)
    return replace(said, keep=1 - (1 - said.keep) * (REST + (1 - REST) * begins), onset=onset)


def carry(said: Prediction, own: Tensor, noise: Tensor) -> Tensor:
    """Phases as complex numbers of magnitude 1, (B, N, F).

    u[n] = unit(keep u[n - 1] exp(i (own + turn)) + (1 - keep) (onset + noise)). Adjacent bins of
    what lies at the middle of a column have opposite signs. They are put in last, so that a click is an onset
    which is the same in all bins.
    """
    held = said.keep.shape[-1]
    fresh = said.onset + noise
    step = torch.polar(said.keep, said.turn + own[:held])
    mixed = (1 - said.keep) * fresh[..., :held]
    low = _recur(step.unbind(1), mixed.unbind(1), unit(fresh[:, 0, :held], LEAST))
    phase = torch.cat([low, unit(fresh[..., held:], LEAST)], dim=-1)
    return phase * (1 - 2 * (torch.arange(len(own), device=own.device) % 2))


def _recur(steps: tuple[Tensor, ...], inputs: tuple[Tensor, ...], first: Tensor) -> Tensor:
    states = [first]
    for step, new in zip(steps[1:], inputs[1:], strict=True):
        states.append(unit(step * states[-1] + new, LEAST))
    return torch.stack(states, dim=1)
