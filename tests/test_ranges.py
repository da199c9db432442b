"""One table of ranges, for the command line and for Python: what is outside is refused in one line, with its name."""

from __future__ import annotations

import math
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import save_tiny_model
from typer.testing import CliRunner

import msgld
from msgld.cli.errors import guarded
from msgld.cli.main import app
from msgld.ranges import RANGES, check

OF_OPTIONS = (
    "steps",
    "guidance",
    "style_guidance",
    "seed",
    "segment",
    "overlap",
    "batch",
)
NOT_NUMBERS = (
    True,
    "1",
    "",
    b"1",
    [1],
    {},
    1j,
    np.bool_(True),
    np.ones(1),
    Decimal(1),
    object(),
    math.nan,
    math.inf,
    -math.inf,
)

SEPARATE = {
    "steps": "--steps", "guidance": "--guidance", "segment": "--segment", "batch": "--batch",
    "start": "--from", "stop": "--to", "mp3_bitrate": "--mp3-bitrate",
}  # fmt: skip
GENERATE = {"seconds": "--seconds", "count": "--count", "bpm": "--bpm"}
OPTIONS = [
    *(("separate", flag, name) for name, flag in SEPARATE.items()),
    *(("generate", flag, name) for name, flag in GENERATE.items()),
    ("arrange", "--noise", "noise"), ("vary", "--noise", "noise"), ("extend", "--seconds", "seconds"),
    ("evaluate codec", "--clips", "clips"), ("train", "--minutes", "minutes"),
    ("convert", "--width", "width"),
]  # fmt: skip


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> msgld.Msgld:
    return msgld.load(
        save_tiny_model(tmp_path_factory.mktemp("models") / "tiny", styles=("pop",)), device="cpu"
    )


def refused(name: str, make: Any, kind: type[msgld.MsgldError] = msgld.UsageError) -> None:
    with pytest.raises(kind) as caught:
        make()
    line = str(caught.value)
    assert name in line and "\n" not in line and len(line) < 200


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(OF_OPTIONS), st.one_of(st.floats(), st.integers(), st.sampled_from(NOT_NUMBERS)))
def test_a_value_is_in_its_range_or_refused_by_name(name: str, value: Any):
    allowed = RANGES[name]
    known = isinstance(value, int if allowed.whole else int | float) and not isinstance(value, bool)
    if known and allowed.lowest <= value <= allowed.highest:
        assert getattr(msgld.Options(**{name: value}), name) == value
    else:
        refused(name, lambda: msgld.Options(**{name: value}))


@pytest.mark.parametrize("name", OF_OPTIONS)
def test_huge_numbers_are_refused(name: str):
    for value in (10**5000, -(10**5000), 2**63):
        refused(name, partial(msgld.Options, **{name: value}))


def test_numpy_scalars_become_plain_numbers():
    options = msgld.Options(
        steps=np.int32(3), guidance=np.float32(1.5), seed=np.uint64(7), segment=np.float64(5)
    )
    assert [type(value) for value in (options.steps, options.guidance, options.seed, options.segment)] == [
        int, float, int, float
    ]  # fmt: skip
    assert (
        type(check("seconds", np.float16(2))) is float
        and type(msgld.Conditions(bpm=np.int64(90)).bpm) is float
    )


@pytest.mark.parametrize(("command", "flag", "name"), OPTIONS)
def test_options_state_their_range_and_refuse_the_rest(
    command: str, flag: str, name: str, capsys: pytest.CaptureFixture[str]
):
    allowed = RANGES[name]
    text = " ".join(CliRunner().invoke(app, [*command.split(), "--help"]).output.split())
    assert str(allowed) in text.partition(f"{flag} ")[2]
    below, above = (int, int) if allowed.whole else (float, float)
    outside = [
        str(below(allowed.lowest - 1)),
        str(above(allowed.highest + 1)),
        "nan",
        "inf",
        "1e400",
        "9" * 400,
        "x",
    ]
    for value in outside:
        asked = [*command.split(), *(["no song.wav"] if command == "separate" else []), f"{flag}={value}"]
        assert guarded(partial(app, asked, standalone_mode=False)) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert flag in line


@pytest.mark.parametrize("start", [1.0, 1.1])
def test_an_excerpt_after_the_end_is_refused_and_one_over_the_end_is_noted(
    model: msgld.Msgld, tmp_path: Path, start: float
):
    sound = (0.1 * np.random.default_rng(0).standard_normal((1, 8000)), 8000)
    for folder in (None, tmp_path / "out"):
        with pytest.raises(msgld.AudioReadError, match="ended"):
            late = msgld.Excerpt(sound, start)
            model.separate(late) if folder is None else model.separate_to(late, folder)
    assert not list(tmp_path.iterdir())
    over = model.separate(msgld.Excerpt(sound, 0.5, 2.0))
    assert over.mix.shape == (1, 4000) and "ends at 1.00 s" in over.notes[0]
    assert not model.separate(msgld.Excerpt(sound, 0.5, 1.0)).remarks


def test_a_seed_that_is_too_large_is_told_the_limit():
    refused("below 2**63", lambda: msgld.Options(seed=2**63))


def test_seeds_state_their_range():
    for command in ("separate", "generate", "arrange", "vary", "extend", "train", "evaluate separate"):
        text = " ".join(CliRunner().invoke(app, [*command.split(), "--help"]).output.split())
        assert "[0 upwards, or random]" in text


