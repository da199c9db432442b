"""Audio -> short-time spectrum -> log-mel, and the matrices between bins of a spectrum and bands.

Powers, not waveforms, are averaged over channels, so that a stem panned hard, or out of phase between the
channels, is seen as loud as it is.

There are two kinds of analysis. ``power`` adds up power in bands with peak 1 and has a smooth floor; amplitudes
are those of sinusoids. ``magnitude`` is the front end of AudioLDM (Liu et al. 2023), whose autoencoder and vocoder need
it: it adds up magnitudes in bands of equal area and clips at the floor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal, get_args

import numpy as np
import torch
from torch import Tensor

from msgld.dsp.stft import constant, stft
from msgld.schema import Between

Kind = Literal["power", "magnitude"]
KINDS = get_args(Kind)


_BLOCK = 64  # columns of a block of a banded matrix: fewer are less work, more are fewer products


@dataclass(frozen=True)
class MelConfig:
    """The analysis grid of a model.

    Attributes:
        rate: samples per second.
        n_fft: length of the Hann window and of the transform, in samples.
        hop: samples from one column to the next.
        bands: mel bands.
        fmin: lower edge of the lowest band in hertz.
        fmax: upper edge of the highest band in hertz.
        floor: amplitude below which a band counts as silence (a sinusoid of amplitude 1 gives about 1 in the kind
            ``power``).
        kind: ``power`` or ``magnitude``, see the top of this file.
    """

    rate: Annotated[int, Between(8000, 192_000)] = 44_100
    n_fft: Annotated[int, Between(64, 16_384, 2)] = 2048
    hop: Annotated[int, Between(16, 8192)] = 512
    bands: Annotated[int, Between(4, 1024)] = 128
    fmin: Annotated[float, Between(0, 96_000)] = 20.0
    fmax: Annotated[float, Between(1, 96_000)] = 22_050.0
    floor: Annotated[float, Between(1e-9, 0.1)] = 1e-4
    kind: Kind = "power"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"a mel spectrum is of kind {' or '.join(KINDS)}, not {self.kind!r}")

    def check(self) -> None:
        """Raise ValueError where a model cannot have this grid; a picture may."""
        if not self.fmin < self.fmax <= self.rate / 2:
            raise ValueError(f"bands from {self.fmin:g} to {self.fmax:g} Hz do not fit a rate of {self.rate}")
        if not 3 * self.hop <= self.n_fft <= 16 * self.hop:
            raise ValueError(f"n_fft has to be 3 to 16 hops, not {self.n_fft} with a hop of {self.hop}")
        if 4 * self.n_fft > self.rate or 2000 * self.hop < self.rate:
            raise ValueError(
                "n_fft has to be a quarter of a second at most, and a hop half a millisecond at least"
            )


AUDIOLDM = MelConfig(16_000, 1024, 160, 64, fmin=0.0, fmax=8000.0, floor=1e-5, kind="magnitude")
"""The grid of AudioLDM's autoencoder and vocoder, on which the published system stands."""


def hz_to_mel(hertz: np.ndarray) -> np.ndarray:
    """Slaney's scale: linear to 1 kHz (3 mel every 200 Hz), logarithmic above (27 mel a factor of 6.4)."""
    hertz = np.asarray(hertz, dtype=np.float64)
    above = 15 + 27 * np.log(np.maximum(hertz, 1.0) / 1000) / np.log(6.4)
    return np.where(hertz < 1000, hertz * 3 / 200, above)


def mel_to_hz(mel: np.ndarray) -> np.ndarray:
    """Inverse of :func:`hz_to_mel`."""
    mel = np.asarray(mel, dtype=np.float64)
    return np.where(mel < 15, mel * 200 / 3, 1000 * np.exp((mel - 15) * np.log(6.4) / 27))


def band_edges(config: MelConfig) -> np.ndarray:
    """Lower edge, centre and upper edge of every band in hertz, float64 (M, 3)."""
    lowest, highest = hz_to_mel(np.array([config.fmin, config.fmax]))
    points = np.linspace(lowest, highest, config.bands + 2)
    hertz = mel_to_hz(points)
    return np.stack([hertz[:-2], hertz[1:-1], hertz[2:]], axis=1)


def triangles(edges: np.ndarray, hertz: np.ndarray) -> np.ndarray:
    """Triangular weights with peak 1 of bands (M, 3) at frequencies (F,): float64 (M, F)."""
    low, centre, high = (edges[:, i : i + 1] for i in range(3))
    up = (hertz - low) / (centre - low)
    down = (high - hertz) / (high - centre)
    return np.maximum(0.0, np.minimum(up, down))


