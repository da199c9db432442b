"""How well a vocoder resynthesises held-out stems and mixtures, whether it buzzes, and how fast it is.

    python bench/vocoder.py MODEL --midi FOLDER [--clips 12] [--seconds 5]

MODEL is a model's folder, such as the one in a vocoder's run.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from msgld.checkpoint import load_model
from msgld.dsp.codec import PatchCodec
from msgld.dsp.mel import log_mel
from msgld.dsp.stft import stft
from msgld.model import REFERENCE_RMS
from msgld.nets.vocoder import Vocoder
from msgld.training.vocoder.loss import turn_loss

HARMONICS = 4


def tracks(midi: Path, clips: int, samples: int) -> Iterator[tuple[str, Tensor]]:
    """Yield the sounding stems and the mixture of each clip, mono (samples,), levelled."""
    from msgld.data.heldout import HeldOut

    for clip in HeldOut(midi).spread(clips):
        stems = torch.from_numpy(clip.stems).mean(1)[:, :samples]
        stems = stems * (REFERENCE_RMS / stems.sum(0).square().mean().sqrt().clamp_min(1e-5))
        yield "mixture", stems.sum(0)
        yield from (("stem", stem) for stem in stems if stem.square().mean().sqrt() > 1e-3)


def buzz(audio: Tensor, rate: int, frame: int) -> float:
    """Share of a waveform's (L,) envelope that beats at the rate of frames and its multiples, in decibels.

    The envelope is that of the power at 128 samples; lines at the multiples are compared with all modulation.
    """
    step = 128
    envelope = audio[: len(audio) // step * step].reshape(-1, step).square().mean(1).sqrt().numpy()
    power = np.abs(np.fft.rfft((envelope - envelope.mean()) * np.hanning(len(envelope)))) ** 2
    hertz = np.fft.rfftfreq(len(envelope), step / rate)
    lines = np.zeros(len(hertz), bool)
    for harmonic in range(1, HARMONICS + 1):
        lines |= np.abs(hertz - harmonic * rate / frame) < 2 * hertz[1]
    return float(10 * np.log10((power[lines].sum() + 1e-12) / (power.sum() + 1e-12)))


def measure(vocoder: Vocoder, codec: PatchCodec, audio: Tensor) -> dict[str, float]:
    """Scores of one waveform (L,)."""
    mels = log_mel(audio[None, None], codec.mel)
    started = time.perf_counter()
    with torch.inference_mode():
        made = vocoder(codec.decode(codec.encode(mels)))
    seconds = time.perf_counter() - started
    n_fft, hop = codec.mel.n_fft, codec.mel.hop
    real = stft(audio[None], n_fft, hop)
    return {
        "log-mel L1": float((log_mel(made[None], codec.mel) - mels).abs().mean()),
        "phase turns": float(turn_loss(stft(made, n_fft, hop), real, lags=(1,))),
        "buzz dB over the original": buzz(made[0], codec.mel.rate, codec.frame_samples)
        - buzz(audio, codec.mel.rate, codec.frame_samples),
        "x real time": len(audio) / codec.mel.rate / seconds,
    }


def load(folder: Path) -> tuple[Vocoder, PatchCodec]:
    """The vocoder and the codec of a model's folder."""
    model = load_model(folder)
    if not isinstance(model.vocoder, Vocoder):
        raise SystemExit(f"{folder} has no vocoder")
    return model.vocoder, model.codec


def main() -> None:
    """Print the means."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", type=Path)
    parser.add_argument("--midi", type=Path, required=True)
    parser.add_argument("--clips", type=int, default=12)
    parser.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    vocoder, codec = load(options.model)
    samples = round(options.seconds * codec.mel.rate) // codec.frame_samples * codec.frame_samples
    scores: dict[str, list[dict[str, float]]] = {"mixture": [], "stem": []}
    for kind, audio in tracks(options.midi, options.clips, samples):
        scores[kind].append(measure(vocoder, codec, audio))
    for kind, rows in scores.items():
        means = {name: np.mean([row[name] for row in rows]) for name in rows[0]}
        print(kind, len(rows), *(f"{name} {value:.3f}" for name, value in means.items()), sep="  ")


if __name__ == "__main__":
    main()
