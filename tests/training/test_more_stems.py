"""A model gets another stem: it begins as what it was a part of, and the others stay as they were."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from contracts import awake
from fonts import save_soundfont
from tiny import STEM_TRANSFORMER, save_tiny_model

import msgld
from msgld.api.store import model_folder
from msgld.checkpoint import load_model
from msgld.data.source import Clip, Source
from msgld.description import read_description
from msgld.dsp.fine_bands import features
from msgld.errors import ModelError, UsageError
from msgld.nets.refiner import Refiner, RefinerConfig
from msgld.nets.transformer import StemTransformer
from msgld.stems import OTHER, STEMS
from msgld.training.data import Data
from msgld.training.denoiser.part import DenoiserPart
from msgld.training.more_stems import can_grow, for_stems, with_more_stems
from msgld.training.more_stems import grown as grown_refiner
from msgld.training.part import Part, check_stems
from msgld.training.parts import find

FIVE = tuple(stem for stem in STEMS if stem != "vocals")
VOCALS = STEMS.index("vocals")
OLD = [STEMS.index(stem) for stem in FIVE] + [len(STEMS)]
"""Where the tracks of five stems are among those of six, the mixture last."""


class Silence:
    """A source of some stems."""

    def __init__(self, stems: tuple[str, ...]) -> None:
        self.stems = stems

    def clip(self, seed: int, seconds: float) -> Clip:
        raise NotImplementedError


def grown() -> tuple[StemTransformer, StemTransformer]:
    """A network of five stems, and the same for six."""
    five = awake(StemTransformer(replace(STEM_TRANSFORMER, tracks=len(FIVE) + 1)))
    six = StemTransformer(replace(STEM_TRANSFORMER, tracks=len(STEMS) + 1)).eval()
    six.load_state_dict(with_more_stems(five.state_dict(), FIVE, STEMS))
    return five, six


def test_without_the_new_stem_the_answers_are_as_before() -> None:
    five, six = grown()
    draw = torch.Generator().manual_seed(0)
    x = torch.randn(2, len(STEMS) + 1, 128, 12, generator=draw)
    levels = torch.rand(2, len(STEMS) + 1, 12, generator=draw)
    presence = torch.ones(2, len(STEMS) + 1, dtype=torch.bool)
    presence[:, VOCALS] = False
    with torch.no_grad():
        before = five(x[:, OLD], levels[:, OLD], presence[:, OLD])
        after = six(x, levels, presence)
    for one, other in zip(before, after, strict=True):
        assert one.std() > 0.01
        torch.testing.assert_close(other[:, OLD], one, rtol=1e-4, atol=1e-4)


def test_the_new_stem_begins_as_other() -> None:
    _, six = grown()
    x = torch.randn(1, len(STEMS) + 1, 128, 12, generator=torch.Generator().manual_seed(1))
    x[:, VOCALS] = x[:, STEMS.index(OTHER)]
    levels, presence = torch.full(x.shape[:2] + x.shape[3:], 0.5), torch.ones(x.shape[:2], dtype=torch.bool)
    with torch.no_grad():
        answers = six(x, levels, presence)
    for answer in answers:
        torch.testing.assert_close(answer[:, VOCALS], answer[:, STEMS.index(OTHER)], rtol=1e-4, atol=1e-4)
        assert not torch.allclose(answer[:, VOCALS], answer[:, 0], atol=1e-2)


def test_nothing_grows_where_the_stems_are_the_same() -> None:
    weights = StemTransformer(STEM_TRANSFORMER).state_dict()
    assert with_more_stems(weights, STEMS, STEMS) is weights


def test_training_takes_a_model_of_five_stems_to_six(tmp_path: Path) -> None:
    start = save_tiny_model(tmp_path / "five", stems=FIVE)
    recipe = find("denoiser", "tiny")[1]
    recipe = replace(recipe, network=load_model(start).denoiser.network.config)
    part = DenoiserPart(recipe, tmp_path / "run", start=start)
    part.begin(Silence(STEMS))
    mine = part.network.state_dict()
    for name, old in load_model(start).denoiser.network.state_dict().items():
        kept = mine[name][OLD] if name == "track.weight" else mine[name]
        torch.testing.assert_close(kept, old.to(kept), msg=name)
    assert torch.equal(mine["track.weight"][VOCALS], mine["track.weight"][STEMS.index(OTHER)])


@pytest.mark.parametrize(
    ("model", "data", "fits"),
    [
        (FIVE, STEMS, True),
        (STEMS, STEMS, True),
        (("bass", "drums", OTHER), FIVE, True),
        (STEMS, FIVE, False),
        (FIVE[:4], STEMS, False),
        ((*FIVE[1::-1], *FIVE[2:]), STEMS, False),
        (("low", OTHER), STEMS, False),
    ],
)
def test_a_model_grows_out_of_other_and_in_the_order_of_the_data(
    model: tuple[str, ...], data: tuple[str, ...], fits: bool
) -> None:
    if fits:
        check_stems(Path("m"), model, Silence(data), more=True)
    else:
        with pytest.raises(ModelError, match="the model to start with, has the stems"):
            check_stems(Path("m"), model, Silence(data), more=True)
    if model != data:
        with pytest.raises(ModelError, match="the model to start with, has the stems"):
            check_stems(Path("m"), model, Silence(data))


def test_rendered_music_has_the_stems_of_the_model_or_all_six_where_it_grows() -> None:
    few = ("bass", "drums", OTHER)
    assert Data().names(FIVE) == FIVE and Data().names(FIVE, grows=True) == STEMS
    assert Data(band=True, stems=(Path(),)).names(few) == few
    assert Data(midi=(Path(),)).names(("low", OTHER)) == STEMS, "which is then refused by its part"
    assert Data(stem_names=few).names() == few and Data(stem_names=few).names(few) == few
    assert Data(stem_names=STEMS).names(FIVE, grows=True) == STEMS
    for grows, names in ((False, STEMS), (True, few), (True, (*few, "piano"))):
        with pytest.raises(UsageError, match="the model to start with has 5 stems"):
            Data(stem_names=names).names(FIVE, grows)
    assert Data(stems=(Path(),)).names(FIVE, grows=True) == FIVE


def test_stems_that_cannot_be_rendered_are_refused_even_as_a_subset() -> None:
    with pytest.raises(UsageError, match="add --stems FOLDER"):
        Data(stem_names=("bass", "vocals")).names()


def test_only_the_denoiser_grows() -> None:
    grows = {name: find(name, None)[0].grows for name in ("denoiser", "refiner", "vocoder", "codec", "notes")}
    assert grows == {"denoiser": True, "refiner": False, "vocoder": False, "codec": False, "notes": False}


def test_later_parts_of_a_model_learn_from_its_stems_and_a_denoiser_from_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, ...]] = []

    def begun(part: Part[Any, Any], source: Source, *others: object, **options: object) -> Path:
        part.begin(source)
        seen.append(source.stems)
        return part.out

    monkeypatch.setattr("msgld.api.train.run_part", begun)
    start = save_tiny_model(tmp_path / "five", stems=FIVE)
    font = save_soundfont(tmp_path / "tones.sf2")
    denoiser = replace(find("denoiser", "tiny")[1], network=load_model(start).denoiser.network.config)
    for number, (part, recipe) in enumerate(
        (("refiner", "tiny"), ("vocoder", "tiny"), ("denoiser", denoiser))
    ):
        msgld.train(part, recipe, out=tmp_path / str(number), start=start, soundfont=font)
    assert seen == [FIVE, FIVE, STEMS]
    msgld.train("refiner", "tiny", out=tmp_path / "shipped", soundfont=font)
    assert seen[-1] == tuple(read_description(model_folder())["stems"])


def refiners(turned: int) -> tuple[Refiner, Refiner]:
    """A refiner of five stems that turns no phases, and the same for six that may."""
    five = for_stems(RefinerConfig(bands=64, widths=(4, 6), depth=1), FIVE)
    old = awake(Refiner(five), 0.2)
    return old, grown_refiner(old, FIVE, STEMS, turned).eval()


@pytest.mark.parametrize("turned", [0, 16])
def test_a_refiner_corrects_the_old_stems_as_before_and_a_new_one_as_other(turned: int) -> None:
    old, new = refiners(turned)
    mixture = torch.randn(1, 2, 1025, 12, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))
    masks = torch.rand(1, len(STEMS), 64, 12, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        before = old(features(mixture, masks[:, OLD[:-1]], 64, 44_100))
        after = new(features(mixture, masks, 64, 44_100, turned))
    for name in ("scores", "lean"):
        one, other = getattr(before, name), getattr(after, name)
        assert one.std() > 0.01
        torch.testing.assert_close(other[:, OLD[:-1]], one, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(other[:, VOCALS], other[:, STEMS.index(OTHER)])
    assert (after.turns is None) == (turned == 0) and (after.turns is None or not after.turns.any())


def test_a_refiner_that_turns_phases_still_turns_them_for_more_stems() -> None:
    config = for_stems(RefinerConfig(bands=64, widths=(4, 6), depth=1, turned=16), FIVE)
    old = awake(Refiner(config), 0.2)
    new = grown_refiner(old, FIVE, STEMS, 16).eval()
    mixture = torch.randn(1, 2, 1025, 12, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))
    masks = torch.rand(1, len(STEMS), 64, 12, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        before = old(features(mixture, masks[:, OLD[:-1]], 64, 44_100, 16)).turns
        after = new(features(mixture, masks, 64, 44_100, 16)).turns
    assert before.abs().mean() > 0.01
    torch.testing.assert_close(after[:, OLD[:-1]], before, rtol=1e-4, atol=1e-4)


def test_only_stems_and_turned_bands_grow() -> None:
    old = for_stems(RefinerConfig(), FIVE)
    new = for_stems(RefinerConfig(turned=92), STEMS)
    assert can_grow(old, new) and can_grow(new, new) and not can_grow(new, old)
    assert not can_grow(old, replace(new, bands=128)) and not can_grow(
        for_stems(new, FIVE), replace(new, turned=46)
    )


def test_the_other_parts_of_a_model_come_along(tmp_path: Path) -> None:
    start = save_tiny_model(tmp_path / "five", stems=FIVE, refined=True, notes=True)
    recipe = find("denoiser", "tiny")[1]
    recipe = replace(recipe, network=load_model(start).denoiser.network.config)
    part = DenoiserPart(recipe, tmp_path / "run", start=start)
    part.begin(Silence(STEMS))
    pool = part.pool(Silence(STEMS), recipe.pool)
    part.trainer(pool, 1.0, resumed=False).export(tmp_path / "run", {})
    model = load_model(tmp_path / "run" / "model")
    assert model.stems == STEMS and model.vocoder is not None and model.note_reader is not None
    assert model.refiner is not None and model.refiner.config.stems == len(STEMS)
