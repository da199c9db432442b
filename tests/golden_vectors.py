"""Golden vectors of the original modules: how they are found, and how weights are filled in."""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

from msgld.dsp.mel import AUDIOLDM
from msgld.paper.autoencoder import KLCodec, KLConfig, diffusers_to_published, published_to_diffusers
from msgld.paper.hifigan import HifiGan, published_to_transformers, transformers_to_published
from msgld.paper.unet3d import PublishedUNet, UNetConfig
from msgld.registry import config_of

FOLDER = Path(os.environ.get("MSGLD_GOLDEN") or Path(__file__).parent / "golden")


@dataclass(frozen=True)
class Golden:
    """One object of a folder of golden vectors; its configuration says what it is."""

    name: str
    config: dict[str, Any]
    folder: Path

    @property
    def kind(self) -> str | None:
        return self.config.get("kind")

    def tensors(self) -> dict[str, Tensor]:
        return load_file(self.folder / f"{self.name}.safetensors")


def discover(folder: Path = FOLDER) -> list[Golden]:
    """Everything that a folder describes; notes, such as that of the fill rule, are mere text."""
    described = json.loads((folder / "config.json").read_text("utf-8"))
    found = [Golden(name, config, folder) for name, config in described.items() if isinstance(config, dict)]
    assert found, f"{folder} describes no golden vectors"
    return found


def filled(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Weights by the rule of the golden vectors, a function of their published names and shapes alone."""
    return {key: torch.from_numpy(_fill(key, tuple(value.shape))) for key, value in state.items()}


def _fill(key: str, shape: tuple[int, ...]) -> np.ndarray:
    drawn = np.random.default_rng(zlib.crc32(key.encode())).standard_normal(shape).astype(np.float32)
    if len(shape) > 1:
        return drawn / np.float32(np.sqrt(np.prod(shape[1:])))
    return np.float32(0.1) * drawn + np.float32(key.endswith("weight"))


def unet(config: Mapping[str, Any]) -> PublishedUNet:
    """The network that a configuration of kind ``unet`` means, filled."""
    known = {key: value for key, value in config.items() if key in UNetConfig.__dataclass_fields__}
    network = PublishedUNet(config_of("denoiser", {"kind": "published-unet", **known}))
    network.load_state_dict(filled(network.state_dict()))
    return _ready(network)


def autoencoder(config: Mapping[str, Any], bands: int) -> KLCodec:
    """The codec that a configuration of kind ``vae`` means, filled."""
    assert not config.get("attn_resolutions"), "attention is known in the middle block alone"
    shape = (config["ch"], tuple(config["ch_mult"]), config["num_res_blocks"], config["z_channels"])
    codec = KLCodec(KLConfig(replace(AUDIOLDM, bands=bands), *shape))
    load_codec(codec, filled(diffusers_to_published(codec.network.state_dict())))
    return _ready(codec)


def vocoder(config: Mapping[str, Any]) -> HifiGan:
    """The vocoder that a configuration of kind ``hifigan`` means, filled."""
    ours = {
        "kind": "hifigan",
        "bands": config["num_mels"],
        "initial_channels": config["upsample_initial_channel"],
        "rates": config["upsample_rates"],
        "kernels": config["upsample_kernel_sizes"],
        "block_kernels": config["resblock_kernel_sizes"],
        "block_dilations": config["resblock_dilation_sizes"],
    }
    network = HifiGan(config_of("vocoder", ours))
    load_vocoder(network, filled(transformers_to_published(network.network.state_dict())))
    return _ready(network)


def load_codec(codec: KLCodec, state: Mapping[str, Any], scale: float = 1.0) -> None:
    """Give a codec weights under their published names, and the scale of its latents."""
    codec.network.load_state_dict(published_to_diffusers(state))
    codec.scale.fill_(scale)


def load_vocoder(vocoder: HifiGan, state: Mapping[str, Any]) -> None:
    """Give a vocoder weights under their published names."""
    vocoder.network.load_state_dict(published_to_transformers(state))


def _ready(module: Any) -> Any:
    assert isinstance(module, nn.Module)
    return module.eval().requires_grad_(False)


def close(ours: Tensor, theirs: Tensor, what: str, tolerance: float = 1e-4) -> None:
    """Assert that no value is off by more than ``tolerance`` of the largest one."""
    assert ours.shape == theirs.shape, f"{what}: {tuple(ours.shape)} instead of {tuple(theirs.shape)}"
    error = (ours.double() - theirs.double()).abs().max() / theirs.double().abs().max().clamp_min(1e-30)
    print(f"{what}: {float(error):.2g}")
    assert error <= tolerance, f"{what}: off by {float(error):.2g} of the largest value"
