"""Loudness: the model sees every song at the loudness of its training data; results return to the song's."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor

from msgld.dsp.loudness import ABSOLUTE_GATE, gated_rms


def gain_to_reference(mixture: Float[Tensor, "channels L"], rate: int, reference: float | None) -> float:
    """Gain that brings a mixture to the reference loudness.

    Pauses, noise before the music, clicks, rumble and constant offsets do not count; see
    :func:`msgld.dsp.loudness.gated_rms`. Sound below the absolute gate, such as the noise between two pieces, gets
    the gain of sound at the gate.

    Args:
        mixture: the song.
        rate: samples per second.
        reference: gated RMS; None for a gain of 1.
    """
    return 1.0 if reference is None else reference / max(gated_rms(mixture, rate), ABSOLUTE_GATE)


def gain_of_given(
    given: Float[Tensor, "G channels L"], stems: int, rate: int, reference: float | None
) -> float:
    """Gain at which a mixture of ``stems`` stems as loud as the given ones would be at the reference loudness.

    Args:
        given: the given stems.
        stems: number of stems in the mixture.
        rate: samples per second.
        reference: gated RMS; None for a gain of 1.

    Returns:
        1 where the given stems are silent, that is below the absolute gate.
    """
    loudness = gated_rms(given.sum(0), rate)
    if reference is None or loudness < ABSOLUTE_GATE:
        return 1.0
    return reference * (given.shape[0] / stems) ** 0.5 / loudness
