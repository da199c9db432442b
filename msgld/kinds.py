"""The kinds of parts that a checkpoint may hold, and how each is built from what its JSON says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from msgld.diffusion.denoise import StemDenoiser, StemNetwork
from msgld.diffusion.noise import CosineSchedule, SqrtLinearSchedule
from msgld.diffusion.published import PublishedDenoiser
from msgld.nets.notes import NoteReader, NotesConfig
from msgld.nets.refiner import Refiner, RefinerConfig
from msgld.nets.stem_unet import StemUNet, StemUNetConfig
from msgld.nets.transformer import StemTransformer, TransformerConfig
from msgld.nets.vocoder import Vocoder, VocoderConfig
from msgld.sound.codec import PatchCodec, PatchConfig
from msgld.sound.mel import MelConfig

Settings = dict[str, Any]


def _patch(settings: Settings) -> nn.Module:
    return PatchCodec(PatchConfig(**_with_mels(settings)))


def _kl(settings: Settings) -> nn.Module:
    from msgld.sound.autoencoder import KLCodec, KLConfig

    return KLCodec(KLConfig(**_with_mels(settings)))


def _with_mels(settings: Settings) -> Settings:
    return {**settings, "mel": MelConfig(**settings["mel"])}


def _unet(settings: Settings) -> nn.Module:
    from msgld.nets.unet3d import PublishedUNet, UNetConfig

    return PublishedUNet(UNetConfig(**settings))


def _hifigan(settings: Settings) -> nn.Module:
    from msgld.nets.hifigan import HifiGan, HifiGanConfig

    return HifiGan(HifiGanConfig(**settings))


KINDS: Mapping[str, Mapping[str, Callable[[Settings], nn.Module]]] = {
    "codec": {"patch": _patch, "kl": _kl},
    "denoiser": {
        "stem-transformer": lambda s: StemTransformer(TransformerConfig(**s)),
        "stem-unet": lambda s: StemUNet(StemUNetConfig(**s)),
        "published-unet": _unet,
    },
    "notes": {"notes": lambda s: NoteReader(NotesConfig(**s))},
    "refiner": {"refiner": lambda s: Refiner(RefinerConfig(**s))},
    "vocoder": {"vocoder": lambda s: Vocoder(VocoderConfig(**s)), "hifigan": _hifigan},
}
"""Part -> kind -> its module from its settings. What needs further packages is imported when it is built."""


def build_part(part: str, settings: Settings) -> Any:
    """An untrained part from what ``settings()`` of such a part said, also after a way through JSON."""
    given = {key: _tuples(value) for key, value in settings.items() if key != "kind"}
    return KINDS[part][settings["kind"]](given)


def _tuples(value: Any) -> Any:
    """JSON has none; configurations that can be compared and hashed do."""
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value


def denoiser_of(network: Any, codec: Any) -> StemDenoiser | PublishedDenoiser:
    """The denoiser that a network was trained as; the published one sees latents of ``codec`` as images."""
    if isinstance(network, StemNetwork):
        return StemDenoiser(network, CosineSchedule())
    channels, multiple = codec.image_channels, network.multiple
    return PublishedDenoiser(network, SqrtLinearSchedule(), channels, multiple)


def build_network(config: TransformerConfig | StemUNetConfig) -> StemNetwork:
    """An untrained network of ours, of the kind that its configuration is for."""
    return StemUNet(config) if isinstance(config, StemUNetConfig) else StemTransformer(config)
