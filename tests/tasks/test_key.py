"""Arranging in the key that the given stems are in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from command import run
from harmony import RATE, cadence
from tiny import save_tiny_model

import msgld
from msgld.music.conditions import OPEN, Conditions
from msgld.tasks.key import in_matching_key

C_MAJOR = cadence(0, (0, 4, 7), (5, 9, 0), (7, 11, 2), (0, 4, 7)).astype(np.float32)
STEREO = np.stack([C_MAJOR, 0.5 * C_MAJOR])
QUICK = msgld.Options(quality="draft", steps=2)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> msgld.Msgld:
    folder = save_tiny_model(tmp_path_factory.mktemp("tiny"), styles=("bossa", "rock"))
    return msgld.load(folder, device="cpu", half=False)


def test_the_key_is_that_of_the_stems_that_have_notes():
    noise = 10 * np.random.default_rng(0).standard_normal((1, len(C_MAJOR)))
    given = {"piano": STEREO, "drums": noise}
    assert in_matching_key(OPEN, given, RATE).key == "C major"
    assert in_matching_key(Conditions(bpm=90), given, RATE) == Conditions(bpm=90, key="C major")
    assert (
        in_matching_key(OPEN, {"piano": cadence(9, (0, 3, 7), (5, 8, 0), (0, 3, 7))[None]}, RATE).key
        == "A minor"
    )


def test_channels_of_opposite_polarity_are_in_the_same_key():
    opposed = np.stack([C_MAJOR, -C_MAJOR])
    assert in_matching_key(OPEN, {"piano": opposed}, RATE).key == "C major"
    assert in_matching_key(OPEN, {"piano": opposed, "bass": 0.1 * C_MAJOR[None]}, RATE).key == "C major"


def test_sound_of_any_rate_is_heard_as_it_sounds():
    # At twice or half the rate it sounds an octave off, in the same key; at a sixth of an octave more, a tone higher.
    assert in_matching_key(OPEN, {"piano": STEREO}, 2 * RATE).key == "C major"
    assert in_matching_key(OPEN, {"piano": STEREO}, RATE // 2).key == "C major"
    assert in_matching_key(OPEN, {"piano": STEREO}, round(RATE * 2 ** (2 / 12))).key == "D major"


def test_a_key_of_ones_own_goes_before_and_silence_and_drums_have_none():
    assert in_matching_key(Conditions(key="Ab"), {"piano": STEREO}, RATE).key == "Ab"
    assert in_matching_key(OPEN, {"piano": 0 * STEREO}, RATE) == OPEN
    assert in_matching_key(OPEN, {"drums": STEREO}, RATE) == OPEN
    assert in_matching_key(OPEN, {}, RATE) == OPEN


def test_arranging_uses_it_and_a_remark_says_so(model: msgld.Msgld):
    given = {"piano": (STEREO, RATE)}
    detected = model.arrange(given, ["bass"], options=QUICK)
    asked = model.arrange(given, ["bass"], conditions=Conditions(key="C major"), options=QUICK)
    other = model.arrange(given, ["bass"], conditions=Conditions(key="F# major"), options=QUICK)
    left = model.arrange(given, ["bass"], match_key=False, options=QUICK)
    assert detected.info["settings"]["conditions"]["key"] == "C major" and "C major" in detected.remarks[0]
    assert not asked.remarks and not left.remarks and "conditions" not in left.info["settings"]
    np.testing.assert_array_equal(detected.stems["bass"], asked.stems["bass"])
    for one in (other, left):
        assert np.abs(one.stems["bass"] - detected.stems["bass"]).max() > 1e-4


def test_models_without_conditions_detect_no_key(tmp_path: Path):
    plain = msgld.load(save_tiny_model(tmp_path / "plain"), device="cpu")
    assert not plain.arrange({"piano": (STEREO, RATE)}, ["bass"], options=QUICK).remarks


@pytest.mark.parametrize(("key", "said"), [([], True), (["--key", "any"], False), (["--key", "D"], False)])
def test_the_command_line_detects_it_unless_a_key_is_given(tmp_path: Path, key: list[str], said: bool):
    folder = save_tiny_model(tmp_path / "tiny", styles=("bossa",))
    soundfile.write(tmp_path / "piano.wav", STEREO.T, RATE, "FLOAT")
    words = ["--name", folder, "--given", "piano=piano.wav", "--make", "bass", *key]
    done = run(["arrange", *words, "--steps", "1", "-o", "out"], tmp_path)
    assert done.code == 0, done.err
    assert ("in C major, the likely key" in done.out + done.err) == said
