"""The published network: a 3-D U-Net over (latent channel, time, frequency) whose input channels are the stems.

Written from the description of MSG-LD (Karchkhadze et al. 2024) and the names of its tensors. The
mixture has no weights of its own: it is added, at the size of each level, to all channels before every stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from msgld.errors import UsageError
from msgld.nets.convnext import zeroed
from msgld.paper.denoiser import PublishedDenoiser
from msgld.paper.unet3d_blocks import (
    GROUPS,
    Attention,
    Downsample,
    ResBlock,
    Stage,
    Upsample,
    conv,
    timestep_features,
)
from msgld.registry import register
from msgld.schema import Between, Grid, Length, Stems, same


@dataclass(frozen=True)
class UNetConfig:
    """Size of the network; the defaults are the published ones (arranging was also published at width 192).

    Attributes:
        stems: input and output channels, S.
        model_channels: channels of the first level, a multiple of 32.
        channel_mult: channels of each level relative to the first.
        num_res_blocks: residual blocks a level on the way down; one more on the way up.
        attention_resolutions: how often time is divided at the levels that have attention.
        num_head_channels: channels of an attention head.
    """

    stems: Stems = 4
    model_channels: Annotated[int, Between(32, 1024, 32)] = 128
    channel_mult: Annotated[tuple[Annotated[int, Between(1, 16)], ...], Length(1, 6)] = (1, 2, 3, 5)
    num_res_blocks: Annotated[int, Between(1, 8)] = 2
    attention_resolutions: Annotated[tuple[Annotated[int, Between(1, 32)], ...], Length(0, 6)] = (8, 4, 2)
    num_head_channels: Annotated[int, Between(1, 1024)] = 32

    def check(self) -> None:
        """Raise ValueError where a level with attention cannot be divided among heads."""
        last = len(self.channel_mult) - 1
        for depth in range(last + 1):
            width, attends = self.level(depth)
            if (attends or depth == last) and width % self.num_head_channels:
                raise ValueError(f"{width} channels cannot be divided into heads of {self.num_head_channels}")

    def check_fit(self, codec: Grid, stems: int) -> None:
        """Raise ValueError unless this network goes with a codec, whose latents are images, and so many stems."""
        same(stems=(self.stems, stems))
        images = getattr(codec, "z_channels", None)
        if images is None or codec.channels // images % 2 ** (len(self.channel_mult) - 1):
            raise ValueError("the network needs a codec of images whose rows it can halve as it has levels")

    def level(self, depth: int) -> tuple[int, bool]:
        """Channels of a level, and whether it has attention."""
        return self.model_channels * self.channel_mult[depth], 2**depth in self.attention_resolutions


@register("denoiser", "published-unet", UNetConfig)
class PublishedUNet(nn.Module):
    """Predicts the noise in the latents of all stems; state-dict keys are the published ones.

    Attributes:
        multiple: T and f have to be multiples of this, as each level but the first halves them.
    """

    answers: ClassVar[tuple[str, ...]] = ("out.2.",)
    multiple: int

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config = config
        self.multiple = 2 ** (len(config.channel_mult) - 1)
        width = config.model_channels
        self.time_embed = nn.Sequential(
            nn.Linear(width, 4 * width), nn.SiLU(), nn.Linear(4 * width, 4 * width)
        )
        self.input_blocks, skips = _way_down(config)
        self.middle_block = _middle(config)
        self.output_blocks = _way_up(config, skips)
        self.out = nn.Sequential(nn.GroupNorm(GROUPS, width), nn.SiLU(), zeroed(conv(width, config.stems)))

    def forward(
        self, x: Float[Tensor, "B S c T f"], mixture: Float[Tensor, "B c T f"] | None, t: Int[Tensor, "B"]
    ) -> Float[Tensor, "B S c T f"]:
        """Estimate the noise.

        Args:
            x: noisy latents, T and f multiples of :attr:`multiple`.
            mixture: the clean latent of the mixture; zeros or None for no mixture.
            t: timesteps, 0 to 999.

        Raises:
            UsageError: time or frequency cannot be halved often enough.
        """
        if x.shape[-2] % self.multiple or x.shape[-1] % self.multiple:
            raise UsageError(
                f"latents of {x.shape[-2]} x {x.shape[-1]} values: give multiples of {self.multiple}"
            )
        dtype = next(self.parameters()).dtype
        embedding = self.time_embed(timestep_features(t, self.config.model_channels).to(dtype))
        h = x.to(dtype, memory_format=torch.channels_last_3d)
        maps = self._pyramid(mixture)
        kept = []
        for stage, shown in zip(self.input_blocks, maps, strict=False):
            h = stage(_show(h, shown), embedding)
            kept.append(h)
        h = self.middle_block(h, embedding)
        for stage, shown in zip(self.output_blocks, reversed(maps), strict=False):
            h = stage(_show(torch.cat([h, kept.pop()], dim=1), shown), embedding)
        return self.out(h).to(x.dtype)

    def _pyramid(self, mixture: Float[Tensor, "B c T f"] | None) -> list[Float[Tensor, "B 1 c t r"] | None]:
        """The mixture at the size of each stage on the way down, and after the last."""
        if mixture is None:
            return [None] * (len(self.input_blocks) + 1)
        maps = [mixture.unsqueeze(1).float()]
        for stage in self.input_blocks:
            maps.append(F.avg_pool3d(maps[-1], (1, 2, 2)) if stage.halves else maps[-1])
        return list(maps)

    def denoiser(self, codec: Any) -> PublishedDenoiser:
        """The denoiser that this network was trained as, of latents of ``codec``."""
        return PublishedDenoiser(self, codec.image_channels, self.multiple)


def _show(h: Tensor, mixture: Tensor | None) -> Tensor:
    """Add the mixture to all channels, in the type that they have."""
    return h if mixture is None else h + mixture.to(h.dtype)


def _blocks(config: UNetConfig, channels: int, depth: int) -> list[nn.Module]:
    """A residual block into a level, and its attention."""
    width, attends = config.level(depth)
    res = ResBlock(channels, width, 4 * config.model_channels)
    return [res, Attention(width, config.num_head_channels)] if attends else [res]


def _way_down(config: UNetConfig) -> tuple[nn.ModuleList, list[int]]:
    """The stages down to the last level, and the channels that each of them leaves for the way up."""
    channels = config.model_channels
    stages, left = [Stage([conv(config.stems, channels)])], [channels]
    for depth in range(len(config.channel_mult)):
        if depth:
            stages.append(Stage([Downsample(channels)]))
            left.append(channels)
        for _ in range(config.num_res_blocks):
            stages.append(Stage(_blocks(config, channels, depth)))
            channels = config.level(depth)[0]
            left.append(channels)
    return nn.ModuleList(stages), left


def _middle(config: UNetConfig) -> Stage:
    width, _ = config.level(len(config.channel_mult) - 1)
    embedding = 4 * config.model_channels
    attention = Attention(width, config.num_head_channels)
    return Stage([ResBlock(width, width, embedding), attention, ResBlock(width, width, embedding)])


def _way_up(config: UNetConfig, skips: list[int]) -> nn.ModuleList:
    """The stages back up; each takes the output of a stage on the way down, the last one first."""
    stages = []
    channels = skips[-1]
    for depth in reversed(range(len(config.channel_mult))):
        for number in range(config.num_res_blocks + 1):
            blocks = _blocks(config, channels + skips.pop(), depth)
            channels = config.level(depth)[0]
            if depth and number == config.num_res_blocks:
                blocks.append(Upsample(channels))
            stages.append(Stage(blocks))
    return nn.ModuleList(stages)
