"""Embeddings, by which sets of sounds are compared: mel statistics, or outputs of a trained network."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from msgld.dsp.mel import MelConfig, log_mel
from msgld.errors import ModelError, UsageError
from msgld.metrics import mel_statistics, pause_fraction

EXTRA = "pip install 'msgld[eval,published]'"
PEAK = 0.5
"""Peak of the sounds that a network gets, so that loudness does not count."""


@dataclass(frozen=True)
class Embedding:
    """A map from sounds to points.

    Attributes:
        name: of its distance, for tables.
        rate: of its input, in Hz.
        embed: from a sound (channels, L) at that rate to points (n, D).
    """

    name: str
    rate: int
    embed: Callable[[np.ndarray], np.ndarray]


def mel_embedding(mel: MelConfig) -> Embedding:
    """Mel statistics, one point (1, 48) a sound; see :func:`msgld.metrics.mel_statistics`. No network."""
    return _of_mels("mel statistics", mel, lambda mels: mel_statistics(mels, mel.rate / mel.hop))


def pauses_embedding(mel: MelConfig) -> Embedding:
    """Fraction of the time in which a sound pauses, (1, 1); see :func:`msgld.metrics.pause_fraction`."""
    return _of_mels("pauses", mel, lambda mels: np.array([pause_fraction(mels)]))


def _of_mels(name: str, mel: MelConfig, figures: Callable[[np.ndarray], np.ndarray]) -> Embedding:
    """One point a sound: figures of its log-mel (M, N)."""

    def embed(sound: np.ndarray) -> np.ndarray:
        return figures(log_mel(torch.from_numpy(np.asarray(sound, np.float32)), mel).numpy())[None]

    return Embedding(name, mel.rate, embed)


def vggish_embedding(weights: Path) -> Embedding:
    """VGGish (Hershey et al., 2017) by the package torchvggish: a point (128,) for each 0.96 s, before the last ReLU.

    FAD is measured with it (Kilgour et al., 2019), without post-processing.

    Args:
        weights: the package's file of weights, ``vggish-10086976.pth``.

    Raises:
        UsageError: the package is missing.
        ModelError: the file is missing, or does not hold VGGish.
    """
    try:
        from torchvggish.torchvggish import VGG, make_layers
        from torchvggish.vggish_input import waveform_to_examples
    except ImportError as error:
        raise UsageError(f"VGGish needs the package torchvggish: {EXTRA}") from error
    network = VGG(make_layers(), postprocess=False)
    _fill(network, weights)
    network.embeddings = network.embeddings[:-1]
    network.eval()

    @torch.inference_mode()
    def embed(sound: np.ndarray) -> np.ndarray:
        examples = waveform_to_examples(in_mono(_peaked(sound)), 16_000)
        points: np.ndarray = network(examples.float()).numpy()
        return points

    return Embedding("VGGish", 16_000, embed)


def _fill(network: torch.nn.Module, weights: Path) -> None:
    try:
        network.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    except FileNotFoundError:
        raise ModelError(f"{weights} does not exist: name the file of VGGish's weights") from None
    except Exception as error:  # damaged and foreign files fail in many ways
        raise ModelError(f"{weights} does not hold the weights of VGGish: get vggish-10086976.pth") from error


def clap_embedding(folder: Path) -> Embedding:
    """CLAP (Wu et al., 2023) by transformers: one point a sound, scaled to length 1 as in its training.

    Args:
        folder: a model as transformers saves it, with its feature extractor; for music, ``larger_clap_music``.

    Raises:
        UsageError: transformers is missing.
        ModelError: the folder holds no CLAP.
    """
    try:
        from transformers import ClapFeatureExtractor, ClapModel
    except ImportError as error:
        raise UsageError(f"CLAP needs the package transformers: {EXTRA}") from error
    try:
        network: Any = ClapModel.from_pretrained(str(folder), local_files_only=True).eval()
        extractor = ClapFeatureExtractor.from_pretrained(str(folder), local_files_only=True)
    except Exception as error:  # other folders fail in many ways
        raise ModelError(f"{folder} is no folder of a CLAP model: see transformers' ClapModel") from error

    @torch.inference_mode()
    def embed(sound: np.ndarray) -> np.ndarray:
        features = extractor(
            in_mono(_peaked(sound)), sampling_rate=extractor.sampling_rate, return_tensors="pt"
        )
        answer = network.get_audio_features(**features)
        points = getattr(answer, "pooler_output", answer)  # newer releases wrap it
        return torch.nn.functional.normalize(points, dim=-1).numpy()

    return Embedding("CLAP", int(extractor.sampling_rate), embed)


def in_mono(sound: np.ndarray) -> np.ndarray:
    """Sound (channels, L) as (L,): the mean of the channels; those that oppose the loudest one are inverted."""
    loudest = sound[np.argmax((sound**2).sum(1))]
    return np.asarray((np.where(sound @ loudest < 0, -1.0, 1.0)[:, None] * sound).mean(0))


def _peaked(sound: np.ndarray) -> np.ndarray:
    peak = float(np.abs(sound).max(initial=0.0))
    return np.asarray(sound, np.float64) * (PEAK / peak if peak else 1.0)


NETWORKS: dict[str, Callable[[Path], Embedding]] = {"vggish": vggish_embedding, "clap": clap_embedding}


def named_embeddings(text: str) -> list[Embedding]:
    """Networks as the user types them: ``vggish=FILE``, ``clap=FOLDER``, or both with a comma between.

    Raises:
        UsageError: no such network, or no file named, or a package is missing.
        ModelError: the weights are missing or foreign.
    """
    found = []
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, place = part.partition("=")
        if name not in NETWORKS or not place:
            raise UsageError(f"{part!r} is no embedding: give vggish=FILE or clap=FOLDER")
        found.append(NETWORKS[name](Path(place)))
    if not found:
        raise UsageError("name an embedding: vggish=FILE or clap=FOLDER")
    return found
