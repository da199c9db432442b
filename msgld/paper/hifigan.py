"""The published vocoder: HiFi-GAN (Kong et al. 2020), as transformers' ``SpeechT5HifiGan``."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from msgld.registry import register
from msgld.schema import Between, Grid, Length, Size, same

Kernel = Annotated[int, Between(1, 63)]
Odd = Annotated[int, Between(1, 63, 2)]
Dilations = Annotated[tuple[Annotated[int, Between(1, 64)], ...], Length(1, 8)]


@dataclass(frozen=True)
class HifiGanConfig:
    """Shape of the network; the defaults are the published ones, for 16 kHz.

    Attributes:
        bands: mel bands of the input.
        initial_channels: before the first upsampling; each of them halves the channels.
        rates: of the upsampling layers; their product is the hop.
        kernels: of the upsampling layers.
        block_kernels: of the residual blocks after each upsampling, whose outputs are averaged.
        block_dilations: of the same blocks.
    """

    bands: Size = 64
    initial_channels: Size = 1024
    rates: Annotated[tuple[Annotated[int, Between(1, 32)], ...], Length(1, 8)] = (5, 4, 2, 2, 2)
    kernels: Annotated[tuple[Kernel, ...], Length(1, 8)] = (16, 16, 8, 4, 4)
    block_kernels: Annotated[tuple[Odd, ...], Length(1, 8)] = (3, 7, 11)
    block_dilations: Annotated[tuple[Dilations, ...], Length(1, 8)] = ((1, 3, 5), (1, 3, 5), (1, 3, 5))

    def check(self) -> None:
        """Raise ValueError where layers and their kernels are not equally many, or channels cannot be halved."""
        same(kernels=(len(self.kernels), len(self.rates)))
        same(block_dilations=(len(self.block_dilations), len(self.block_kernels)))
        if self.initial_channels % 2 ** len(self.rates):
            raise ValueError(f"{self.initial_channels} channels cannot be halved {len(self.rates)} times")
        if any(kernel < rate for kernel, rate in zip(self.kernels, self.rates, strict=True)):
            raise ValueError("kernels have to be at least as long as their rates")

    def check_fit(self, codec: Grid, stems: int) -> None:
        """Raise ValueError unless it plays the log-mels of this codec."""
        same(
            bands=(self.bands, codec.mel.bands),
            hop=(self.hop, codec.mel.hop),
            kind=("magnitude", codec.mel.kind),
        )

    @property
    def hop(self) -> int:
        """Samples of a mel column."""
        return math.prod(self.rates)


@register("vocoder", "hifigan", HifiGanConfig)
class HifiGan(nn.Module):
    """Log-mel in nepers of magnitude -> waveform in [-1, 1].

    Raises:
        ImportError: transformers is not installed (the extra ``published``).
    """

    takes_pitch: ClassVar[bool] = False

    def __init__(self, config: HifiGanConfig) -> None:
        super().__init__()
        self.config = config
        self.network = _build(config)

    def forward(self, mels: Float[Tensor, "B M N"]) -> Float[Tensor, "B N*{self.config.hop}"]:
        """Log-mels -> waveforms, without the tail that the kernels add, of 32 samples as published."""
        return self.network(mels.transpose(1, 2))[:, : mels.shape[-1] * self.config.hop]


def _build(config: HifiGanConfig) -> Any:
    from transformers import SpeechT5HifiGan, SpeechT5HifiGanConfig

    return SpeechT5HifiGan(
        SpeechT5HifiGanConfig(
            model_in_dim=config.bands,
            upsample_initial_channel=config.initial_channels,
            upsample_rates=config.rates,
            upsample_kernel_sizes=config.kernels,
            resblock_kernel_sizes=config.block_kernels,
            resblock_dilation_sizes=config.block_dilations,
            normalize_before=False,
        )
    )


def published_to_transformers(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Published weights under transformers' names, with the statistics of its input that are not used here."""
    folded = fold_weight_norm(state)
    bands = folded["conv_pre.weight"].shape[1]
    renamed = {re.sub(r"^ups\.", "upsampler.", key): value for key, value in folded.items()}
    return {**renamed, "mean": torch.zeros(bands), "scale": torch.ones(bands)}


def transformers_to_published(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Inverse of :func:`published_to_transformers`, without weight normalisation."""
    return {re.sub(r"^upsampler\.", "ups.", k): v for k, v in state.items() if k not in ("mean", "scale")}


def fold_weight_norm(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights w = g v / |v| for pairs ``weight_g``, ``weight_v`` (Salimans & Kingma 2016, eq. 2); others as they are.

    |v| is taken over all axes but the first, also in transposed convolutions, whose first axis is the input.
    """
    folded = {}
    for key, value in state.items():
        if key.endswith("weight_v"):
            norm = torch.linalg.vector_norm(value, dim=tuple(range(1, value.ndim)), keepdim=True)
            folded[key.removesuffix("_v")] = state[key.removesuffix("v") + "g"] * value / norm
        elif not key.endswith("weight_g"):
            folded[key] = value
    return folded
