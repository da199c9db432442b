"""What does the codec lose? Its log-mel error, and the highest SI-SDRi that masks of decoded mels could reach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from msgld.data.source import Clip
from msgld.dsp.masks import apply_masks, masks_from_mels
from msgld.dsp.mel import log_mel
from msgld.dsp.resample import resample
from msgld.evaluation.measures import improvements
from msgld.evaluation.question import Advance, Question
from msgld.evaluation.report import row
from msgld.metrics import is_silent
from msgld.model import Model
from msgld.tasks.loudness import gain_to_reference


@dataclass(frozen=True)
class Codec(Question):
    """The question; see :class:`Question`."""

    def answer(self, clips: Iterable[Clip], advance: Advance) -> dict[str, Any]:
        """Rows over clips and stems, one for each of :func:`codec_figures`."""
        figures = []
        for clip in clips:
            figures.append(codec_figures(self.model.model, clip))
            advance(1)
        return {
            "rows": [row(name, np.stack([one[name] for one in figures]).ravel(), 3) for name in figures[0]]
        }


def codec_figures(model: Model, clip: Clip) -> dict[str, np.ndarray]:
    """Figures of each stem, (S,), NaN where silent.

    Returns:
        ``log-mel L1`` in nepers, and the ceilings of SI-SDRi with true and with decoded mels in dB.
    """
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


def reference_gain(clip: Clip, model: Model) -> float:
    """The gain that brings a clip's mixture to the loudness at which the model was trained."""
    return gain_to_reference(torch.from_numpy(clip.mixture), clip.rate, model.reference_rms)


def whole_frames(clip: Clip, model: Model) -> Tensor:
    """Stems (S, 2, L) of a clip at the model's rate and reference loudness, cut to whole latent frames."""
    return at_model_rate(clip.stems, clip.rate, model, reference_gain(clip, model))


def at_model_rate(stems: np.ndarray, rate: int, model: Model, gain: float) -> Tensor:
    """Stems (S, channels, L) at the model's rate, cut to as many latent frames as it takes, times ``gain``."""
    audio = resample(stems, rate, model.codec.mel.rate)
    size = model.codec.frame_samples * model.denoiser.multiple
    return torch.from_numpy(audio[..., : audio.shape[-1] // size * size]) * gain
