"""Codec and composer are trained in turn, saved, and resumed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from score_tiny import some_score
from tiny import save_tiny_model

from msgld.checkpoint import load_model
from msgld.errors import ModelError, UsageError
from msgld.training.run import run_part
from msgld.training.score.codec import TINY as CODEC
from msgld.training.score.codec import ScoreCodecPart
from msgld.training.score.composer import TINY as COMPOSER
from msgld.training.score.composer import ComposerPart
from msgld.training.score.guide import GuidePart
from msgld.training.score.pieces import Scores

STEPS = 20


class Pieces(Scores):
    """Eight scores."""

    def __init__(self) -> None:
        self.scores = [some_score(seed, 12) for seed in range(8)]

    def score(self, seed: int) -> object:  # type: ignore[override]
        return self.scores[seed % 8]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a model, one with a codec besides, and one with a composer."""
    folder = tmp_path_factory.mktemp("score")
    save_tiny_model(folder / "start")
    run_part(ScoreCodecPart(CODEC, folder / "codec", start=folder / "start"), Pieces(), steps=STEPS)
    run_part(
        ComposerPart(COMPOSER, folder / "score", start=folder / "codec" / "model"), Pieces(), steps=STEPS
    )
    return folder


def losses(folder: Path, name: str) -> list[float]:
    entries = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [entry[name] for entry in entries if name in entry]


def test_the_codec_is_trained_and_drawn(trained: Path) -> None:
    assert losses(trained / "codec", "onset")
    assert list((trained / "codec" / "samples").glob("*.png"))
    score = load_model(trained / "codec" / "model").score
    assert score is not None
    assert score.denoiser is None


def test_the_composer_is_part_of_the_model_and_the_rest_stays(trained: Path) -> None:
    before, after = (load_model(trained / name / "model") for name in ("codec", "score"))
    assert after.score is not None
    assert after.score.denoiser is not None
    assert after.score.styles
    for one, other in zip(before.denoiser.parameters(), after.denoiser.parameters(), strict=True):
        assert torch.equal(one, other)
    assert before.score is not None
    for one, other in zip(before.score.codec.parameters(), after.score.codec.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_guide_is_part_of_the_model_and_guides(trained: Path, tmp_path: Path) -> None:
    start = trained / "score" / "model"
    small = replace(COMPOSER, network=replace(COMPOSER.network, width=16))
    run_part(GuidePart(small, tmp_path / "guide", start=start), Pieces(), steps=STEPS)
    assert losses(tmp_path / "guide", "v")
    before, after = load_model(start).score, load_model(tmp_path / "guide" / "model").score
    assert before is not None and after is not None and before.guide is None and after.guide is not None
    assert after.guide.config.width == 16 and after.config == before.config
    first, then = (one.denoiser.state_dict() for one in (before, after) if one.denoiser)
    assert all(torch.equal(first[name], then[name]) for name in first)


def test_a_guide_needs_a_composer(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="--part score"):
        run_part(
            GuidePart(COMPOSER, tmp_path / "out", start=trained / "codec" / "model"), Pieces(), steps=STEPS
        )


def test_a_run_goes_on_where_it_was(trained: Path) -> None:
    steps = len(losses(trained / "score", "v"))
    run_part(
        ComposerPart(COMPOSER, trained / "score", start=trained / "codec" / "model"),
        Pieces(),
        steps=2 * STEPS,
    )
    assert len(losses(trained / "score", "v")) > steps


def test_a_composer_needs_a_codec(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="score-codec"):
        run_part(ComposerPart(COMPOSER, tmp_path / "out", start=trained / "start"), Pieces(), steps=STEPS)


def test_sound_is_no_score(trained: Path, tmp_path: Path) -> None:
    class Sound:
        stems = ("bass", "drums")

        def clip(self, seed: int, seconds: float) -> np.ndarray:
            raise AssertionError

    part = ScoreCodecPart(replace(CODEC, minutes=1), tmp_path / "out", start=trained / "start")
    with pytest.raises(UsageError, match="notes"):
        run_part(part, Sound(), steps=STEPS)  # type: ignore[arg-type]
