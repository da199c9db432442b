"""Models from strangers are refused in one line or work, and nothing is written outside of the folder for results."""

from __future__ import annotations

import json
import math
import resource
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from command import run, write_noise
from foreign_models import GOOD, all_cases, base, judge
from hostile import NAMES, describe, names, tensors
from tiny import save_tiny_model

import msgld
from msgld.aliases import ADDED
from msgld.api.folder import inside
from msgld.api.result import Result
from msgld.api.store import model_folder
from msgld.checkpoint import load_first_stage, load_model, save_model
from msgld.cli.models import list_models
from msgld.errors import AudioWriteError, ModelError, UsageError
from msgld.registry import config_of, kinds
from msgld.training.parts import PARTS, designs

SAMPLE = 40


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return base(tmp_path_factory.mktemp("models") / "tiny")


# All kinds of them


def test_a_sample_of_strange_models_is_refused_or_works(model: Path, tmp_path: Path):
    cases = all_cases(model, 40)
    sample = dict(list(cases.items())[:: math.ceil(len(cases) / SAMPLE)])
    outcomes = {
        name: judge(model, damage, tmp_path / str(index) / "sandbox")
        for index, (name, damage) in enumerate(sample.items())
    }
    assert outcomes["as it was"].kind == "works"
    assert {name: outcome for name, outcome in outcomes.items() if outcome.kind not in GOOD} == {}
    assert sum(outcome.kind == "refused" for outcome in outcomes.values()) > SAMPLE / 2


@pytest.mark.parametrize("where", ["info", "stems"])
@pytest.mark.parametrize("name", [n for n in NAMES if not (isinstance(n, str) and len(n) > 1000)], ids=ascii)
def test_names_that_no_file_should_have_are_refused_when_a_model_is_loaded(
    model: Path, tmp_path: Path, name: object, where: str
):
    copy = copied(model, tmp_path)
    about = json.loads((copy / "model.json").read_text())
    if where == "info":
        about["info"]["name"] = name
    else:
        about["stems"][1] = name
    (copy / "model.json").write_text(json.dumps(about))
    for load in (load_model, load_first_stage, msgld.load):
        with pytest.raises(ModelError, match=r"model\.json") as caught:
            load(copy)
        assert str(caught.value).isprintable()


def copied(model: Path, folder: Path) -> Path:
    copy = folder / "copy"
    copy.mkdir(parents=True)
    for path in model.iterdir():
        (copy / path.name).write_bytes(path.read_bytes())
    return copy


def test_a_description_of_100_gigabytes_is_refused_before_anything_is_allocated(model: Path, tmp_path: Path):
    copy = copied(model, tmp_path)
    describe(copy, lambda a: a["parts"]["denoiser"].update(width=8192, heads=8, depth=200, expansion=8))
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(ModelError, match="bytes for"):
        load_model(copy)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000
    assert time.process_time() - began < 5


@pytest.mark.parametrize(
    ("part", "change", "words"),
    [
        ("vocoder", lambda t: t["outward.bias"].fill_(torch.nan), r"outward\.bias.*not numbers"),
        ("notes", lambda t: t["outward.weight"].fill_(torch.inf), r"outward\.weight.*not numbers"),
        ("denoiser", lambda t: [x.zero_() for x in t.values()], "not trained"),
        (
            "denoiser",
            lambda t: [t[n].zero_() for n in t if n.startswith(("outward.w", "gates", "scores.w"))],
            "not trained",
        ),
        ("codec", lambda t: t["scale"].zero_(), "scale has to be above 0"),
        ("denoiser", lambda t: t.pop("inward.bias"), "lacks 'inward.bias'"),
        ("denoiser", lambda t: t.update(more=torch.ones(1)), "has a tensor 'more'"),
        ("denoiser", lambda t: t.update({"norm.bias": torch.ones(2, 16)}), r"norm\.bias.*\(2, 16\).*\(32,\)"),
        ("denoiser", lambda t: t.update({"norm.bias": torch.ones(32).int()}), r"norm\.bias.*int32"),
    ],
)
def test_weights_that_cannot_be_are_named(model: Path, tmp_path: Path, part: str, change: Any, words: str):
    copy = copied(model, tmp_path)
    tensors(part, change)(copy)
    with pytest.raises(ModelError, match=words) as caught:
        loaded = load_model(copy)
        assert loaded.vocoder and loaded.note_reader, "which are read when they are first used"
    assert f"{part}.safetensors" in str(caught.value)


def test_a_refusal_says_which_setting_is_wrong(model: Path, tmp_path: Path):
    copy = copied(model, tmp_path)
    describe(copy, lambda a: a["parts"]["denoiser"].update(heads=0))
    with pytest.raises(ModelError, match="the denoiser's heads has to lie between 1 and 8192, not at 0"):
        load_model(copy)


