"""The score model is tuned to notes that are given, or found by listening, and kept where it guesses no better."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from bands_of_tones import write_band
from score_tiny import some_score, tiny_score_model
from tiny import save_tiny_model

import msgld
from msgld.checkpoint import load_model, save_model
from msgld.finetuning import evening, scores
from msgld.finetuning.evening import Evening
from msgld.finetuning.listened import listen
from msgld.finetuning.scores import ScoreTuning
from msgld.finetuning.songs import open_own
from msgld.music.midi.write import midi_bytes
from msgld.stems import STEMS
from msgld.training.recipe import PoolConfig, Stage
from msgld.training.score.composer import TINY
from msgld.training.score.pieces import open_scores

BARS = 8


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model with ears and a score model."""
    folder = save_tiny_model(tmp_path_factory.mktemp("model") / "tiny", ears=True)
    whole = load_model(folder)
    whole.score = tiny_score_model()
    save_model(whole, folder)
    return folder


@pytest.fixture
def tuning(model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ScoreTuning:
    """Of random pieces; the song that is set aside is one more of them."""
    recipe = replace(
        TINY, name="evening", pool=PoolConfig(slots=4, seconds=0.0, workers=0), stages=(Stage(1.0, 2, BARS),)
    )
    find = evening.find
    monkeypatch.setattr(
        evening, "find", lambda part, name: (find(part)[0], recipe if name == "evening" else name)
    )
    folder = tmp_path / "midi"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.mid").write_bytes(midi_bytes(some_score(number, bars=BARS)))
    aside = tmp_path / "out" / "notes" / "aside"
    aside.mkdir(parents=True)
    (aside / "0000.mid").write_bytes(midi_bytes(some_score(9, bars=BARS)))
    own = open_own(write_band(tmp_path / "band"), STEMS)
    return ScoreTuning(Evening(tmp_path / "out", 0.1, torch.device("cpu")), own, model, (folder,))


def test_the_score_model_is_replaced_only_by_one_that_guesses_better(tuning: ScoreTuning) -> None:
    tuned, remarks = tuning.tuned(0.0)
    aside = open_scores([tuning.evening.out / "notes" / "aside"], band=False)
    guess = scores._Guess(tuning.start, aside, tuning.evening)
    first = guess.error(guess.weights)
    assert first == guess.error(guess.weights)
    if tuned is None:
        assert "stays as it was" in remarks[0]
    else:
        assert "better" in remarks[0]
        assert guess.error(tuned.denoiser.state_dict()) < first


def test_what_is_listened_to_is_a_midi_file_a_song(model: Path, tmp_path: Path) -> None:
    own = open_own(write_band(tmp_path / "band"), STEMS)
    ears = msgld.load(model)
    files = listen(ears, own.folder, own.learned, tmp_path / "notes", 60.0)
    assert [file.name for file in files] == ["0000.mid", "0001.mid"]
    before = [file.read_bytes() for file in files]
    assert all(data.startswith(b"MThd") for data in before)
    assert listen(ears, own.folder, own.learned, tmp_path / "notes", 0.0) == files
    assert [file.read_bytes() for file in files] == before


def test_a_model_without_a_composer_has_nothing_to_tune(tmp_path: Path) -> None:
    start = save_tiny_model(tmp_path / "tiny", ears=True)
    own = open_own(write_band(tmp_path / "band"), STEMS)
    assert ScoreTuning(Evening(tmp_path, 0.1, torch.device("cpu")), own, start).tuned(0.0) == (None, [])
