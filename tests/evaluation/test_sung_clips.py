"""Clips with singers that no training used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tiny import save_tiny_model

import msgld
from msgld.data.singing import Singing
from msgld.data.source import Clip
from msgld.errors import UsageError
from msgld.evaluation.sung_clips import SungClips
from msgld.stems import RATE, STEMS

SINGING = Path(__file__).parents[1] / "files" / "singing"
VOCALS = STEMS.index("vocals")


class Chords:
    """Clips of a second in which two stems sound."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> Clip:
        time = np.arange(RATE) / RATE
        stems = np.zeros((len(STEMS), 2, RATE), np.float32)
        stems[0], stems[2] = (0.1 * np.sin(2 * np.pi * hertz * time) for hertz in (80.0, 700.0 + index))
        return Clip(stems, np.ones(len(STEMS), bool), RATE, f"chord-{index}")


def test_each_clip_has_a_singer_for_tests_and_is_else_as_it_was() -> None:
    clips, voices = SungClips(Chords(), STEMS, SINGING), Singing(SINGING, "test").voices
    assert len(clips) == 4 and len(voices) > 1
    for index in range(4):
        one, again, plain = clips[index], clips[index], Chords()[index]
        assert one.meta["voice"] == voices[index % len(voices)]
        assert one.stems[VOCALS].any() and np.array_equal(one.stems, again.stems)
        np.testing.assert_array_equal(np.delete(one.stems, VOCALS, 0), np.delete(plain.stems, VOCALS, 0))


def test_figures_are_given_singer_by_singer(tmp_path: Path) -> None:
    model = msgld.load(save_tiny_model(tmp_path / "six"), device="cpu")
    report = msgld.evaluate(model, clips=Chords(), singing=SINGING, options=msgld.Options(quality="draft"))
    rows = report["tables"]["vocals, singer by singer"]
    assert {row["name"] for row in rows} <= set(Singing(SINGING, "test").voices) and rows
    assert (
        sum(row["count"] for row in rows) == np.isfinite(np.array(report["values"], float)[:, VOCALS]).sum()
    )


def test_a_model_without_vocals_has_no_such_figures(tmp_path: Path) -> None:
    five = tuple(stem for stem in STEMS if stem != "vocals")
    model = msgld.load(save_tiny_model(tmp_path / "five", stems=five), device="cpu")
    with pytest.raises(UsageError, match="vocals"):
        msgld.evaluate(model, clips=Chords(), singing=SINGING)
