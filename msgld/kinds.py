"""The kinds of parts that a checkpoint may hold, and how each is built from what its JSON says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from msgld.diffusion.denoise import StemDenoiser, StemNetwork
from msgld.diffusion.noise import CosineSchedule, SqrtLinearSchedule
from msgld.diffusion.published import PublishedDenoiser
from msgld.nets.refiner import Refiner, RefinerConfig
from msgld.nets.stem_unet import StemUNet, StemUNetConfig
from msgld.nets.transformer import StemTransformer, TransformerConfig
from msgld.nets.vocoder import Vocoder, VocoderConfig
from msgld.sound.codec import PatchCodec, PatchConfig

Settings = dict[str, Any]


def _kl(settings: Settings) -> nn.Module:
    from msgld.sound.autoencoder import KLCodec, KLConfig

    return KLCodec(KLConfig.from_dict(settings))


def _unet(settings: Settings) -> nn.Module:
    from msgld.nets.unet3d import PublishedUNet, UNetConfig

    return PublishedUNet(UNetConfig.from_dict(settings))


def _hifigan(settings: Settings) -> nn.Module:
    from msgld.nets.hifigan import HifiGan, HifiGanConfig

    return HifiGan(HifiGanConfig.from_dict(settings))


KINDS: Mapping[str, Mapping[str, Callable[[Settings], nn.Module]]] = {
    "codec": {"patch": lambda s: PatchCodec(PatchConfig.from_dict(s)), "kl": _kl},
    "denoiser": {
        "stem-transformer": lambda s: StemTransformer(TransformerConfig.from_dict(s)),
        "stem-unet": lambda s: StemUNet(StemUNetConfig.from_dict(s)),
        "published-unet": _unet,
    },
    "refiner": {"refiner": lambda s: Refiner(RefinerConfig.from_dict(s))},
    "vocoder": {"vocoder": lambda s: Vocoder(VocoderConfig(**s)), "hifigan": _hifigan},
}
"""Part -> kind -> its module from its settings. What needs further packages is imported when it is built."""


def denoiser_of(network: Any, codec: Any) -> StemDenoiser | PublishedDenoiser:
    """The denoiser that a network was trained as; the published one sees latents of ``codec`` as images."""
    if isinstance(network, StemNetwork):
        return StemDenoiser(network, CosineSchedule())
    channels, multiple = codec.image_channels, network.multiple
    return PublishedDenoiser(network, SqrtLinearSchedule(), channels, multiple)


def build_network(config: TransformerConfig | StemUNetConfig) -> StemNetwork:
    """An untrained network of ours, of the kind that its configuration is for."""
    return StemUNet(config) if isinstance(config, StemUNetConfig) else StemTransformer(config)
