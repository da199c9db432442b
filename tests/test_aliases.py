"""Names of version 0.1: they work for one release, with a warning that says the new one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tiny import save_tiny_model

import msgld
from msgld.aliases import current_record, current_settings, current_weights
from msgld.nets.transformer import StemTransformer, TransformerConfig

RATE = 8000
SOUND = (np.zeros((1, 800), np.float32) + 0.01, RATE)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> msgld.Msgld:
    return msgld.load(save_tiny_model(tmp_path_factory.mktemp("tiny"), styles=("rock",)), device="cpu")


def test_the_old_class_is_the_new_one_and_warns_once():
    vars(msgld).pop("Brief", None)
    with pytest.warns(FutureWarning, match=r"msgld\.Brief is now msgld\.Conditions") as warned:
        from msgld import Brief  # an import asks twice
    assert Brief is msgld.Conditions and [warning.filename for warning in warned] == [__file__]


def test_old_arguments_do_what_the_new_ones_do(model: msgld.Msgld):
    options, sounds = msgld.Options(quality="draft", steps=1), {"bass": SOUND}
    for task, old, new in (
        (lambda **k: model.separate(SOUND, options=options, **k), {"mixture_level": 0.5}, {"noise": 0.5}),
        (
            lambda **k: model.arrange(sounds, ["drums"], options=options, **k),
            {"softness": 0.5},
            {"noise": 0.5},
        ),
        (
            lambda **k: model.arrange(sounds, ["drums"], options=options, **k),
            {"hear_key": False},
            {"match_key": False},
        ),
        (lambda **k: model.vary(sounds, options=options, **k), {"level": 0.5}, {"noise": 0.5}),
    ):
        with pytest.warns(FutureWarning, match=f"{next(iter(old))} is now {next(iter(new))}"):
            one = task(**old)
        other = task(**new)
        assert all(np.array_equal(one.stems[stem], other.stems[stem]) for stem in other.stems)
        with pytest.raises(TypeError, match="old name"):
            task(**old, **new)


def test_old_options_become_settings_of_the_sampler():
    for old, new in (
        ({"sampler": "ddim", "eta": 0.5, "iterations": 2}, {"sampler": "ddim", "eta": 0.5, "iterations": 2}),
        ({"sampler": "ddpm"}, {"sampler": "ddim", "eta": 1.0}),
        ({"eta": None}, {}),
        ({"eta": 0.5, "sampling": {"iterations": 3}}, {"eta": 0.5, "iterations": 3}),
    ):
        with pytest.warns(FutureWarning) as warned:
            options = msgld.Options(**old)
        assert options == msgld.Options(sampling=new)
        assert {warning.filename for warning in warned} == {__file__}, "the caller's line"
    with pytest.warns(FutureWarning, match="brief_guidance is now style_guidance"):
        assert msgld.Options(brief_guidance=3) == msgld.Options(style_guidance=3)
    with pytest.warns(FutureWarning):
        assert replace(msgld.Options(seed=3), eta=0.5) == msgld.Options(seed=3, sampling={"eta": 0.5})
    with pytest.warns(FutureWarning), pytest.raises(msgld.UsageError, match="eta belongs to"):
        msgld.Options(sampler="ddpm", eta=0.5)
    with pytest.raises(AttributeError):
        msgld.Options(sampling={"eta": 0.5}).eta  # noqa: B018  (version 0.1 had it; None would be wrong)


def test_options_by_place_mean_what_they_meant():
    assert msgld.Options("draft", 2, 1.5, 7) == msgld.Options(quality="draft", steps=2, guidance=1.5, seed=7)
    with pytest.raises(TypeError):
        msgld.Options("draft", 2, 1.5, 7, "ddim")


def test_remarks_of_a_result_are_found_under_their_old_name(model: msgld.Msgld):
    result = model.arrange(
        {"bass": SOUND, "drums": (SOUND[0][:, :400], RATE)}, options=msgld.Options(steps=1)
    )
    with pytest.warns(FutureWarning, match="remarks"):
        assert result.notes == result.remarks != ()


def test_checkpoints_and_records_are_read_under_todays_names():
    assert current_settings(TransformerConfig, {"reach": 3, "told": 4, "width": 5}) == {
        "attention_window": 3, "conditioning_width": 4, "width": 5
    }  # fmt: skip
    assert current_settings(TransformerConfig, {"reach": 3, "attention_window": 4}) == {
        "reach": 3, "attention_window": 4
    }  # fmt: skip
    network = StemTransformer(
        TransformerConfig(width=8, depth=1, heads=1, frame_features=2, programs=2, styles=("a",))
    )
    old = {key.replace("conditioning.", "brief."): value for key, value in network.state_dict().items()}
    assert old.keys() != network.state_dict().keys()
    assert current_weights(network, old).keys() == network.state_dict().keys()


def test_records_are_read_under_todays_names_and_keep_the_names_of_parts_and_stems():
    record = {
        "weights": {"notes": "hash"},
        "settings": {"mixture_level": 0.5, "windows": [{"varispeed": 2.0}], "known": {"level": "level.wav"}},
        "notes": [],
        "files": {"notes": "notes.wav"},
    }
    assert current_record(record) == {
        "weights": {"notes": "hash"},
        "settings": {"noise": 0.5, "windows": [{"semitones": 2.0}], "known": {"level": "level.wav"}},
        "remarks": [],
        "files": {"notes": "notes.wav"},
    }
