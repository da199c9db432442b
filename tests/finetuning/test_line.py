"""The line between two models: weights, further stems included, and the place that is chosen on it."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tiny import save_tiny_model

from msgld.checkpoint import load_model
from msgld.errors import ModelError
from msgld.finetuning.line import BEGIN, between, choose, move, place
from msgld.model import Model
from msgld.stems import STEMS
from msgld.training.more_stems import grown, with_more_stems

FIVE = tuple(stem for stem in STEMS if stem != "vocals")


def models(folder: Path) -> tuple[Model, Model]:
    """One of five stems, and one of six whose weights are other ones."""
    old = load_model(save_tiny_model(folder / "old", stems=FIVE, refined=True), half=False)
    new = load_model(save_tiny_model(folder / "new", refined=True), half=False)
    for network in (new.denoiser.network, new.refiner):
        assert network is not None
        network.load_state_dict({name: value + 0.5 for name, value in network.state_dict().items()})
    return old, new


@pytest.mark.parametrize("way", [0.0, 0.25, 1.0])
def test_weights_lie_on_the_line(way: float, tmp_path: Path) -> None:
    old, new = models(tmp_path)
    assert old.refiner is not None and new.refiner is not None
    first = with_more_stems(old.denoiser.network.state_dict(), FIVE, STEMS)
    last = {name: value.clone() for name, value in new.denoiser.network.state_dict().items()}
    corrections = grown(old.refiner, FIVE, STEMS, 0).state_dict()
    own = {name: value.clone() for name, value in new.refiner.state_dict().items()}
    model = between(old, new, way, 1 - way)
    for name, value in model.denoiser.network.state_dict().items():
        torch.testing.assert_close(value, (1 - way) * first[name] + way * last[name])
    for name, value in model.refiner.state_dict().items():
        torch.testing.assert_close(value, way * corrections[name] + (1 - way) * own[name])
    assert model.stems == STEMS


def test_networks_of_other_sizes_have_nothing_between_them(tmp_path: Path) -> None:
    old, new = models(tmp_path)
    with pytest.raises(ModelError, match="another size"):
        move(new.denoiser.network, {"track.weight": torch.zeros(1)}, 0.5)
    assert old.stems == FIVE


def test_the_first_place_that_is_nearly_as_good_is_chosen() -> None:
    scores = {(0.0, 0.1): 5.0, (0.4, 0.1): 6.96, (0.0, 0.2): 7.0, (0.8, 0.2): 6.9}
    assert choose(scores.__getitem__, 4.0, tuple(scores)) == (0.4, 0.1)
    assert choose(lambda at: 3.0, 4.0) == BEGIN


def test_a_place_has_a_way_for_each_part(tmp_path: Path) -> None:
    models(tmp_path)
    old, new = (load_model(tmp_path / name).refiner for name in ("old", "new"))
    assert old is not None and new is not None
    ahead = place(tmp_path / "old", tmp_path / "new", (1.0, 0.0))
    last = load_model(tmp_path / "new").denoiser.network.state_dict()
    for name, value in ahead.denoiser.network.state_dict().items():
        torch.testing.assert_close(value, last[name])
    first = grown(old, FIVE, STEMS, 0).state_dict()
    assert ahead.refiner is not None and ahead.stems == STEMS
    for name, value in ahead.refiner.state_dict().items():
        torch.testing.assert_close(value, first[name])