def spread_over_bins(edges: np.ndarray, rate: int, n_fft: int) -> Tensor:
    """Weights with which bands (M, 3) make up bins: float32 (F, M), rows sum to 1, linear between the centres.

    Beyond the first and the last centre their bands hold.
    """
    hertz = np.clip(np.arange(n_fft // 2 + 1) * rate / n_fft, edges[0, 1], edges[-1, 1])
    weights = triangles(edges, hertz)
    return torch.from_numpy(weights / weights.sum(0)).float().T.contiguous()


@constant
def filterbank(config: MelConfig) -> Tensor:
    """Weights of the bands over the bins of the linear spectrum, float32 (M, F).

    Triangles of peak 1, or in the kind ``magnitude`` of area 1 in hertz (Slaney 1998).
    """
    hertz = np.arange(config.n_fft // 2 + 1) * config.rate / config.n_fft
    edges = band_edges(config)
    weights = triangles(edges, hertz)
    if config.kind == "magnitude":
        weights = weights * 2 / (edges[:, 2:] - edges[:, :1])
    return torch.from_numpy(weights).float()


@dataclass(frozen=True)
class Banded:
    """A matrix (I, O) whose columns are 0 but for a stretch, as where neighbouring bins make up each band.

    Attributes:
        blocks: of its columns: (first row that is not 0 in all of them, rows from there to the last such one).
    """

    blocks: tuple[tuple[int, Tensor], ...]

    @classmethod
    def of(cls, matrix: Tensor) -> Banded:
        """Take a matrix apart. Its blocks can be trained through if it can, in inference mode, too."""
        with torch.inference_mode(False):
            return cls(tuple(_rows(block) for block in matrix.split(_BLOCK, 1)))

    def __call__(self, x: Tensor) -> Tensor:
        """x (..., I) @ matrix -> (..., O)."""
        parts = [x[..., first : first + len(block)] @ block.to(x) for first, block in self.blocks]
        return torch.cat(parts, -1)


def _rows(block: Tensor) -> tuple[int, Tensor]:
    """The first row that is not 0, and those up to the last such one; one row at least."""
    there = block.any(1).nonzero().flatten().tolist() or [0]
    first, last = there[0], there[-1]
    return first, block[first : last + 1].contiguous()


def product(a: Tensor, b: Tensor) -> Tensor:
    """Real part of complex ``a`` times the conjugate of ``b``."""
    # Several times faster than a sum over an axis of two.
    return torch.addcmul(a.real * b.real, a.imag, b.imag)


def columns(samples: int, config: MelConfig) -> int:
    """Columns of :func:`spectrum` for a waveform of that many samples."""
    return samples // config.hop


def spectrum(audio: Tensor, config: MelConfig) -> Tensor:
    """Short-time spectrum (..., L) -> complex (..., F, N), N = L // hop, as :func:`msgld.dsp.stft.stft` has it.

    In the kind ``magnitude`` it is not scaled, and the ends are mirrored.
    """
    plain = config.kind == "magnitude"
    return stft(audio, config.n_fft, config.hop, mirrored=plain, scaled=not plain)


def band_power(power: Tensor, config: MelConfig) -> Tensor:
    """Sum a linear power spectrum (..., F, N) into bands (..., M, N).

    In the kind ``magnitude`` it is magnitudes that are summed; the result is the square of their sum.
    """
    weights = filterbank(config).to(power.device, power.dtype)
    if config.kind == "magnitude":
        # The root has no slope at 0, so it begins a little above, far below any floor.
        return torch.einsum("mf,...fn->...mn", weights, power.clamp_min(1e-20).sqrt()).square()
    return torch.einsum("mf,...fn->...mn", weights, power)


def to_log(power: Tensor, config: MelConfig) -> Tensor:
    """Band power -> log amplitude in nepers: 0.5 ln(p + floor^2), or 0.5 ln(max(p, floor^2)) of magnitudes."""
    if config.kind == "magnitude":
        return 0.5 * torch.log(power.clamp_min(config.floor**2))
    return 0.5 * torch.log(power.clamp_min(0) + config.floor**2)


def from_log(log_mel: Tensor, config: MelConfig) -> Tensor:
    """Inverse of :func:`to_log`; values at the floor or below become 0."""
    power = torch.exp(2 * log_mel)
    if config.kind == "magnitude":
        return torch.where(power > config.floor**2 * (1 + 1e-4), power, 0.0)
    return (power - config.floor**2).clamp_min(0)


def log_mel(audio: Tensor, config: MelConfig) -> Tensor:
    """Waveforms (..., channels, L) -> log-mel (..., M, N), powers averaged over the channels."""
    power = spectrum(audio, config).abs().square().mean(-3)
    return to_log(band_power(power, config), config)
