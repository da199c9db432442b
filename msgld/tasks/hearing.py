"""What the given stems say of the piece that others are to be played to.

The network hears the stems themselves, and follows their notes less than a key that it is told. So it is told the key
that can be heard in them. The tempo can be heard, too, but not where the beat lies: half a beat off it would mislead.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from msgld.audio.fitted import as_channels
from msgld.dsp.resample import resample
from msgld.model import Model
from msgld.music.conditions import Conditions
from msgld.music.key_detection import key_of
from msgld.stems import UNPITCHED

RATE = 22_050
"""At which notes are heard: all that they are told by lies below 2 kHz."""


def in_heard_key(conditions: Conditions, given: Mapping[str, np.ndarray], rate: int) -> Conditions:
    """Conditions with the key of the given stems, where it names none and theirs is clear.

    Args:
        given: stem -> (channels, L) at ``rate``.
    """
    waves = [wave for stem, wave in given.items() if stem not in UNPITCHED]
    if conditions.key is not None or not waves:
        return conditions
    channels = max(len(wave) for wave in waves)
    total = np.sum([as_channels(wave, channels) for wave in waves], axis=0)
    return replace(conditions, key=key_of(resample(total, rate, RATE), RATE))


def key_for(
    model: Model, stem: str, conditions: Conditions, others: Mapping[str, np.ndarray], rate: int
) -> str | None:
    """The key for reading the notes of a stem: the conditions' or the other stems'; None if the model reads none.

    Args:
        others: as ``given`` of :func:`in_heard_key`, at ``rate``.
    """
    return in_heard_key(conditions, others, rate).key if model.reads(stem) else None
