"""Models as a stranger might send them: whole ones, whose sizes are allowed but as odd as can be."""

from __future__ import annotations

import random
import string
from pathlib import Path
from typing import Any

import torch
from hostile import Damage

from msgld.checkpoint import save_model
from msgld.diffusion.denoise import StemDenoiser
from msgld.dsp.codec import PatchCodec, PatchConfig
from msgld.dsp.mel import MelConfig
from msgld.errors import ModelError
from msgld.model import Model
from msgld.nets.note_reader import NoteReader, NoteReaderConfig
from msgld.nets.refiner import Refiner, RefinerConfig
from msgld.nets.transformer import StemTransformer, TransformerConfig
from msgld.nets.vocoder import Vocoder, VocoderConfig


def shapes(count: int, seed: int = 0) -> dict[str, Damage]:
    """Models of sizes drawn from a seed."""
    return {f"odd sizes {index}": _drawn(f"{seed} {index}") for index in range(count)}


def _drawn(seed: str) -> Damage:
    def damage(folder: Path) -> None:
        chance = random.Random(seed)
        torch.manual_seed(0)
        while True:
            try:
                save_model(_model(chance), folder)
                return
            except (ModelError, ValueError):
                pass  # not allowed: draw again

    return damage


def _model(chance: random.Random) -> Model:
    pick = chance.choice
    mel = _mel(chance)
    codec_config = PatchConfig(mel, pick((1, 2, 4, 64)), pick((2, 6, 8)))
    mel.check()
    codec_config.check()
    codec = PatchCodec(codec_config)
    stems = tuple(string.ascii_lowercase[: pick((2, 3, 5, 26))])
    shared: dict[str, Any] = {
        "tracks": len(stems) + 1,
        "channels": codec.channels,
        "bands": mel.bands,
        "frame_columns": codec.frame_columns,
        "attention_window": pick((None, 1, 3, 10**6)),
        "expansion": pick((1, 64)),
    }
    network = StemTransformer(_transformer(chance, shared))
    vocoder = Vocoder(_vocoder(chance, mel))
    refiner = Refiner(
        RefinerConfig(
            len(stems),
            3 + len(stems),
            pick((16, 64, 2048)),
            pick(((1,), (2, 3), (1, 1, 1, 1))),
            pick((1, 10)),
            pick((1, 8192)),
        )
    )
    notes = NoteReader(
        NoteReaderConfig(
            stems[0], pick((1, mel.bands)), pick((0, 127)), pick((1, 2, 128)), 2, 1, 2, pick((1, 63))
        )
    )
    for module in (network, vocoder, refiner, notes):
        for parameter in module.parameters():
            torch.nn.init.normal_(parameter, std=pick((0.01, 0.1, 1.0)))
    denoiser = StemDenoiser(network)
    return Model(
        codec, denoiser, vocoder, stems, False, pick((None, 1e-4, 0.1, 10.0)), {"name": "odd"}, refiner, notes
    )


def _mel(chance: random.Random) -> MelConfig:
    rate, n_fft = chance.choice((8000, 8001, 44_100, 192_000)), chance.choice((64, 66, 1000, 2048, 16_384))
    hop = chance.choice((16, 33, n_fft // 16, n_fft // 4, n_fft // 3))
    lowest, highest = chance.choice((0.0, 20.0, rate / 2 - 1)), chance.choice((rate / 2, rate / 4, 1.0))
    return MelConfig(
        rate,
        n_fft,
        max(16, hop),
        chance.choice((4, 8, 64, 1024)),
        lowest,
        highest,
        chance.choice((1e-9, 1e-4, 0.1)),
    )


def _transformer(chance: random.Random, shared: dict[str, Any]) -> TransformerConfig:
    width, heads, depth = chance.choice(((1, 1, 1), (6, 6, 1), (6, 2, 3), (15, 5, 1), (2, 1, 200)))
    return TransformerConfig(width=width, heads=heads, depth=depth, **shared)


def _vocoder(chance: random.Random, mel: MelConfig) -> VocoderConfig:
    bins = mel.n_fft // 2 + 1
    return VocoderConfig(
        mel.bands,
        mel.n_fft,
        mel.hop,
        mel.floor,
        width=chance.choice((1, 6)),
        depth=chance.choice((1, 20)),
        hidden=2,
        kernel=chance.choice((1, 63)),
        held=chance.choice((1, bins)),
        rounds=chance.choice((0, 1, 100)),
    )
