"""The key of a sound: chords whose key is known."""

from __future__ import annotations

import numpy as np
import pytest
from harmony import RATE, cadence, chords

from msgld.music.key_detection import key_of
from msgld.music.keys import key_name


@pytest.mark.parametrize("tonic", [0, 3, 7, 10])
def test_the_key_of_a_cadence(tonic: int):
    major = cadence(tonic, (0, 4, 7), (5, 9, 0), (7, 11, 2), (0, 4, 7))
    minor = cadence(tonic, (0, 3, 7), (5, 8, 0), (7, 10, 2), (0, 3, 7))
    assert key_of(major, RATE) == key_name(tonic, "major")
    assert key_of(minor, RATE) == key_name(tonic, "minor")


def test_silence_and_a_single_fifth_have_no_key():
    assert key_of(np.zeros(5 * RATE), RATE) is None
    assert key_of(chords([(0, 7, 7)]), RATE) is None  # it is in six scales of twelve
