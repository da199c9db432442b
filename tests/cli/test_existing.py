"""Results that exist: kept where they are the ones asked for, made again where not, never lost on the way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from command import contents, write_noise
from tiny import save_tiny_model

from msgld.cli.errors import guarded
from msgld.cli.main import app

Run = Callable[..., tuple[int, list[dict[str, Any]], str]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny", notes=True)


@pytest.fixture
def run(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Run:
    """Runs a command in this process; its code, its records, and what it says on standard error."""
    monkeypatch.chdir(tmp_path)
    write_noise(tmp_path / "song.wav", 1.0)
    write_noise(tmp_path / "bass.wav", 1.0, seed=1)

    def command(*arguments: str) -> tuple[int, list[dict[str, Any]], str]:
        capsys.readouterr()
        code = guarded(partial(app, [*arguments, "-n", str(model), "--json"], standalone_mode=False))
        told = capsys.readouterr()
        return code, [json.loads(line) for line in told.out.splitlines()], told.err

    return command


SEPARATE = ("separate", "song.wav", "--quality", "draft", "--stems", "bass,drums")
RESULT = Path("separated/tiny/song")


def test_what_a_result_is_made_from_is_never_replaced(run: Run):
    shutil.copy("song.wav", "drums.wav")
    before = contents(Path())
    named = (
        "--stems",
        "bass,drums",
        "--quality",
        "draft",
        "-o",
        ".",
        "--filename",
        "{stem}.{ext}",
        "--overwrite",
    )
    code, (told,), _ = run("separate", "drums.wav", *named)
    assert code == 1 and "made from it" in told["error"]
    code, (told,), _ = run("separate", "song.wav", "--known", "bass=bass.wav", *named)
    assert code == 1 and "made from it" in told["error"]
    assert contents(Path()) == before
    piece = ("generate", "--seconds", "0.2", "--steps", "1")
    assert run(*piece)[0] == 0
    before = contents(Path())
    for command in ("vary", "extend", "arrange"):
        make = ("--make", "drums") if command == "arrange" else ()
        code, _, said = run(command, "generated/tiny/seed0", "-o", "generated", "--overwrite", *make)
        assert code == 1 and "made from it" in said.splitlines()[-1]
    assert contents(Path()) == before


def test_a_file_that_was_cut_short_is_neither_taken_for_whole_nor_replaced(run: Run):
    assert run(*SEPARATE)[0] == 0
    file = RESULT / "bass.wav"
    file.write_bytes(file.read_bytes()[:1000])
    before = contents(RESULT)
    code, records, said = run(*SEPARATE, "--skip-existing")
    assert code == 1 and records[-1]["status"] == "failed" and "shorter" in said.splitlines()[-1]
    assert contents(RESULT) == before
    assert (
        run(*SEPARATE, "--overwrite")[0] == 0
        and run(*SEPARATE, "--skip-existing")[1][0]["status"] == "skipped"
    )


CHANGES = {
    ("--to", "0.5"): "another excerpt",
    ("--quality", "normal"): "another quality",
    ("--steps", "2"): "another steps",
    ("--guidance", "2"): "another guidance",
    ("--seed", "3"): "another seed",
    ("--sampler", "multistep"): "another sampler",
    ("--eta", "0.5"): "another eta",
    ("--iterations", "2"): "another iterations",
    ("--mixture-level", "0.2"): "another noise",
    ("--consistency", "none"): "another consistency",
    ("--segment", "5"): "other segments",
    ("--overlap", "0.3"): "other segments",
    ("--known", "bass=bass.wav"): "other known stems",
    ("--stems", "bass,piano"): "it lacks piano.wav",
    ("--residual",): "it lacks residual.wav",
    ("--int16",): "another sample format",
    ("--flac",): "it lacks bass.flac",
    ("--mp3",): "it lacks bass.mp3",
}


def changed_to(*change: str) -> list[str]:
    """The command with other values; an option is given once."""
    kept = list(SEPARATE)
    if change[0] in kept:
        place = kept.index(change[0])
        del kept[place : place + 2]
    return [*kept, *change]


def test_what_is_asked_for_again_is_skipped_and_all_else_is_made_again(run: Run, tmp_path: Path):
    assert run(*SEPARATE)[0] == 0
    before = contents(tmp_path)
    for same in ((), ("--batch", "3"), ("--jobs", "1"), ("--stems", "bass")):
        code, (record,), _ = run(*(changed_to(*same) if same else SEPARATE), "--skip-existing")
        assert (code, record["status"]) == (0, "skipped"), same
    for change, reason in CHANGES.items():
        code, (record,), err = run(*changed_to(*change), "--skip-existing", "--dry-run")
        assert (code, record["status"]) == (0, "planned") and record["again"].startswith(reason), record
        assert f"would be made again: {reason}" in err
    assert contents(tmp_path) == before


@pytest.mark.parametrize("change", [("--to", "0.5"), ("--known", "bass=bass.wav"), ("--flac",)])
def test_a_result_that_is_not_the_one_asked_for_is_replaced(run: Run, change: tuple[str, ...]):
    assert run(*SEPARATE)[0] == 0
    Path(RESULT, "mine.txt").write_text("mine")
    code, (record,), err = run(*changed_to(*change), "--skip-existing")
    assert (code, record["status"]) == (0, "done") and record["again"] in err and "made again" in err
    assert Path(RESULT, "mine.txt").exists()
    again = run(*changed_to(*change), "--skip-existing")
    assert again[1][0]["status"] == "skipped", again


def test_another_song_under_the_name_and_another_known_stem_are_noticed(run: Run, tmp_path: Path):
    known = (*SEPARATE, "--known", "bass=bass.wav")
    assert run(*known)[0] == 0
    write_noise(tmp_path / "bass.wav", 1.0, seed=2)
    assert run(*known, "--skip-existing")[1][0]["again"] == "other known stems"
    write_noise(tmp_path / "song.wav", 1.0, seed=3)
    assert run(*known, "--skip-existing")[1][0]["again"] == "the song has changed"
    shutil.move("song.wav", "elsewhere.wav")
    (tmp_path / "b").mkdir()
    shutil.copy("elsewhere.wav", "b/song.wav")
    moved = ("separate", "b/song.wav", *known[2:])
    assert run(*moved, "--skip-existing")[1][0]["status"] == "skipped", "the same song at another place"


def test_the_stems_of_another_song_are_not_replaced_unasked(run: Run, tmp_path: Path):
    assert run(*SEPARATE)[0] == 0
    write_noise(tmp_path / "b" / "song.wav", 1.0, seed=5)
    before = contents(tmp_path)
    code, _, err = run("separate", "b/song.wav", *SEPARATE[2:], "--skip-existing")
    assert code == 1 and "another song" in err and contents(tmp_path) == before


def test_another_model_is_noticed(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run(*SEPARATE)[0] == 0
    other = str(save_tiny_model(tmp_path / "tiny", refined=True))
    command = [*SEPARATE, "-n", other, "--skip-existing", "--dry-run"]
    assert guarded(partial(app, command, standalone_mode=False)) == 0
    assert "made by another model" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda record: "{", "cannot be read"),
        (lambda record: "[]", "cannot be read"),
        (lambda record: "{}", "its record does not say of which song it is"),
        (lambda record: json.dumps({**record, "settings": None}), "another quality"),
        (lambda record: json.dumps({**record, "files": {}}), "it lacks bass.wav"),
        (lambda record: json.dumps({**record, "files": 5}), "it lacks bass.wav"),
        (lambda record: json.dumps({**record, "gain": "x"}), "its record lacks its gain or peak"),
        (
            lambda record: json.dumps({key: record[key] for key in record if key != "subtype"}),
            "another sample",
        ),
    ],
)
def test_a_record_that_is_damaged_or_lacks_something_is_said(
    run: Run, spoil: Callable[[dict], str], reason: str
):
    assert run(*SEPARATE)[0] == 0
    record = RESULT / "run.json"
    record.write_text(spoil(json.loads(record.read_text())))
    code, (told,), _ = run(*SEPARATE, "--skip-existing")
    assert (code, told["status"]) == (0, "done") and reason in told["again"]
    assert run(*SEPARATE, "--skip-existing")[1][0]["status"] == "skipped"


def test_a_vanished_stem_is_made_again(run: Run):
    assert run(*SEPARATE)[0] == 0
    Path(RESULT, "drums.wav").unlink()
    assert run(*SEPARATE, "--skip-existing")[1][0]["again"] == "drums.wav is missing"
    assert Path(RESULT, "drums.wav").exists()


def test_clipping_another_way_is_noticed_where_it_matters(run: Run, tmp_path: Path):
    assert run(*SEPARATE)[0] == 0
    assert run(*SEPARATE, "--clip-mode", "clamp", "--skip-existing")[1][0]["status"] == "skipped"
    soundfile.write(
        tmp_path / "song.wav", 40 * np.ones((8000, 1)) * np.sin(np.arange(8000))[:, None], 8000, "FLOAT"
    )
    assert run(*SEPARATE, "--skip-existing")[1][0]["again"] == "the song has changed"
    assert (
        run(*SEPARATE, "--skip-existing")[1][0]["status"] == "skipped"
    )  # as floats, which is what auto makes of it
    again = run(*SEPARATE, "--clip-mode", "clamp", "--skip-existing")[1][0]["again"]
    assert again == "another sample format (FLOAT, now PCM_24)"
    assert run(*SEPARATE, "--clip-mode", "clamp", "--skip-existing")[1][0]["status"] == "skipped"
    assert run(*SEPARATE, "--clip-mode", "rescale", "--skip-existing")[1][0]["again"] == "another clip mode"
    assert run(*SEPARATE, "--clip-mode", "rescale", "--skip-existing")[1][0]["status"] == "skipped"


MAKING = {
    "generate": ("generate", "--seconds", "0.2", "--steps", "1"),
    "arrange": ("arrange", "--given", "bass=bass.wav", "--make", "drums", "--steps", "1"),
    "vary": ("vary", "--given", "bass=bass.wav", "--steps", "1"),
    "extend": ("extend", "--given", "bass=bass.wav", "--seconds", "0.2", "--steps", "1"),
}


@pytest.mark.parametrize("task", MAKING)
def test_what_was_made_is_refused_or_replaced_like_what_was_separated(run: Run, tmp_path: Path, task: str):
    code, (record,), _ = run(*MAKING[task])
    assert code == 0
    before = contents(tmp_path)
    code, records, err = run(*MAKING[task])
    assert code == 1 and not records and "exists already; use --overwrite" in err
    assert contents(tmp_path) == before
    assert run(*MAKING[task], "--overwrite")[1][0]["folder"] == record["folder"]
    code, (other,), _ = run(*MAKING[task], "--seed", "5")
    assert code == 0 and other["folder"] != record["folder"] and other["folder"].endswith("seed5")


def test_of_several_pieces_none_is_made_where_one_exists(run: Run, tmp_path: Path):
    assert run(*MAKING["generate"], "--seed", "2")[0] == 0
    before = contents(tmp_path)
    code, _, err = run(*MAKING["generate"], "--count", "3")
    assert code == 1 and "seed2 exists already" in err and contents(tmp_path) == before


def test_sums_and_songs_without_a_stem_are_results_like_others(run: Run):
    asked = (*SEPARATE[:-1], "Bass + Drums,no_bass,bass", "--format", "flac")
    code, (planned,), _ = run(*asked, "--dry-run")
    assert code == 0 and planned["status"] == "planned" and not RESULT.exists()
    code, (told,), _ = run(*asked)
    assert code == 0 and list(told["files"]) == ["bass", "bass+drums", "no_bass"]
    names = {"bass.flac", "bass+drums.flac", "no_bass.flac"}
    assert {path.name for path in RESULT.glob("*.flac")} == names
    assert run(*asked, "--skip-existing")[1][0]["status"] == "skipped"
    fewer = (*SEPARATE[:-1], "no_bass", "--format", "flac", "--skip-existing")
    assert run(*fewer)[1][0]["status"] == "skipped"
    _, (told,), _ = run(*asked[:-3], "no_drums", "--format", "flac", "--skip-existing")
    assert told["again"] == "it lacks no_drums.flac"
    assert {path.name for path in RESULT.glob("*.flac")} == {"no_drums.flac"}
    for wrong, word in (("no_horn", "bass, drums, guitar"), ("bass+bass", "twice")):
        code, _, said = run(*SEPARATE[:-1], wrong, "--overwrite")
        assert code == 2 and word in said.splitlines()[-1]
    code, (told,), _ = run(
        *SEPARATE[:-1], "all but bass, other", "--overwrite", "--filename", "{stem}/x.{ext}"
    )
    assert code == 0 and list(told["files"]) == ["drums", "guitar", "piano", "vocals"]


def test_a_pair_of_an_earlier_version_is_still_one(run: Run):
    asked = (*SEPARATE[:-2], "--two-stems", "drums", "--skip-existing")
    assert run(*asked)[0] == 0
    record = json.loads((RESULT / "run.json").read_text("utf-8"))
    assert record["settings"]["stems"] == ["drums", "no_drums"]
    record["settings"]["stems"] = ["drums"]
    (RESULT / "run.json").write_text(json.dumps(record), "utf-8")
    assert run(*asked)[1][0]["status"] == "skipped"
