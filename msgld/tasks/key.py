"""The key of the given stems, which the other stems are made in.

The network sees the stems themselves, yet follows a key in its conditions more closely than their notes. So the key
is detected and becomes a condition. The tempo could be detected as well, but not the place of the beat, and half a
beat off it would mislead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from jaxtyping import Float

from msgld.audio.stream import stacked
from msgld.dsp.resample import resample
from msgld.model import Model
from msgld.music.conditions import Conditions
from msgld.music.key_detection import key_of
from msgld.stems import UNPITCHED

RATE = 22_050
"""Rate at which the key is detected; the detector uses nothing above 2 kHz."""

Wave = Float[np.ndarray, "channels L"]


def in_matching_key(conditions: Conditions, given: Mapping[str, Wave], rate: int) -> Conditions:
    """The conditions with the key of the given stems, where they name none and the stems' key is clear.

    Args:
        conditions: of the piece.
        given: stem -> its sound.
        rate: samples per second.
    """
    waves = [wave for stem, wave in given.items() if stem not in UNPITCHED]
    if conditions.key is not None or not waves:
        return conditions
    total = stacked(waves).sum(0)
    return replace(conditions, key=key_of(resample(total, rate, RATE), RATE))


def key_for(
    model: Model, stem: str, conditions: Conditions | None, others: Mapping[str, Wave], rate: int
) -> str | None:
    """The key for decoding a stem: that of the conditions or else of the other stems.

    Args:
        model: with or without a note reader.
        stem: to decode.
        conditions: of the piece; None for no key at all.
        others: as ``given`` of :func:`in_matching_key`.
        rate: samples per second.

    Returns:
        None where the model reads no notes of the stem.
    """
    if conditions is None or not model.reads(stem):
        return None
    return in_matching_key(conditions, others, rate).key
