"""The kinds of parts that a checkpoint may hold, and how each is built from what its JSON says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from msgld.diffusion.denoise import StemDenoiser, StemNetwork
from msgld.diffusion.noise import CosineSchedule, SqrtLinearSchedule
from msgld.dsp.codec import PatchCodec, PatchConfig
from msgld.nets.note_reader import NoteReader, NotesConfig
from msgld.nets.refiner import Refiner, RefinerConfig
from msgld.nets.transformer import StemTransformer, TransformerConfig
from msgld.nets.vocoder import Vocoder, VocoderConfig
from msgld.paper.autoencoder import KLCodec, KLConfig
from msgld.paper.denoiser import PublishedDenoiser
from msgld.paper.hifigan import HifiGan, HifiGanConfig
from msgld.paper.unet3d import PublishedUNet, UNetConfig
from msgld.ranges import shown
from msgld.schema import read_settings


@dataclass(frozen=True)
class Kind:
    """A kind of part.

    Attributes:
        config: dataclass of its settings, which says their ranges, see :mod:`msgld.schema`. Those of all parts but the
            codec have ``check_fit(codec, stems)``, which raises ValueError where they do not go with the codec's.
        build: the untrained module; ImportError where a further package is needed.
    """

    config: type[Any]
    build: Callable[[Any], nn.Module]


KINDS: Mapping[str, Mapping[str, Kind]] = {
    "codec": {"patch": Kind(PatchConfig, PatchCodec), "kl": Kind(KLConfig, KLCodec)},
    "denoiser": {
        "stem-transformer": Kind(TransformerConfig, StemTransformer),
        "published-unet": Kind(UNetConfig, PublishedUNet),
    },
    "notes": {"notes": Kind(NotesConfig, NoteReader)},
    "refiner": {"refiner": Kind(RefinerConfig, Refiner)},
    "vocoder": {"vocoder": Kind(VocoderConfig, Vocoder), "hifigan": Kind(HifiGanConfig, HifiGan)},
}
"""Part -> kind -> what it is built from."""


def kind_of(part: str, settings: Mapping[str, Any]) -> Kind:
    """The kind that a part's settings name; ValueError where there is no such part or kind."""
    if part not in KINDS:
        raise ValueError(f"there is no part {shown(part)}; there are: {', '.join(KINDS)}")
    name = settings.get("kind")
    if not isinstance(name, str) or name not in KINDS[part]:
        known = " and ".join(repr(kind) for kind in KINDS[part])
        raise ValueError(f"there is a {part} of kind {shown(name)}, this version reads {known}")
    return KINDS[part][name]


def config_of(part: str, settings: Mapping[str, Any]) -> Any:
    """The checked configuration of a part, also after a way through JSON; ValueError says what is wrong."""
    given = {key: value for key, value in settings.items() if key != "kind"}
    return read_settings(kind_of(part, settings).config, given, f"the {part}")


def build_part(part: str, settings: Mapping[str, Any]) -> Any:
    """An untrained part from what ``settings()`` of such a part said, also after a way through JSON."""
    return kind_of(part, settings).build(config_of(part, settings))


def denoiser_of(network: Any, codec: Any) -> StemDenoiser | PublishedDenoiser:
    """The denoiser that a network was trained as; the published one sees latents of ``codec`` as images."""
    if isinstance(network, StemNetwork):
        return StemDenoiser(network, CosineSchedule())
    channels, multiple = codec.image_channels, network.multiple
    return PublishedDenoiser(network, SqrtLinearSchedule(), channels, multiple)
