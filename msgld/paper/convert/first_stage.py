"""The published first stage: the autoencoder and the vocoder, by their tensors' published names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import count, takewhile
from typing import Any

import torch
from torch import Tensor

from msgld.errors import ModelError
from msgld.paper.autoencoder import KLCodec, KLConfig, diffusers_to_published, published_to_diffusers
from msgld.paper.convert.archive import Archive
from msgld.paper.convert.parts import Faults, Part, Records, Shapes, compare, shapes_of
from msgld.paper.hifigan import HifiGan, HifiGanConfig, published_to_transformers, transformers_to_published
from msgld.registry import settings_of
from msgld.tensors import unfilled

UNUSED = ("loss.", "vocoder.")
"""Stored beside the autoencoder's tensors: the losses of its training, and the vocoder."""


def find_autoencoder(archive: Archive, records: Records, scale: float = 1.0) -> Part:
    """The autoencoder, with a factor of its latents, among a first stage's tensors (without ``first_stage_model.``).

    Raises:
        ModelError: it is of another kind.
    """
    records = {name: record for name, record in records.items() if not name.startswith(UNUSED)}
    config = _codec_config(archive, shapes_of(records))
    codec = _built(archive, "autoencoder", lambda: KLCodec(config))
    expected = shapes_of(diffusers_to_published(codec.network.state_dict()))

    def weights() -> Mapping[str, Tensor]:
        read = published_to_diffusers({name: archive.read(records[name]) for name in expected})
        return {"scale": torch.tensor(scale), **{f"network.{name}": value for name, value in read.items()}}

    return _part("codec", codec, "autoencoder", compare(expected, shapes_of(records)), weights)


def find_vocoder(archive: Archive, records: Records) -> Part:
    """The vocoder of these tensors, its weights normalised or not.

    Raises:
        ModelError: it is of another kind.
    """
    config = _vocoder_config(archive, shapes_of(records))
    vocoder = _built(archive, "vocoder", lambda: HifiGan(config))
    folded = shapes_of(transformers_to_published(vocoder.network.state_dict()))
    expected = dict(item for named in folded.items() for item in _as_stored(*named, records))

    def weights() -> Mapping[str, Tensor]:
        read = published_to_transformers({name: archive.read(records[name]).float() for name in expected})
        return {f"network.{name}": value for name, value in read.items()}

    return _part("vocoder", vocoder, "HiFi-GAN", compare(expected, shapes_of(records)), weights)


def _part(
    name: str,
    module: KLCodec | HifiGan,
    weights: str,
    faults: Faults,
    read: Callable[[], Mapping[str, Tensor]],
) -> Part:
    shapes = shapes_of(module.state_dict())

    def ordered() -> Iterator[tuple[str, Tensor]]:
        values = read()
        yield from ((key, values[key]) for key in shapes)

    return Part(name, settings_of(module), shapes, weights, faults, ordered)


def _built(archive: Archive, what: str, build: Callable[[], Any]) -> Any:
    unfit = ModelError(f"the {what} in {archive.path} is not of the published kind")
    return unfilled(build, "converting", lambda _: unfit)


def _codec_config(archive: Archive, shapes: Shapes) -> KLConfig:
    base, latent = shapes.get("encoder.conv_in.weight", ()), shapes.get("decoder.conv_in.weight", ())
    if len(base) != 4 or len(latent) != 4 or not base[0]:
        raise ModelError(f"{archive.path} has no autoencoder of the published kind")
    widths = list(
        takewhile(bool, (_width(shapes, f"encoder.down.{level}.block.0.conv2.weight") for level in count()))
    )
    blocks = takewhile(bool, (_width(shapes, f"encoder.down.0.block.{i}.conv2.weight") for i in count()))
    mults = tuple(width // base[0] for width in widths)
    return replace(
        KLConfig(), base_channels=base[0], mults=mults, res_blocks=len(list(blocks)), z_channels=latent[1]
    )


def _vocoder_config(archive: Archive, shapes: Shapes) -> HifiGanConfig:
    """Channels and bands as found; rates and dilations show in no shape, so they are the published ones."""
    first = shapes.get("conv_pre.weight", shapes.get("conv_pre.weight_v", ()))
    if len(first) != 3 or not first[0]:
        raise ModelError(f"{archive.path} has no HiFi-GAN vocoder; give HiFi-GAN's file as --vocoder")
    return replace(HifiGanConfig(), bands=first[1], initial_channels=first[0])


def _width(shapes: Shapes, name: str) -> int:
    return shapes.get(name, (0,))[0]


def _as_stored(name: str, shape: tuple[int, ...], records: Records) -> list[tuple[str, tuple[int, ...]]]:
    """A tensor, or the direction and the length that it is normalised into where the file has either."""
    if f"{name}_g" not in records and f"{name}_v" not in records:
        return [(name, shape)]
    return [(f"{name}_g", (shape[0], *[1] * (len(shape) - 1))), (f"{name}_v", shape)]
