"""Audio <-> latent. Latents are shifted and scaled here and nowhere else.

:class:`PatchCodec`, a linear transform of log-mel patches, is our codec.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated

import torch
from einops import rearrange
from torch import Tensor, nn

from msgld.dsp.mel import MelConfig
from msgld.registry import register
from msgld.schema import Between


class Codec(nn.Module, ABC):
    """A codec: audio <-> latents of zero mean and unit variance over music.

    Attributes:
        mel: the log-mel spectrogram it starts from.
        channels: C, numbers in a latent frame.
        frame_columns: log-mel columns in a latent frame.
    """

    mel: MelConfig
    channels: int
    frame_columns: int

    @abstractmethod
    def encode(self, mels: Tensor) -> Tensor:
        """Log-mels (..., M, N) -> latents (..., C, T)."""

    @abstractmethod
    def decode(self, z: Tensor) -> Tensor:
        """Latents (..., C, T) -> log-mels (..., M, N)."""

    @property
    def frame_samples(self) -> int:
        """Samples in a latent frame."""
        return self.frame_columns * self.mel.hop


@dataclass(frozen=True)
class PatchConfig:
    """Shape of the linear codec.

    Attributes:
        mel: the log-mel spectrogram it starts from.
        frame_columns: log-mel columns in a latent frame.
        channels: numbers that ``frame_columns`` x bands log-mel values become.
    """

    mel: MelConfig = MelConfig()
    frame_columns: Annotated[int, Between(1, 64)] = 4
    channels: Annotated[int, Between(2, 8192, 2)] = 128

    def check(self) -> None:
        """Raise ValueError where a patch has fewer values than channels, or where it is too long."""
        check_frame(self.frame_columns, self.mel)
        if self.channels > self.frame_columns * self.mel.bands:
            raise ValueError(f"{self.channels} channels are more than a patch of the log-mel has values")


def check_frame(columns: int, mel: MelConfig) -> None:
    """Raise ValueError where a latent frame is shorter than 5 ms or longer than 100."""
    if not mel.rate <= 200 * columns * mel.hop <= 20 * mel.rate:
        raise ValueError(
            f"a latent frame of {columns} columns of {mel.hop} samples is shorter than 5 ms or longer than 100"
        )


@register("codec", "patch", PatchConfig)
class PatchCodec(Codec):
    """Principal components of log-mel patches: linear, next to lossless, nothing to train but a covariance.

    Buffers ``mean`` (P,), ``basis`` (C, P) with orthonormal rows and ``scale`` (C,), P = frame_columns x M.
    """

    mean: Tensor
    basis: Tensor
    scale: Tensor

    def __init__(self, config: PatchConfig) -> None:
        super().__init__()
        self.config = config
        self.mel = config.mel
        self.channels = config.channels
        self.frame_columns = config.frame_columns
        size = config.frame_columns * config.mel.bands
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("basis", torch.eye(config.channels, size))
        self.register_buffer("scale", torch.ones(config.channels))

    @staticmethod
    def fit(patches: Tensor, config: PatchConfig) -> PatchCodec:
        """The codec whose basis keeps most of the variance of ``patches`` (number, P)."""
        codec = PatchCodec(config)
        patches = patches.double()
        mean = patches.mean(0)
        values, vectors = torch.linalg.eigh((patches - mean).T @ (patches - mean) / len(patches))
        top = vectors.flip(1)[:, : config.channels].T
        codec.mean.copy_(mean)
        codec.basis.copy_(top)
        codec.scale.copy_(values.flip(0)[: config.channels].clamp_min(1e-8).sqrt())
        return codec

    def to_patches(self, mels: Tensor) -> Tensor:
        """Log-mels (..., M, N) -> patches (..., T, P); N must be a multiple of ``frame_columns``."""
        return rearrange(mels, "... m (t n) -> ... t (m n)", n=self.frame_columns)

    def encode(self, mels: Tensor) -> Tensor:
        """Log-mels (..., M, N) -> latents (..., C, T)."""
        coefficients = (self.to_patches(mels) - self.mean) @ self.basis.T / self.scale
        return coefficients.transpose(-1, -2)

    def decode(self, z: Tensor) -> Tensor:
        """Latents (..., C, T) -> log-mels (..., M, N)."""
        patches = (z.transpose(-1, -2) * self.scale) @ self.basis + self.mean
        return rearrange(patches, "... t (m n) -> ... m (t n)", n=self.frame_columns)

    @property
    def weights(self) -> Tensor:
        """Weights of the channels in the training loss, (C,): their standard deviations in the log-mel, with mean 1.

        Weighting by variance would learn loudness alone, no weighting mostly noise. With a power of 1.5 of the standard
        deviation, loudness (the first channel) would be 0.4 of the loss; with 1 it is 0.16, and the channels that hold
        pitch have half as much again.
        """
        return self.scale / self.scale.mean()

    def check_weights(self) -> None:
        """Raise ValueError where a scale is not above 0, or the basis is not orthonormal."""
        if not bool((self.scale > 0).all()):
            raise ValueError("scale has to be above 0")
        if not bool((self.basis.square().sum(1) - 1).abs().lt(0.01).all()):
            raise ValueError("the rows of basis have to have length 1")
