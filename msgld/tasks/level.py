"""Loudness: the model hears every song at the same level, and answers are brought back to the song's."""

from __future__ import annotations

from torch import Tensor

SILENCE = 1e-6
"""RMS below which a stretch is not made louder (-120 dBFS)."""


def rms(audio: Tensor) -> float:
    """Root of the mean power of (channels, L) over both."""
    return float(audio.double().square().mean().sqrt()) if audio.numel() else 0.0


def gain_to_reference(mixture: Tensor, reference: float | None) -> float:
    """Gain that brings a mixture (channels, L) to the level at which the model was trained.

    Digital silence at its ends is not counted: a window that begins before the song is not taken for a soft one.

    Args:
        reference: RMS that the model knows; None if it hears songs as they are.
    """
    return 1.0 if reference is None else reference / max(rms(_trimmed(mixture)), SILENCE)


def _trimmed(audio: Tensor) -> Tensor:
    """Audio (channels, L) without the zeros at its ends."""
    sounding = audio.ne(0).any(0).nonzero()
    return audio[:, int(sounding[0]) : int(sounding[-1]) + 1] if len(sounding) else audio[:, :0]


def gain_of_given(given: Tensor, stems: int, reference: float | None) -> float:
    """Gain for given (G, channels, L) such that all ``stems``, were they alike, are at the reference."""
    if reference is None:
        return 1.0
    share = (given.shape[0] / stems) ** 0.5
    return reference * share / max(rms(_trimmed(given.sum(0))), SILENCE)
