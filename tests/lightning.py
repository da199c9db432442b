"""Small checkpoints in the form in which the published system was stored: a Lightning file, and two of MusicLDM."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from msgld.paper.autoencoder import KLCodec, KLConfig, diffusers_to_published
from msgld.paper.hifigan import HifiGan, HifiGanConfig, transformers_to_published
from msgld.paper.unet3d import PublishedUNet, UNetConfig

UNET = UNetConfig(model_channels=32, channel_mult=(1, 2), num_res_blocks=1, attention_resolutions=(2,))
CODEC = replace(KLConfig(), base_channels=32, mults=(1, 1, 1), res_blocks=1)
VOCODER = replace(HifiGanConfig(), initial_channels=32)
SCALE = 0.73


class Callback:
    """Stands for what a training program leaves in its checkpoints; of no importance to the weights."""

    def __init__(self, best: float) -> None:
        self.best = best
        self.parts = {1, 2}


def noise(shapes: Mapping[str, Tensor], seed: int) -> dict[str, Tensor]:
    """Random values in the shapes of a state dictionary."""
    generator = torch.Generator().manual_seed(seed)
    return {name: torch.randn(value.shape, generator=generator) for name, value in shapes.items()}


def shapes(build: type[nn.Module], config: Any) -> dict[str, Tensor]:
    with torch.device("meta"):
        return build(config).state_dict()


def schedule() -> dict[str, Tensor]:
    """The buffers that tell of the noise schedule, worked out anew."""
    betas = np.linspace(0.0015**0.5, 0.0195**0.5, 1000) ** 2
    squares = np.cumprod(1 - betas)
    values = {"betas": betas, "alphas_cumprod": squares, "sqrt_alphas_cumprod": np.sqrt(squares)}
    return {name: torch.tensor(value, dtype=torch.float32) for name, value in values.items()}


@dataclass
class Published:
    """The tensors of a checkpoint by their published names, of each module alone."""

    unet: dict[str, Tensor] = field(default_factory=lambda: noise(shapes(PublishedUNet, UNET), 1))
    averaged: dict[str, Tensor] = field(default_factory=lambda: noise(shapes(PublishedUNet, UNET), 2))
    codec: dict[str, Tensor] = field(default_factory=lambda: noise(_codec_shapes(), 3))
    vocoder: dict[str, Tensor] = field(default_factory=lambda: noise(_vocoder_shapes(), 4))

    def state_dict(self) -> dict[str, Tensor]:
        """All of it as one Lightning module named it."""
        mangled = {f"diffusion_model.{name}".replace(".", ""): value for name, value in self.averaged.items()}
        return {
            **schedule(),
            "logvar": torch.zeros(1000),
            "scale_factor": torch.tensor(SCALE),
            **{f"model.diffusion_model.{name}": value for name, value in self.unet.items()},
            "model_ema.decay": torch.tensor(0.9999),
            "model_ema.num_updates": torch.tensor(77),
            **{f"model_ema.{name}": value for name, value in mangled.items()},
            **{f"first_stage_model.{name}": value for name, value in self.codec.items()},
            **{f"first_stage_model.vocoder.{name}": value for name, value in self.vocoder.items()},
            "first_stage_model.loss.discriminator.main.0.weight": torch.randn(4, 1, 4, 4),
            "first_stage_model.loss.logvar": torch.zeros(()),
        }


def _codec_shapes() -> dict[str, Tensor]:
    state = shapes(KLCodec, CODEC)
    return diffusers_to_published(
        {name.removeprefix("network."): value for name, value in state.items() if name != "scale"}
    )


def _vocoder_shapes() -> dict[str, Tensor]:
    state = shapes(HifiGan, VOCODER)
    return transformers_to_published({name.removeprefix("network."): value for name, value in state.items()})


def save_lightning(path: Path, state: Mapping[str, Tensor], **more: Any) -> Path:
    """Write a file as Lightning does, optimiser, callbacks and all; ``more`` joins its top level."""
    moments = {i: {"step": torch.tensor(9.0), "exp_avg": torch.full((300,), float(i))} for i in range(3)}
    content = {
        "epoch": 5, "global_step": 1234, "pytorch-lightning_version": "1.9.4",
        "state_dict": OrderedDict(state),
        "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 5}}}},
        "callbacks": {"ModelCheckpoint{'monitor': 'val'}": {"best": torch.tensor(0.5)}, Callback: Callback(0.5)},
        "optimizer_states": [{"state": moments, "param_groups": [{"lr": 3e-5, "params": [0, 1, 2]}]}],
        "lr_schedulers": [{"base_lrs": [3e-5], "lr_lambdas": [None]}],
        "hyper_parameters": {"path": path.parent, "callback": Callback(1.0)},
        **more,
    }  # fmt: skip
    torch.save(content, path)
    return path


def normalised(vocoder: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Random weights for a vocoder as ``weight_g`` and ``weight_v``."""
    stored: dict[str, Tensor] = {}
    for number, (name, value) in enumerate(vocoder.items()):
        generator = torch.Generator().manual_seed(number)
        if name.endswith("weight"):
            lengths = (value.shape[0], *[1] * (value.ndim - 1))
            stored[f"{name}_g"] = torch.rand(lengths, generator=generator) + 0.5
            stored[f"{name}_v"] = torch.randn(value.shape, generator=generator)
        else:
            stored[name] = torch.randn(value.shape, generator=generator)
    return stored
