"""Blocks of the published 3-D U-Net over (B, channels, depth, time, frequency), under the published names."""

from __future__ import annotations

import math

import torch
from jaxtyping import Float, Float32, Int
from torch import Tensor, nn
from torch.nn import functional as F

from msgld.nets.convnext import zeroed

GROUPS = 32
"""Groups of every normalisation."""


def timestep_features(t: Int[Tensor, "B"], size: int) -> Float32[Tensor, "B {size}"]:
    """Cosines, then sines, of timesteps (Vaswani et al. 2017, section 3.5)."""
    half = size // 2
    rates = torch.exp(-math.log(10_000) / half * torch.arange(half, device=t.device))
    angles = t.float()[:, None] * rates
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


def conv(
    channels_in: int, channels_out: int, kernel: int = 3, stride: tuple[int, int, int] = (1, 1, 1)
) -> nn.Conv3d:
    """A convolution that keeps the size, or divides it by its stride."""
    return nn.Conv3d(channels_in, channels_out, kernel, stride=stride, padding=kernel // 2)


class ResBlock(nn.Module):
    """Two convolutions, the time embedding added between them, and a way past both."""

    def __init__(self, channels: int, channels_out: int, embedding: int) -> None:
        super().__init__()
        # The activations hold the published numbers 1 and 2; they work in place, as nothing else reads their inputs.
        self.in_layers = nn.Sequential(
            nn.GroupNorm(GROUPS, channels), nn.SiLU(inplace=True), conv(channels, channels_out)
        )
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(embedding, channels_out))
        self.out_layers = nn.Sequential(
            nn.GroupNorm(GROUPS, channels_out),
            nn.SiLU(inplace=True),
            nn.Identity(),
            zeroed(conv(channels_out, channels_out)),
        )
        same = channels == channels_out
        self.skip_connection = nn.Identity() if same else conv(channels, channels_out, 1)

    def forward(
        self, x: Float[Tensor, "B channels D T F"], embedding: Float[Tensor, "B E"]
    ) -> Float[Tensor, "B channels_out D T F"]:
        """Convolve, add the embedding, convolve."""
        h = self.in_layers(x)
        h += self.emb_layers(embedding)[..., None, None, None]
        h = self.out_layers(h)
        h += self.skip_connection(x)
        return h


class Attention(nn.Module):
    """Attention among all places at once, added to its input.

    The queries, keys and values of one head are adjacent, head after head.
    """

    def __init__(self, channels: int, head_channels: int) -> None:
        super().__init__()
        self.head_channels = head_channels
        self.norm = nn.GroupNorm(GROUPS, channels)
        self.qkv = nn.Conv1d(channels, 3 * channels, 1)
        self.proj_out = zeroed(nn.Conv1d(channels, channels, 1))

    def forward(self, x: Float[Tensor, "B channels D T F"]) -> Float[Tensor, "B channels D T F"]:
        """Attend."""
        # Channels last is how the tensors lie in memory, so the convolutions of width 1 are plain products.
        tokens = self.norm(x).permute(0, 2, 3, 4, 1).flatten(1, 3)
        qkv = F.linear(tokens, self.qkv.weight[..., 0], self.qkv.bias)
        qkv = qkv.unflatten(-1, (-1, 3, self.head_channels)).transpose(1, 2)
        heads = F.scaled_dot_product_attention(*qkv.unbind(3))
        attended = F.linear(
            heads.transpose(1, 2).flatten(2), self.proj_out.weight[..., 0], self.proj_out.bias
        )
        return x + attended.unflatten(1, x.shape[2:]).permute(0, 4, 1, 2, 3)


class Downsample(nn.Module):
    """Halves time and frequency with a strided convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.op = conv(channels, channels, stride=(1, 2, 2))

    def forward(
        self, x: Float[Tensor, "B channels D T F"]
    ) -> Float[Tensor, "B channels D (T+1)//2 (F+1)//2"]:
        """Halve time and frequency."""
        return self.op(x)


class Upsample(nn.Module):
    """Doubles time and frequency by repetition, channels last in memory, then a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = conv(channels, channels)

    def forward(self, x: Float[Tensor, "B channels D T F"]) -> Float[Tensor, "B channels D 2*T 2*F"]:
        """Double time and frequency."""
        b, c, d, t, f = x.shape
        last = x.permute(0, 2, 3, 4, 1)[:, :, :, None, :, None]
        doubled = last.expand(b, d, t, 2, f, 2, c).reshape(b, d, 2 * t, 2 * f, c)
        return self.conv(doubled.permute(0, 4, 1, 2, 3))


class Stage(nn.ModuleList):
    """Layers in a row; the residual blocks also take the embedding of the timestep."""

    def forward(
        self, x: Float[Tensor, "B channels D T F"], embedding: Float[Tensor, "B E"]
    ) -> Float[Tensor, "B channels_out D t f"]:
        """Run the layers."""
        for layer in self:
            x = layer(x, embedding) if isinstance(layer, ResBlock) else layer(x)
        return x

    @property
    def halves(self) -> bool:
        """Whether it halves time and frequency."""
        return isinstance(self[0], Downsample)
