"""What the command line says where notes are wanted and a model makes sound, or a file holds none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from midi_bytes import note, program, smf, tempo
from score_tiny import tiny_score_model
from tiny import save_tiny_model

import msgld
from msgld.checkpoint import load_model
from msgld.cli.errors import guarded
from msgld.cli.inputs import stems_in
from msgld.cli.main import app


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def composer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever model is named, it has a composer."""
    model = load_model(folder)
    model.score = tiny_score_model()
    monkeypatch.setattr(msgld, "load", lambda *_, **__: msgld.Msgld(model), raising=False)


def last_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Exit code, and the line that says why."""
    code = guarded(lambda: app(arguments, standalone_mode=False))
    lines = capsys.readouterr().err.splitlines()
    assert sum(line.startswith("msgld: ") for line in lines) == 1
    return code, lines[-1]


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["--bars", "4"], 2, "makes sound only, without bars, form and chords: leave them out"),
        (["--chords", "Am F"], 2, "choose a model with a composer"),
        (["--form", "AABA"], 2, "makes sound only"),
        (["--chords", "Hm7b99"], 2, "no chord 'Hm7b99': write"),
        (["--latent", "score"], 1, "makes no notes: choose another model, or latent sound"),
        (["--soundfont", "any.sf2"], 2, "leave it out"),
    ],
)
def test_a_model_that_makes_sound_says_what_to_do(
    folder: Path,
    tmp_path: Path,
    arguments: list[str],
    code: int,
    text: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    found, line = last_line(["generate", "-n", str(folder), "-o", str(out), *arguments], capsys)
    assert found == code
    assert text in line
    assert not out.exists()


@pytest.mark.usefixtures("composer")
def test_notes_are_the_default_and_sound_can_be_chosen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    usual = ["generate", "--steps", "1", "-o", str(tmp_path / "out"), "--make", "bass"]
    assert guarded(lambda: app([*usual, "--bars", "1"], standalone_mode=False)) == 0
    assert list(tmp_path.glob("out/*/seed0/bass.mid"))
    sound = [*usual, "--seconds", "0.5", "--latent", "sound", "--seed", "1"]
    assert guarded(lambda: app(sound, standalone_mode=False)) == 0
    assert list(tmp_path.glob("out/*/seed1/bass.wav")) and not list(tmp_path.glob("out/*/seed1/*.mid"))
    capsys.readouterr()
    code, line = last_line([*usual, "--bars", "4", "--latent", "sound", "--seed", "2"], capsys)
    assert (code, "leave latent sound out" in line) == (2, True)


@pytest.mark.usefixtures("composer")
def test_bad_midi_is_one_line_and_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {
        "empty": smf([program(0, 3)]), "cut": smf(note(0, 60))[:-9], "slow": smf([tempo(900_000)], note(0, 60)),
        "fast": smf([tempo(300_000)], note(0, 60)), "seconds": smf(note(0, 60), division=(256 - 25) << 8 | 40),
        "several": smf(note(0, 60), note(1, 60), kind=2),
    }  # fmt: skip
    for name, data in files.items():
        (tmp_path / f"{name}.mid").write_bytes(data)
    for given, text in (
        (["bass=empty.mid"], "has no notes"), (["bass=cut.mid"], "cut short"), (["bass=seconds.mid"], "with a tempo"),
        (["bass=several.mid"], "format 2"), (["bass=slow.mid", "drums=fast.mid"], "drums has another tempo than bass"),
    ):  # fmt: skip
        named = [part for one in given for part in ("--given", one.replace("=", f"={tmp_path}/"))]
        code, line = last_line(["arrange", *named, "--steps", "1", "-o", str(tmp_path / "out")], capsys)
        assert code in (1, 2)
        assert text in line
        assert not list(tmp_path.glob("out/**/*.wav"))


@pytest.mark.usefixtures("composer")
def test_a_result_in_notes_is_taken_as_notes(tmp_path: Path) -> None:
    usual = ["--steps", "1", "-o", str(tmp_path / "out")]
    assert (
        guarded(
            lambda: app(["generate", *usual, "--make", "bass,piano", "--bars", "1"], standalone_mode=False)
        )
        == 0
    )
    (folder,) = {path.parent for path in tmp_path.glob("out/*/*/bass.mid")}
    more = ["vary", str(folder), *usual[:2], "-o", str(tmp_path / "more")]
    assert guarded(lambda: app(more, standalone_mode=False)) == 0
    (record,) = tmp_path.glob("more/**/run.json")
    assert json.loads(record.read_text())["input"] == {
        stem: str(folder / f"{stem}.mid") for stem in ("bass", "piano")
    }
    assert set(stems_in(folder, ("bass", "piano"))) == {"bass", "piano"}
    assert {path.suffix for path in stems_in(folder, ("bass", "piano")).values()} == {".wav"}
