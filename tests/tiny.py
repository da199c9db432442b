"""A model of the real kind, small enough for tests, with weights drawn from a seed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from msgld.checkpoint import save_model
from msgld.diffusion.denoise import StemDenoiser
from msgld.dsp.codec import PatchCodec, PatchConfig
from msgld.dsp.mel import MelConfig, filterbank
from msgld.model import Model
from msgld.music.conditioning import features_of
from msgld.music.conditions import PROGRAMS
from msgld.nets.beat_tracker import BeatTracker, BeatTrackerConfig
from msgld.nets.listener import Listener, ListenerConfig
from msgld.nets.note_reader import NoteReader, NoteReaderConfig
from msgld.nets.refiner import Refiner, RefinerConfig
from msgld.nets.transformer import StemTransformer, TransformerConfig
from msgld.nets.vocoder import Vocoder, VocoderConfig
from msgld.stems import STEMS

STEM_TRANSFORMER = TransformerConfig(tracks=len(STEMS) + 1, width=32, depth=1, heads=2)


def save_tiny_model(
    folder: Path,
    vocoder: bool = True,
    refined: bool = False,
    styles: tuple[str, ...] = (),
    notes: bool = False,
    ears: bool = False,
    stems: tuple[str, ...] = STEMS,
) -> Path:
    """Write a model with random weights; its stems are nonsense, but finite and different from each other.

    With styles it takes conditions; a refiner changes what it cuts; notes are read at random,
    and so are those that ears find.
    """
    torch.manual_seed(0)
    sizes: dict[str, Any] = {
        "frame_features": features_of(len(styles)),
        "programs": PROGRAMS,
        "styles": styles,
    }
    config = replace(STEM_TRANSFORMER, tracks=len(stems) + 1)
    network = StemTransformer(replace(config, **sizes) if styles else config)
    for parameter in network.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=0.05)
    if network.conditioning is not None:
        for parameter in (*network.conditioning.parameters(), network.outward.weight):
            torch.nn.init.normal_(parameter, std=0.3)
    codec = PatchCodec(PatchConfig())
    codec.mean.fill_(-5.0)  # about the log-mel of soft music
    sounding = tiny_vocoder() if vocoder else None
    denoiser = StemDenoiser(network)
    model = Model(codec, denoiser, sounding, stems, info={"name": "tiny"})
    if refined:
        model.refiner = Refiner(
            RefinerConfig(stems=len(stems), inputs=3 + len(stems), bands=64, widths=(4, 6), depth=1)
        )
        torch.nn.init.normal_(model.refiner.outward.weight)
    if notes:
        model.note_reader = NoteReader(NoteReaderConfig(width=8, depth=1, hidden=8))
        torch.nn.init.normal_(model.note_reader.outward.weight)
    if ears:
        model.listener, model.beat_tracker = tiny_listener(), BeatTracker(BeatTrackerConfig(width=8, depth=2))
    save_model(model, folder)
    return folder


def tiny_listener() -> Listener:
    sizes = {"entry": 4, "width": 6, "depth": 2, "attack_bands": 6}
    network = Listener(ListenerConfig(**sizes, drum_width=12, drum_depth=2, drum_hidden=12))
    for parameter in network.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return network


def tiny_vocoder() -> Vocoder:
    network = Vocoder(VocoderConfig(width=16, depth=1, hidden=16, rounds=1))
    network.set_bands(filterbank(MelConfig()))
    return network


def song(seconds: float, rate: int, channels: int, level: float = 0.1, seed: int = 0) -> np.ndarray:
    """Noise whose loudness changes slowly, float32 (channels, L)."""
    samples = round(seconds * rate)
    swell = 0.6 + 0.4 * np.sin(np.arange(samples) * 2 * np.pi / (0.7 * rate))
    noise = np.random.default_rng(seed).standard_normal((channels, samples))
    return (level * swell * noise).astype(np.float32)
