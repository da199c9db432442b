"""Level: the model hears every song at the level it was trained at, and answers are brought back to the song's."""

from __future__ import annotations

from torch import Tensor

from msgld.dsp.loudness import ABSOLUTE_GATE, gated_rms


def gain_to_reference(mixture: Tensor, rate: int, reference: float | None) -> float:
    """Gain that brings a mixture (channels, L) to the level at which the model was trained.

    Pauses, noise before the music, clicks, rumble and constant offsets do not count; see
    :func:`msgld.dsp.loudness.gated_rms`. What lies below the absolute gate, such as the noise between two pieces, is
    amplified as if it were at the gate.

    Args:
        rate: samples a second.
        reference: RMS that the model knows; None if it hears songs as they are.
    """
    return 1.0 if reference is None else reference / max(gated_rms(mixture, rate), ABSOLUTE_GATE)


def gain_of_given(given: Tensor, stems: int, rate: int, reference: float | None) -> float:
    """Gain for given (G, channels, L) such that all ``stems``, were they alike, are at the reference.

    It is 1 where what is given is silent, that is below the absolute gate.
    """
    level = gated_rms(given.sum(0), rate)
    if reference is None or level < ABSOLUTE_GATE:
        return 1.0
    return reference * (given.shape[0] / stems) ** 0.5 / level
