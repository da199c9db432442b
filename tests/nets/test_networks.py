"""The contract of networks, for each network that a model can have and for the discriminators."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from contracts import awake, verify_network
from golden_vectors import filled
from small_transformer import ALL_PRESENT, BATCH, CHANNELS, CONFIG, TRACKS, denoiser, latents, levels

from msgld.diffusion.noise_map import Conditioning
from msgld.dsp.mel import MelConfig, filterbank
from msgld.nets.discriminators import DiscriminatorConfig, Discriminators
from msgld.nets.note_reader import NoteReader, NoteReaderConfig
from msgld.nets.refiner import Refiner, RefinerConfig
from msgld.nets.vocoder import Vocoder, VocoderConfig
from msgld.paper.hifigan import HifiGan, HifiGanConfig
from msgld.paper.unet3d import PublishedUNet, UNetConfig


def normal(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("frames", [8, 17, 64])
@pytest.mark.parametrize("conditions", [False, True])
def test_the_stem_transformer(frames: int, conditions: bool):
    further = (Conditioning(normal(BATCH, frames, 5), normal(BATCH, TRACKS - 1, 7)),) if conditions else ()
    model = denoiser(replace(CONFIG, frame_features=5, programs=7) if conditions else CONFIG)
    presence = ALL_PRESENT.clone()
    presence[0, 1] = False
    verify_network(
        model.network,
        latents(frames), levels(frames), presence, *further,
        shapes=[
            (BATCH, TRACKS, CHANNELS, frames),
            (BATCH, TRACKS - 1, CONFIG.bands, CONFIG.frame_columns * frames),
        ],
        part="denoiser",
        presence=2,
        run=model,
    )  # fmt: skip


@pytest.mark.parametrize("columns", [16, 21])
def test_the_refiner(columns: int):
    refiner = awake(Refiner(RefinerConfig(stems=3, inputs=6, bands=64, widths=(4, 6, 8), depth=2)), 0.2)
    shape = (2, 3, 64, columns)
    verify_network(
        refiner, normal(2, 6, 64, columns), shapes=[shape, shape], part="refiner", answers=("outward.",)
    )


@pytest.mark.parametrize("columns", [1, 4, 33])
def test_the_vocoder(columns: int):
    torch.manual_seed(0)
    vocoder = Vocoder(VocoderConfig(width=32, depth=2, hidden=48)).eval()
    vocoder.set_bands(filterbank(MelConfig()))
    torch.nn.init.normal_(vocoder.outward.weight, std=0.05)
    verify_network(
        vocoder,
        normal(2, 128, columns) - 3,
        shapes=[(2, columns * 512)],
        part="vocoder",
        answers=("outward.",),
    )  # fmt: skip


def test_the_note_reader():
    reader = awake(NoteReader(NoteReaderConfig(width=8, depth=2, hidden=8)))
    verify_network(reader, normal(2, 128, 9), shapes=[(2, 40, 9)], part="notes", answers=("outward.",))


def test_the_discriminators():
    torch.manual_seed(0)
    judges = Discriminators(DiscriminatorConfig(windows=(512, 256), channels=4, depth=3)).eval()
    sizes = ((32, (33, 129, 65, 33)), (64, (17, 65, 33, 17)))
    shapes = [
        (2, 4 if layer else 1, bins, columns) for columns, each in sizes for layer, bins in enumerate(each)
    ]
    verify_network(judges, normal(2, 4096), shapes=shapes)


def test_the_published_unet():
    config = UNetConfig(model_channels=32, channel_mult=(1, 2), num_res_blocks=1, attention_resolutions=(2,))
    network = PublishedUNet(config).eval()
    network.load_state_dict(filled(network.state_dict()))
    verify_network(
        network,
        normal(2, 4, 2, 8, 4), normal(2, 2, 8, 4, seed=1), torch.tensor([0, 999]),
        shapes=[(2, 4, 2, 8, 4)],
        part="denoiser",
    )  # fmt: skip


def test_the_published_vocoder():
    torch.manual_seed(0)
    vocoder = HifiGan(HifiGanConfig(bands=8, initial_channels=32)).eval()
    verify_network(vocoder, normal(2, 8, 6), shapes=[(2, 960)], part="vocoder")
