"""The published codec: the autoencoder of AudioLDM (Liu et al. 2023), as diffusers' ``AutoencoderKL``.

A log-mel is an image of one channel, time by mel bands. Its latent is an image of a few channels at a quarter of
both sizes; one row of it, channels and bands together, is a latent frame.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from einops import rearrange
from jaxtyping import Float
from torch import Tensor

from msgld.dsp.codec import Codec, check_frame
from msgld.dsp.mel import AUDIOLDM, MelConfig
from msgld.registry import register
from msgld.schema import Between, Length


@dataclass(frozen=True)
class KLConfig:
    """Shape of the autoencoder; the defaults are the published ones.

    Attributes:
        mel: the log-mels that it reads and writes.
        base_channels: channels of the first level, a multiple of 32.
        mults: channels of each level relative to the first; all levels but the last halve time and bands.
        res_blocks: residual blocks a level on the way in; one more on the way out.
        z_channels: channels of the latent image.
    """

    mel: MelConfig = AUDIOLDM
    base_channels: Annotated[int, Between(32, 1024, 32)] = 128
    mults: Annotated[tuple[Annotated[int, Between(1, 16)], ...], Length(1, 6)] = (1, 2, 4)
    res_blocks: Annotated[int, Between(1, 8)] = 2
    z_channels: Annotated[int, Between(1, 64)] = 8

    @property
    def frame_columns(self) -> int:
        """Mel columns of a latent frame, and bands of a latent row."""
        return 2 ** (len(self.mults) - 1)

    @property
    def channels(self) -> int:
        """Numbers of a latent frame: the image's channels of all rows."""
        return self.z_channels * (self.mel.bands // self.frame_columns)

    def check(self) -> None:
        """Raise ValueError where the bands cannot be halved as often as there are levels."""
        check_frame(self.frame_columns, self.mel)
        if self.mel.bands % self.frame_columns:
            raise ValueError(f"{self.mel.bands} bands cannot be divided by {self.frame_columns}")
        if self.channels % 2:
            raise ValueError(f"a latent frame of {self.channels} numbers is odd")


@register("codec", "kl", KLConfig)
class KLCodec(Codec):
    """Log-mel <-> latents "(c f)" of an image (c, time, f). The buffer ``scale`` () brings them to unit variance.

    Raises:
        ImportError: diffusers is not installed (the extra ``published``).
    """

    scale: Tensor

    def __init__(self, config: KLConfig) -> None:
        super().__init__()
        self.config = config
        self.mel = config.mel
        self.frame_columns = config.frame_columns
        self.image_channels = config.z_channels
        self.channels = config.channels
        self.network = _build(config)
        self.register_buffer("scale", torch.ones(()))

    def moments(
        self, mels: Float[Tensor, "B M N"]
    ) -> tuple[Float[Tensor, "B c T f"], Float[Tensor, "B c T f"]]:
        """Mean and log-variance of the latent images of log-mels, unscaled."""
        images = rearrange(mels, "b m n -> b 1 n m")
        mean, log_variance = self.network.quant_conv(self.network.encoder(images)).chunk(2, dim=1)
        return mean, log_variance

    def encode(
        self, mels: Float[Tensor, "*items M N"], generator: torch.Generator | None = None
    ) -> Float[Tensor, "*items {self.channels} N//{self.frame_columns}"]:
        """Log-mels -> latents.

        Args:
            mels: N is a multiple of ``frame_columns``.
            generator: on the codec's device; with it, latents are drawn from the posterior, as the published system
                always does. Without it, they are the mean of the posterior.
        """
        mean, log_variance = self.moments(mels.reshape(-1, *mels.shape[-2:]))
        if generator is not None:
            noise = torch.randn(mean.shape, generator=generator, device=mean.device, dtype=mean.dtype)
            mean = mean + torch.exp(0.5 * log_variance.clamp(-30, 20)) * noise
        z = rearrange(self.scale * mean, "b c t f -> b (c f) t")
        return z.reshape(*mels.shape[:-2], *z.shape[1:])

    def decode(self, z: Float[Tensor, "*items C T"]) -> Float[Tensor, "*items M T*{self.frame_columns}"]:
        """Latents -> log-mels."""
        flat = z.reshape(-1, *z.shape[-2:])
        images = rearrange(flat / self.scale, "b (c f) t -> b c t f", c=self.image_channels)
        decoded = self.network.decoder(self.network.post_quant_conv(images))
        mels = rearrange(decoded, "b 1 n m -> b m n")
        return mels.reshape(*z.shape[:-2], *mels.shape[1:])

    def check_weights(self) -> None:
        """Raise ValueError where latents could not be scaled."""
        if not bool(self.scale > 0):
            raise ValueError("scale has to be above 0")


def _build(config: KLConfig) -> Any:
    from diffusers import AutoencoderKL

    levels = len(config.mults)
    return AutoencoderKL(
        in_channels=1,
        out_channels=1,
        down_block_types=("DownEncoderBlock2D",) * levels,
        up_block_types=("UpDecoderBlock2D",) * levels,
        block_out_channels=tuple(config.base_channels * mult for mult in config.mults),
        layers_per_block=config.res_blocks,
        latent_channels=config.z_channels,
        norm_num_groups=32,
    )


NAMES = (
    ("down.{i}.block.{j}.", "down_blocks.{i}.resnets.{j}."),
    ("down.{i}.downsample.", "down_blocks.{i}.downsamplers.0."),
    ("up.{i}.block.{j}.", "up_blocks.{i}.resnets.{j}."),
    ("up.{i}.upsample.", "up_blocks.{i}.upsamplers.0."),
    ("mid.block_1.", "mid_block.resnets.0."),
    ("mid.block_2.", "mid_block.resnets.1."),
    ("mid.attn_1.norm.", "mid_block.attentions.0.group_norm."),
    ("mid.attn_1.q.", "mid_block.attentions.0.to_q."),
    ("mid.attn_1.k.", "mid_block.attentions.0.to_k."),
    ("mid.attn_1.v.", "mid_block.attentions.0.to_v."),
    ("mid.attn_1.proj_out.", "mid_block.attentions.0.to_out.0."),
    ("nin_shortcut.", "conv_shortcut."),
    ("norm_out.", "conv_norm_out."),
)
"""Parts of names, published and diffusers'. Up levels are also numbered the other way round."""


def published_to_diffusers(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Published weights of the autoencoder under diffusers' names; those of its attention become matrices."""
    levels = _levels(state, r"decoder\.up\.(\d+)\.")
    renamed = {_mirrored(_renamed(key, 0, 1), levels): value for key, value in state.items()}
    return {k: v.flatten(1) if "attentions" in k and v.ndim > 1 else v for k, v in renamed.items()}


def diffusers_to_published(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Inverse of :func:`published_to_diffusers`."""
    levels = _levels(state, r"decoder\.up_blocks\.(\d+)\.")
    renamed = {_renamed(_mirrored(key, levels), 1, 0): value for key, value in state.items()}
    return {k: v[..., None, None] if ".attn_1." in k and v.ndim == 2 else v for k, v in renamed.items()}


def _levels(state: Mapping[str, Tensor], pattern: str) -> int:
    return len({match[1] for key in state if (match := re.match(pattern, key))})


def _renamed(key: str, here: int, there: int) -> str:
    for names in NAMES:
        pattern = re.escape(names[here]).replace(r"\{i\}", r"(?P<i>\d+)").replace(r"\{j\}", r"(?P<j>\d+)")
        text = names[there].replace("{i}", r"\g<i>").replace("{j}", r"\g<j>")
        key = re.sub(rf"(?<=\.){pattern}", text, key)
    return key


def _mirrored(key: str, levels: int) -> str:
    """The name of a level on the way up, counted from the other end."""
    return re.sub(r"(?<=\.up_blocks\.)\d+", lambda number: str(levels - 1 - int(number[0])), key)
