"""What the codec loses: log-mel error, and the SI-SDRi that masks of its reconstructions could reach at most."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from msgld.data.source import Clip
from msgld.dsp.masks import apply_masks, masks_from_mels
from msgld.dsp.mel import log_mel
from msgld.dsp.resample import resample
from msgld.evaluation.measures import improvements
from msgld.evaluation.table import row
from msgld.metrics import is_silent
from msgld.model import Model
from msgld.tasks.loudness import gain_to_reference


def whole_frames(clip: Clip, model: Model) -> Tensor:
    """Stems (S, 2, L) of a clip at the model's rate, cut to as many frames as it takes, at the level it knows."""
    gain = gain_to_reference(torch.from_numpy(clip.stems.sum(0)), clip.rate, model.reference_rms)
    return at_model_level(clip.stems, clip.rate, model, gain)


def at_model_level(stems: np.ndarray, rate: int, model: Model, gain: float) -> Tensor:
    """Stems (S, channels, L) at the model's rate, cut to as many frames as it takes, times ``gain``."""
    audio = resample(stems, rate, model.codec.mel.rate)
    size = model.codec.frame_samples * model.denoiser.multiple
    return torch.from_numpy(audio[..., : audio.shape[-1] // size * size]) * gain


def codec_figures(model: Model, clip: Clip) -> dict[str, np.ndarray]:
    """Per stem (K,), NaN where silent: ``log-mel L1`` and the ceilings with true and with decoded mels, in dB."""
    audio = whole_frames(clip, model)
    mels = log_mel(audio, model.codec.mel)
    decoded = model.codec.decode(model.codec.encode(mels.to(model.device))).cpu()
    silent = np.array([is_silent(stem) for stem in clip.stems])
    cut = Clip(audio.numpy(), clip.present, model.codec.mel.rate, clip.name)
    figures = {"log-mel L1": (decoded - mels).abs().mean((1, 2)).numpy()}
    for name, spectra in {"ceiling, true mels": mels, "ceiling, decoded mels": decoded}.items():
        masks = masks_from_mels(spectra, model.codec.mel, exponent=2.0)
        stems = apply_masks(audio.sum(0), masks, cut.rate, model.codec.mel).numpy()
        figures[name] = improvements(stems, cut)
    return {name: np.where(silent, np.nan, values) for name, values in figures.items()}


def codec_rows(figures: list[dict[str, np.ndarray]]) -> list[dict[str, Any]]:
    """Summaries over clips and stems."""
    return [row(name, np.stack([f[name] for f in figures]).ravel(), 3) for name in figures[0]]
