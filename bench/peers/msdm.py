"""MSDM (Mariani et al. 2024, arXiv:2302.02257): one diffusion of the waveforms of all stems.

Stems are the channels of a 1-D U-Net from the package that it was built on, ``audio-diffusion-pytorch`` 0.0.43.
Separation, generation and imputation are one Euler integration of the probability-flow ODE dx = -sigma score dsigma
with different rules for what the score is; all of it is written from the paper's equations.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from peers.waves import WavePeer, half

RATE = 22_050
"""Samples per second, mono, as published."""

SIGMA_DATA = 0.1
"""Standard deviation of a stem's samples, about that of mixtures at -20 dBFS."""

SIGMA_MIN, SIGMA_MAX, RHO = 1e-4, 3.0, 9.0
"""Of the schedule of noise levels (Karras et al. 2022, eq. 5)."""

Denoise = Callable[[Tensor, float], Tensor]
"""Noisy stems (B, S, L) and their noise level -> the expected clean ones."""


def noise_levels(steps: int) -> list[float]:
    """From ``SIGMA_MAX`` down to ``SIGMA_MIN`` in so many levels, then 0."""
    low, high = SIGMA_MIN ** (1 / RHO), SIGMA_MAX ** (1 / RHO)
    shares = torch.linspace(0, 1, steps, dtype=torch.float64)
    return [*((high + shares * (low - high)) ** RHO).tolist(), 0.0]


def score(denoise: Denoise, x: Tensor, sigma: float) -> Tensor:
    """Gradient of the log density of noisy stems: (E[clean] - x) / sigma^2."""
    return (denoise(x, sigma) - x) / sigma**2


def generate(denoise: Denoise, noise: Tensor, steps: int) -> Tensor:
    """Integrate from standard normal ``noise`` (B, S, L) to stems."""
    levels = noise_levels(steps)
    x = levels[0] * noise
    for sigma, after in pairwise(levels):
        x = x - (after - sigma) * sigma * score(denoise, x, sigma)
    return x


def separate(denoise: Denoise, mixture: Tensor, noise: Tensor, steps: int) -> Tensor:
    """Stems of mixtures (B, L) whose sum is the mixture (the Dirac likelihood).

    The last stem is what the others leave of the mixture, so a change of another stem changes it the other way
    round: the score of stem m is S_m - S_last at the constrained stems. The rule is not exact: of Gaussian stems,
    whose best estimates are known, it gives the loud ones too little (``tests/bench/test_peers.py``).

    Args:
        noise: standard normal, (B, S - 1, L).
    """
    levels = noise_levels(steps)
    free = levels[0] * noise
    for sigma, after in pairwise(levels):
        whole = score(denoise, with_last(free, mixture), sigma)
        free = free - (after - sigma) * sigma * (whole[:, :-1] - whole[:, -1:])
    return with_last(free, mixture)


def with_last(free: Tensor, mixture: Tensor) -> Tensor:
    """All stems (B, S, L) from all but the last and their sum (B, L)."""
    return torch.cat([free, mixture.unsqueeze(1) - free.sum(1, keepdim=True)], 1)


def impute(
    denoise: Denoise, given: Mapping[int, Tensor], noise: Tensor, steps: int, fresh: Callable[[], Tensor]
) -> Tensor:
    """Stems that go with given ones (B, L), which are overwritten with noised copies before each step.

    Args:
        noise: standard normal, (B, S, L). fresh: draws more of it.
    """
    levels = noise_levels(steps)
    x = levels[0] * noise
    for sigma, after in pairwise(levels):
        drawn = fresh()
        for stem, wave in given.items():
            x[:, stem] = wave + sigma * drawn[:, stem]
        x = x - (after - sigma) * sigma * score(denoise, x, sigma)
    for stem, wave in given.items():
        x[:, stem] = wave
    return x


def halved(waves: Tensor) -> Tensor:
    """Waves (..., L) of 44.1 kHz, L even -> (..., L / 2) of half the rate, ideally low-passed."""
    samples = waves.shape[-1]
    spectrum = torch.fft.rfft(waves)[..., : samples // 4 + 1].clone()
    spectrum[..., -1] = 0
    return torch.fft.irfft(spectrum, samples // 2) / 2


CROP = 65_536
"""Samples of a crop, 3 s; the published one has four times as many."""


class Msdm(WavePeer):
    """The network with its loss, at a size that a CPU trains.

    Args:
        stems: S. channels: of the finest level, a multiple of 8 and of S times ``patch``.
        factors: by which each level is shorter than the one before.
    """

    def __init__(
        self, stems: int, channels: int = 80, multipliers: tuple[int, ...] = (1, 2, 2, 4, 4),
        factors: tuple[int, ...] = (4, 4, 2, 2), patch: int = 8,
    ) -> None:  # fmt: skip
        super().__init__()
        from audio_diffusion_pytorch import LogNormalDistribution
        from audio_diffusion_pytorch.model import Model1d

        levels = len(factors)
        settings: dict[str, Any] = {
            "in_channels": stems, "channels": channels, "patch_blocks": 1, "patch_factor": patch,
            "multipliers": list(multipliers), "factors": list(factors), "num_blocks": [1] * levels,
            "attentions": [level >= levels - 2 for level in range(levels)], "attention_heads": 4,
            "attention_features": 32, "attention_multiplier": 2, "use_attention_bottleneck": True,
            "resnet_groups": 8, "kernel_multiplier_downsample": 2, "kernel_sizes_init": [1, 3, 7],
            "use_nearest_upsample": False, "use_skip_scale": True, "use_context_time": True,
        }  # fmt: skip
        self.items, self.samples, self.remix = 1, 2 * CROP, 0.0
        self.multiple = patch
        for factor in factors:
            self.multiple *= factor
        self.model = Model1d(
            diffusion_sigma_distribution=LogNormalDistribution(mean=-3.0, std=1.0),
            diffusion_sigma_data=SIGMA_DATA, diffusion_dynamic_threshold=0.0, **settings,
        )  # fmt: skip

    def loss(self, stems: Tensor) -> Tensor:
        """Weighted error of the denoised stems: stereo (B, S, 2, L) at 44.1 kHz, heard in mono at ``RATE``."""
        return self.model(halved(stems.mean(2)))

    def denoise(self, x: Tensor, sigma: float) -> Tensor:
        """As :data:`Denoise`."""
        with half():
            return self.model.diffusion.denoise_fn(x, sigma=sigma)