def test_a_strange_model_in_the_cache_is_listed_as_damaged(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    place = copied(model, tmp_path / "models")
    names()["stem called 0"](place)
    monkeypatch.setenv("MSGLD_CACHE", str(tmp_path))
    assert "error" in list_models()[-1]


def test_the_command_line_refuses_a_strange_model_in_one_line(model: Path, tmp_path: Path):
    copy = copied(model, tmp_path / "models")
    describe(copy, lambda a: a["info"].update(name="../../x"))
    song = write_noise(tmp_path / "song.wav")
    before = set(tmp_path.rglob("*"))
    for command in (["separate", song, "--out", "out"], ["generate", "--seconds", "1", "--out", "out"]):
        done = run([*command, "--name", copy], tmp_path)
        assert done.code != 0 and len(done.complaints) == 1 and "cannot be called" in done.complaints[0]
    assert {path for path in tmp_path.rglob("*") if path.is_file()} <= before


def test_what_is_no_name_of_a_model_is_refused():
    for name in ("x" * 5000, "a\0b", "nothing/here", 3, b"small", ["small"]):
        with pytest.raises(ModelError):
            model_folder(name)  # type: ignore[arg-type]


# Saving


def test_models_with_such_names_are_neither_made_nor_saved(tmp_path: Path):
    model = load_model(save_tiny_model(tmp_path / "tiny"))
    with pytest.raises(ModelError):
        type(model)(model.codec, model.denoiser, None, ("../x", *model.stems[1:]))
    model.info["name"] = "../x"
    with pytest.raises(ModelError, match="cannot be called"):
        save_model(model, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_notes_on_a_training_that_are_no_numbers_do_not_make_a_model_unreadable(tmp_path: Path):
    model = load_model(save_tiny_model(tmp_path / "tiny"))
    model.info["training"] = {"loss": math.nan, "best": (math.inf, 1.0)}
    save_model(model, tmp_path / "again")
    assert load_model(tmp_path / "again").info["training"] == {"loss": None, "best": [None, 1.0]}


# Results


@pytest.mark.parametrize("name", ["../../x", "a/b", "", "..", "x\n", "mix", "residual", "C:\\x", 3])
def test_stems_made_by_hand_are_not_saved_elsewhere(tmp_path: Path, name: Any):
    samples = np.full((1, 900), 0.1, np.float32)
    result = Result({"bass": samples, name: samples}, 2 * samples, None, 8000)
    with pytest.raises(UsageError, match="a stem"):
        result.save(tmp_path / "a" / "out")
    assert list(tmp_path.iterdir()) == []


def test_no_file_of_a_result_lies_outside_of_its_folder(tmp_path: Path):
    folder, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    folder.mkdir()
    elsewhere.mkdir()
    (folder / "link").symlink_to(elsewhere)
    assert inside(folder, "a/b.wav") == folder / "a" / "b.wav"
    for name in ("../x.wav", "a/../../x", str(elsewhere / "x"), "link/x.wav", ""):
        with pytest.raises(AudioWriteError, match="outside"):
            inside(folder, name)


def test_a_vocoder_that_answers_with_what_is_no_number_is_an_error(model: Path):
    loaded = load_model(model, half=False)
    assert loaded.vocoder is not None
    loaded.vocoder.outward.bias.fill_(torch.nan)
    with pytest.raises(ModelError, match="not numbers"):
        loaded.vocode(torch.zeros(1, 128, 8))


# Settings


def test_every_kind_of_part_reads_its_own_defaults_and_nothing_else():
    for part, named in kinds().items():
        for name, kind in named.items():
            settings = json.loads(json.dumps({"kind": name, **asdict(kind.config())}))
            assert config_of(part, settings) == kind.config()
            with pytest.raises(ValueError, match="no setting"):
                config_of(part, {**settings, "more": 1})
            for key in settings:
                fewer = {k: v for k, v in settings.items() if k != key}
                if key in ADDED.get(kind.config.__name__, {}):
                    assert config_of(part, fewer) == kind.config(), "what older files lack"
                else:
                    with pytest.raises(ValueError, match=f"lacks {key}|of kind"):
                        config_of(part, fewer)
                for odd in (math.nan, "\n", [None], {}, -1, 2**70):
                    with pytest.raises(ValueError) as caught:
                        config_of(part, {**settings, key: odd})
                    assert str(caught.value).isprintable()


def test_what_recipes_train_can_be_loaded():
    recipes = [(part, one) for part in PARTS for cls in designs(part) for one in cls.recipes.values()]
    trained = [(part, recipe.network) for part, recipe in recipes]
    trained += [("codec", one.settings.codec) for _, one in recipes if hasattr(one.settings, "codec")]
    for trained_as, config in trained:
        part = {"score": "composer", "score-codec": "score_codec"}.get(trained_as, trained_as)
        kind = next(name for name, kind in kinds()[part].items() if kind.config is type(config))
        assert config_of(part, {"kind": kind, **asdict(config)}) == config
