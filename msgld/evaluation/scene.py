"""A clip of several stems, prepared for comparison with what is made in their place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from msgld.api.msgld import Msgld
from msgld.data.source import Clip
from msgld.dsp.mel import log_mel
from msgld.dsp.resample import resample
from msgld.evaluation.codec import at_model_level
from msgld.evaluation.together import RATE
from msgld.metrics import is_silent
from msgld.tasks.loudness import gain_to_reference


@dataclass(frozen=True)
class Scene:
    """A clip whose stems are compared with what is made in their place.

    Attributes:
        clip: as the data set has it.
        sounding: bool (S,), stems that are present and not silent.
        gain: brings the clip to the level that the model was trained at, for spectra.
        mels: log-mels of the true stems at that level, (S, M, N).
        sound: the true stems, (S, channels, L) at ``together.RATE``.
    """

    clip: Clip
    sounding: np.ndarray
    gain: float
    mels: np.ndarray
    sound: np.ndarray


def scene(model: Msgld, clip: Clip) -> Scene:
    """Prepare a clip."""
    silent = np.array([is_silent(stem) for stem in clip.stems])
    gain = gain_to_reference(torch.from_numpy(clip.stems.sum(0)), clip.rate, model.model.reference_rms)
    return Scene(
        clip,
        clip.present & ~silent,
        gain,
        mels_of(model, clip.stems, clip.rate, gain),
        resample(clip.stems, clip.rate, RATE),
    )


def mels_of(model: Msgld, stems: np.ndarray, rate: int, gain: float) -> np.ndarray:
    """Log-mels (n, M, N) of stems (n, channels, L) at ``rate``, made louder by ``gain``."""
    waves = at_model_level(stems, rate, model.model, gain)
    return log_mel(waves, model.model.codec.mel).numpy()
