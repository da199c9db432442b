"""What the codec loses: log-mel error, and the SI-SDRi that masks of its reconstructions could reach at most."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from msgld.data.source import Clip
from msgld.evaluation.separation import improvements
from msgld.evaluation.table import row
from msgld.metrics import is_silent
from msgld.model import REFERENCE_RMS, Model
from msgld.sound.anchor import apply_shares, shares_from_mels
from msgld.sound.mel import log_mel
from msgld.tasks.level import rms


def whole_frames(stems: np.ndarray, model: Model) -> Tensor:
    """Stems (K, 2, L) cut to whole latent frames, their mixture at the model's reference level."""
    frames = stems.shape[-1] // model.codec.frame_samples
    audio = torch.from_numpy(stems[..., : frames * model.codec.frame_samples])
    return audio * (REFERENCE_RMS / max(rms(audio.sum(0)), 1e-6))


def codec_figures(model: Model, clip: Clip) -> dict[str, np.ndarray]:
    """Per stem (K,), NaN where silent: ``log-mel L1`` and the ceilings with true and with decoded mels, in dB."""
    audio = whole_frames(clip.stems, model)
    mels = log_mel(audio, model.codec.mel)
    decoded = model.codec.decode(model.codec.encode(mels))
    silent = np.array([is_silent(stem) for stem in clip.stems])
    cut = Clip(audio.numpy(), clip.present, clip.rate, clip.name)
    figures = {"log-mel L1": (decoded - mels).abs().mean((1, 2)).numpy()}
    for name, spectra in {"ceiling, true mels": mels, "ceiling, decoded mels": decoded}.items():
        shares = shares_from_mels(spectra, model.codec.mel, exponent=2.0)
        stems = apply_shares(audio.sum(0), shares, clip.rate, model.codec.mel).numpy()
        figures[name] = improvements(stems, cut)
    return {name: np.where(silent, np.nan, values) for name, values in figures.items()}


def codec_rows(figures: list[dict[str, np.ndarray]]) -> list[dict[str, Any]]:
    """Summaries over clips and stems."""
    return [row(name, np.stack([f[name] for f in figures]).ravel(), 3) for name in figures[0]]