@pytest.mark.parametrize("value", [2e10, 1e20, -3e38])
def test_samples_that_no_song_has_are_refused(model: msgld.Msgld, tmp_path: Path, value: float):
    samples = np.zeros((1, 8000), np.float32)
    samples[0, 4000] = value
    soundfile.write(tmp_path / "wild.wav", samples.T, 8000, "FLOAT")
    for sound in ((samples, 8000), tmp_path / "wild.wav"):
        for work in (
            lambda sound=sound: model.separate(sound),
            lambda sound=sound: model.arrange({"bass": sound}),
            lambda sound=sound: model.separate((np.zeros(8000), 8000), known={"bass": sound}),
        ):
            refused("full scale is 1", work, msgld.AudioReadError)


@pytest.mark.parametrize("value", ["20", -1, 0, 1e9, math.nan, True, np.ones(3)])
def test_lengths_are_checked_before_anything_is_made(model: msgld.Msgld, value: Any):
    refused("seconds", lambda: model.generate(value))
    refused("seconds", lambda: model.extend({"bass": (np.zeros(900), 8000)}, value))


@pytest.mark.parametrize("value", ["0.5", None, -0.1, 1.1, math.nan, False])
def test_noise_levels_are_checked_before_anything_is_made(model: msgld.Msgld, value: Any):
    sound = (np.zeros(900), 8000)
    refused("noise", lambda: model.separate(sound, noise=value))
    refused("noise", lambda: model.arrange({"bass": sound}, noise=value))
    refused("noise", lambda: model.vary({"bass": sound}, value))


WRONG = {
    "options": lambda model: model.separate((np.zeros(9), 8000), options={"quality": "draft"}),
    "msgld.Options(quality='draft')": lambda model: model.generate(1.0, options={"quality": "draft"}),
    "on_progress": lambda model: model.generate(1.0, on_progress=3),
    "cancel": lambda model: model.vary({"bass": (np.zeros(9), 8000)}, cancel=True),
    "conditions": lambda model: model.generate(1.0, conditions={"key": "C"}),
    "given": lambda model: model.arrange(["bass.wav"]),
    "known": lambda model: model.separate((np.zeros(9), 8000), known="bass.wav"),
    "empty": lambda model: msgld.load(""),
    "no such folder": lambda model: msgld.load("/etc/passwd"),
    "overwrite": lambda model: model.separate_to((np.zeros(9), 8000), "x", overwrite="no"),
    "residual": lambda model: model.separate_to((np.zeros(9), 8000), "x", residual="no"),
    "overwrite has": lambda model: msgld.Result({}, np.zeros((1, 9)), None, 8000).save("x", overwrite="no"),
    "match_key": lambda model: model.arrange({"bass": (np.zeros(9), 8000)}, match_key="no"),
    "half": lambda model: msgld.load(half="no"),
    "start has": lambda model: msgld.Excerpt("song.wav", "0", 1),
    "start has to": lambda model: msgld.Excerpt("song.wav", None, 1),
    "stop": lambda model: msgld.Excerpt("song.wav", 0, math.inf),
    "begins before it ends": lambda model: msgld.Excerpt("song.wav", 2, 1.5),
    "no folder": lambda model: model.separate_to((np.zeros(9), 8000), "a\0b"),
    "names": lambda model: model.separate_to((np.zeros(9), 8000), "x", names="{stem}.{ext}"),
    "folder": lambda model: model.separate_to((np.zeros(9), 8000), 5),
    "encoding": lambda model: model.separate_to((np.zeros(9), 8000), "x", encoding=16),
    "ext": lambda model: msgld.Encoding(5),
    "bitrate": lambda model: msgld.Encoding("mp3", bitrate="320"),
    "folder is": lambda model: msgld.Result({}, np.zeros((1, 9)), None, 8000).save(5),
    "stem 5": lambda model: model.separate((np.zeros(9), 8000), stems=[5]),
    "stems": lambda model: model.separate((np.zeros(9), 8000), stems=5),
    "start": lambda model: model.arrange({"bass": (np.zeros(9), 8000)}, start="1"),
    "model": lambda model: msgld.load(5),
    "device": lambda model: msgld.load(device=5),
    "quality": lambda model: msgld.Options(quality=["best"]),
    "style": lambda model: msgld.Conditions(style=5),
    "key": lambda model: msgld.Conditions(key=["C"]),
    "bpm": lambda model: msgld.Conditions(bpm="90"),
    "instruments": lambda model: msgld.Conditions(instruments=["rhodes"]),
    "rhodes, fm": lambda model: msgld.Conditions(instruments={"piano": "banjo"}),
    "0 to 127": lambda model: msgld.Conditions(instruments={"piano": [4, 128]}),
    "instruments of piano": lambda model: msgld.Conditions(instruments={"piano": 4.5}),
}


@pytest.mark.parametrize("name", WRONG)
def test_another_type_is_a_usage_error_that_names_the_argument(
    model: msgld.Msgld, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    kinds = {
        "empty": msgld.ModelError,
        "no such folder": msgld.ModelError,
        "no folder": msgld.AudioWriteError,
    }
    refused(name, lambda: WRONG[name](model), kinds.get(name, msgld.UsageError))
    assert not list(tmp_path.iterdir())


def test_instruments_are_named_as_on_the_command_line():
    for chosen in ("rhodes", "Rhodes", ["rhodes"], 4, np.int64(4), "4", ("rhodes",)):
        assert msgld.Conditions(instruments={"piano": chosen}).programs == {"piano": (4,)}
    assert msgld.Conditions(instruments={"bass": "slap, acoustic"}).programs == {"bass": (36, 37, 32)}
    assert msgld.Conditions(instruments={"vocals": 53, "piano": ()}).programs == {
        "vocals": (53,),
        "piano": (),
    }
