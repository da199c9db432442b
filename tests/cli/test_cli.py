"""The command line as users see it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command import ROOT, contents, environment, run, write_noise
from tiny import save_tiny_model
from typer.testing import CliRunner

from msgld.cli.errors import guarded, take_debug
from msgld.cli.evaluate import TASKS, task_first
from msgld.cli.inputs import read_stretch, stem_files, stem_list, stems_in
from msgld.cli.keeping import VERBS
from msgld.cli.main import COMMANDS, app
from msgld.cli.outputs import choose_encoding
from msgld.cli.songs import find_songs, track_names
from msgld.data.source import Clip
from msgld.errors import AudioReadError, Cancelled, ModelError, UsageError
from msgld.stems import STEMS


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


def test_help_is_quick_and_needs_no_torch() -> None:
    program = (
        "import sys, time; sys.argv = ['msgld', '--help']; from msgld.cli.main import main\n"
        "try: main()\nexcept SystemExit: pass\n"
        "print('torch' in sys.modules, 'numpy' in sys.modules, time.process_time())"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env=environment(),
    )
    torch, numpy, seconds = done.stdout.splitlines()[-1].split()
    assert (torch, numpy) == ("False", "False")
    assert float(seconds) < 0.5
    assert all(name in done.stdout for name in COMMANDS)


@pytest.mark.parametrize(
    "command",
    [
        *COMMANDS,
        *("evaluate", "models"),
        *(f"evaluate {task}" for task in TASKS),
        *(f"models {verb}" for verb in VERBS),
    ],
)
def test_every_command_explains_itself_with_examples(command: str) -> None:
    result = CliRunner().invoke(app, [*command.split(), "--help"])
    assert result.exit_code == 0
    examples = result.output.partition("Examples:")[2].splitlines()[1:]
    assert examples[0].strip().startswith(f"msgld {command}")


BUDGET = {"separate": 20, "arrange": 16, "generate": 15, "vary": 10, "extend": 10}


@pytest.mark.parametrize("command", BUDGET)
def test_the_help_stays_short(command: str) -> None:
    """What few people need stands apart, and a new option needs a place of an old one."""
    helped = CliRunner().invoke(app, [command, "--help"]).output.partition("\nOptions:")[2]
    usual, _, advanced = helped.partition("\nAdvanced:")
    assert 0 < usual.count("\n  -") - 1 <= BUDGET[command]
    assert 0 < advanced.count("\n  -") <= 8 and "--steps" in advanced
    for option in ("--sampler", "--eta", "--iterations", "--consistency", "--mixture-level"):
        assert option not in helped


@pytest.mark.parametrize(
    "arguments",
    [
        ["separat", "song.wav"],
        ["separate"],
        ["separate", "a.wav", "--quality", "superb"],
        ["separate", "a.wav", "--seed", "-1"],
        ["separate", "a.wav", "--flac", "--mp3"],
        ["separate", "a.wav", "--format", "mp3", "--int16"],
        ["separate", "a.wav", "--mp3-bitrate", "192"],
        ["separate", "a.wav", "--skip-existing", "--overwrite"],
        ["separate", "a.wav", "b.wav", "--known", f"bass={__file__}"],
        ["arrange"],
        ["arrange", "--given", "bass"],
        ["arrange", "--given", f"bass={__file__}", "--from", "5", "--to", "4"],
        ["arrange", "--given", f"bass={__file__}", "--replay", "5s-4s"],
        ["arrange", "--given", f"bass={__file__}", "--replay", "1.5-2"],
        ["arrange", "--given", f"bass={__file__}", "--replay", "5-6", "--from", "3"],
        ["arrange", "--given", f"bass={__file__}", "--notes", "piano"],
        ["arrange", __file__, "--given", f"bass={__file__}"],
        ["generate", "--count", "0"],
        ["generate", "--format", "aac"],
        ["generate", "--instrument", "rhodes"],
        ["generate", "--instrument", "piano=rhodes", "--instrument", "Piano=grand"],
        ["evaluate", "--subsets", "all"],
        ["evaluate", "generate", "--guidance", "2"],
        ["evaluate", "separate", "--stems", ".", "--soundfont", __file__],
        ["evaluate", "separate", "--measure", "loudness"],
        ["evaluate", "hearing"],
    ],
)
def test_wrong_usage_is_one_line_and_code_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert guarded(lambda: app(arguments, standalone_mode=False)) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("msgld: ")


@pytest.mark.parametrize(
    ("error", "code", "words"),
    [
        (UsageError("choose"), 2, "choose"),
        (ModelError("damaged"), 1, "damaged"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (Cancelled("stopped"), 130, "interrupted"),
        (OSError(28, "No space left on device", "x.wav"), 1, "x.wav: No space left"),
        (RuntimeError("CUDA out of memory. Tried to"), 1, "--quality draft"),
        (ZeroDivisionError("division\nby zero"), 1, "--debug"),
    ],
)
def test_every_error_becomes_one_line_and_a_code(
    error: BaseException, code: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise error

    assert guarded(fail) == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("msgld: ") and words in line


def test_debug_is_understood_anywhere_but_after_the_dashes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MSGLD_DEBUG", "")
    assert take_debug(["separate", "--", "--debug"]) == ["separate", "--", "--debug"]
    assert not os.environ["MSGLD_DEBUG"]
    assert take_debug(["separate", "a", "--debug"]) == ["separate", "a"]
    assert os.environ["MSGLD_DEBUG"] == "1"


def test_debug_shows_where_an_error_comes_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MSGLD_DEBUG", "1")
    assert guarded(lambda: [][0]) == 1
    assert "IndexError" in capsys.readouterr().err


def test_songs_are_found_in_folders_and_patterns_once_each_and_not_among_results(tmp_path: Path) -> None:
    names = ["a/x.wav", "a/b/y.FLAC", "a/notes.txt", "a/.hidden.wav", "a/out/tiny/x/bass.wav", "c [1].mp3"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    out = tmp_path / "a" / "out"
    asked = [tmp_path / "a", tmp_path / "a" / "*.wav", tmp_path / "c [1].mp3", tmp_path / "no*thing"]
    found = find_songs([str(path) for path in asked], out)
    assert [song.relative_to(tmp_path).as_posix() for song in found.songs] == [
        "a/b/y.FLAC", "a/x.wav", "c [1].mp3"
    ]  # fmt: skip
    assert [argument for argument, _ in found.missing] == [str(tmp_path / "no*thing")]
    assert [path.name for path in found.passed_over] == ["bass.wav"]
    assert [song.name for song in find_songs([str(out)], out).songs] == ["bass.wav"]


def test_names_of_songs_never_collide() -> None:
    songs = [Path("/m", name) for name in ("a/x.wav", "b/x.wav", "b/X.mp3", "c/a/x.wav", "y .wav", "z.wav")]
    names = track_names(songs)
    assert len({name.casefold() for name in names}) == len(songs)
    assert names[4:] == ["y", "z"]
    assert "b" in names[1] and "x" in names[1]
    assert track_names([Path("song.wav")]) == ["song"]


def test_stems_are_named_and_their_files_found(tmp_path: Path) -> None:
    assert stem_list(" Bass,drums, bass") == ("bass", "drums")
    for name in ("bass.flac", "piano.wav", "mix.wav", "run.json"):
        (tmp_path / name).touch()
    assert stems_in(tmp_path, ("bass", "drums", "piano")) == {
        "bass": tmp_path / "bass.flac", "piano": tmp_path / "piano.wav"
    }  # fmt: skip
    assert stem_files([f"bass={tmp_path / 'mix.wav'}"], "--given") == {"bass": tmp_path / "mix.wav"}
    with pytest.raises(UsageError):
        stem_files([f"bass={tmp_path / 'mix.wav'}"] * 2, "--given")
    with pytest.raises(AudioReadError):
        stems_in(tmp_path, ("banjo",))


def test_formats_that_cannot_be_are_refused() -> None:
    assert (choose_encoding().ext, choose_encoding().subtype) == ("wav", "PCM_24")
    deep = choose_encoding("flac", int16=True)
    assert (deep.ext, deep.subtype) == ("flac", "PCM_16")
    for ext, *depths in (("flac", "float32"), ("mp3", "int16"), ("wav", "int16", "int24")):
        with pytest.raises(UsageError):
            choose_encoding(ext, **dict.fromkeys(depths, True))


def test_a_batch_is_refused_skipped_or_replaced_as_asked(tmp_path: Path, model: Path) -> None:
    write_noise(tmp_path / "in" / "a" / "song.wav", seed=1)
    write_noise(tmp_path / "in" / "b" / "song.wav", seed=2)
    first = run(["separate", "in", "-n", model, "--flac", "--stems", "bass"], tmp_path)
    assert first.code == 0 and "2 separated" in first.out
    results = sorted(path.parent.name for path in tmp_path.rglob("bass.flac"))
    assert len(results) == 2 and {"a", "b"} <= {word for name in results for word in name.split()}
    before = contents(tmp_path)
    again = run(["separate", "in", "-n", model], tmp_path)
    assert again.code == 1 and len(again.complaints) == 2 and "--overwrite" in again.complaints[0]
    same = ["separate", "in", "-n", model, "--flac", "--stems", "bass"]
    skipped = run([*same, "--skip-existing", "--json"], tmp_path)
    assert skipped.code == 0 and [record["status"] for record in skipped.records] == ["skipped"] * 2
    assert contents(tmp_path) == before
    replaced = run(["separate", "in", "-n", model, "--overwrite", "--two-stems", "drums"], tmp_path)
    assert replaced.code == 0
    assert {path.name for path in tmp_path.glob("separated/tiny/*/*.*") if path.suffix in (".wav", ".flac")} == {
        "drums.wav", "no_drums.wav"
    }  # fmt: skip


def test_a_stretch_of_a_song_with_a_known_stem(tmp_path: Path, model: Path) -> None:
    song, bass = (write_noise(tmp_path / name, seconds=2, seed=3) for name in ("song.wav", "bass.wav"))
    asked = ["separate", song, "-n", model, "--known", f"bass={bass}", "--from", "0.5", "--to", "1.5"]
    assert run(asked, tmp_path).code == 0
    [made] = tmp_path.rglob("separated/tiny/song/bass.wav")
    expected, _ = soundfile.read(bass)
    np.testing.assert_allclose(soundfile.read(made)[0], expected[22_050 : 3 * 22_050], atol=1e-6)
    wrong = run([*asked[:-1], "0.2", "--overwrite"], tmp_path)
    assert wrong.code == 2 and "--from 0.5" in wrong.complaints[0]
    late = run([*asked[:4], "--overwrite", "--from", "3"], tmp_path)
    assert late.code == 1 and "after the sound has ended" in late.complaints[0]


def test_a_dry_run_only_says_what_would_be(tmp_path: Path, model: Path) -> None:
    song = write_noise(tmp_path / "song.wav")
    done = run(["separate", song, "-n", model, "--dry-run", "--json"], tmp_path)
    assert done.code == 0
    assert [(record["status"], Path(record["folder"]).name) for record in done.records] == [
        ("planned", "song")
    ]
    assert list(tmp_path.iterdir()) == [song]


def test_a_piece_is_generated_varied_and_extended(tmp_path: Path, model: Path) -> None:
    conditions = ["-n", model, "--quality", "draft", "--steps", "1", "--json"]
    made = run(
        ["generate", "--seconds", "1", "--count", "2", "--seed", "3", "--make", "bass,piano", *conditions],
        tmp_path,
    )
    assert made.code == 0, made.err
    assert [record["run"]["seed"] for record in made.records] == [3, 4]
    first = tmp_path / made.records[0]["folder"]
    assert first == tmp_path / "generated" / "tiny" / "seed3"
    assert {path.name for path in first.glob("*.wav")} == {"bass.wav", "piano.wav", "mix.wav"}
    varied = run(["vary", first, *conditions], tmp_path)
    longer = run(["extend", first, "--seconds", "0.5", *conditions], tmp_path)
    assert (varied.code, longer.code) == (0, 0), varied.err + longer.err
    assert [Path(done.records[0]["folder"]).parts[0] for done in (varied, longer)] == ["varied", "extended"]
    assert longer.records[0]["task"] == "extend"
    lengths = [
        soundfile.info(tmp_path / done.records[0]["files"]["mix"]).duration for done in (made, varied, longer)
    ]
    assert lengths == pytest.approx([1.0, 1.0, 1.5], abs=0.01)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("9-12", {"replay": (9, 12)}),
        ("8s-12.5s", {"start": 8.0, "stop": 12.5}),
        ("8-12s", {"start": 8, "stop": 12}),
    ],
)
def test_a_stretch_is_bars_or_seconds(text: str, wanted: dict[str, object]) -> None:
    assert read_stretch(text, None, None) == wanted


def test_a_stem_of_a_song_is_replaced(tmp_path: Path, model: Path) -> None:
    song = write_noise(tmp_path / "song.wav", 1.0)
    quick = ["-n", model, "--quality", "draft", "--steps", "1", "--json"]
    done = run(["arrange", song, "--replace", "piano", *quick], tmp_path)
    assert done.code == 0, done.err
    (record,) = done.records
    assert Path(record["folder"]) == Path("arranged/tiny/song")
    assert set(record["files"]) == {*STEMS, "mix"}
    unnamed, varied = run(["arrange", song, *quick], tmp_path), run(["vary", song, *quick], tmp_path)
    assert (unnamed.code, varied.code) == (2, 2)
    assert "--replace piano" in unnamed.complaints[0] and "separate the song first" in varied.complaints[0]


def test_stems_are_transcribed_by_a_model_with_ears(tmp_path: Path, model: Path) -> None:
    stem, listener = write_noise(tmp_path / "bass.wav", 2.0), save_tiny_model(tmp_path / "ears", ears=True)
    done = run(["transcribe", "--given", f"bass={stem}", "-n", listener, "--bpm", "90", "--json"], tmp_path)
    assert done.code == 0, done.err
    (record,) = done.records
    assert Path(record["folder"]).parts[:2] == ("transcribed", "tiny")
    assert {path.name for path in (tmp_path / record["folder"]).iterdir()} == {
        "bass.mid", "mix.mid", "notes.png", "run.json",
    }  # fmt: skip
    again = run(["transcribe", "--given", f"bass={stem}", "-n", listener], tmp_path)
    deaf = run(["transcribe", stem, "-n", model], tmp_path)
    both = run(["transcribe", stem, "--given", f"bass={stem}", "-n", listener], tmp_path)
    assert (again.code, deaf.code, both.code) == (1, 1, 2)
    assert all(len(one.complaints) == 1 for one in (again, deaf, both)) and "no ears" in deaf.complaints[0]


class FewClips:
    """Instead of the held-out set, which takes long to render."""

    def __init__(self, midi: Path | None, stems: tuple[str, ...], soundfont: Path | None) -> None:
        self.stems = stems

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Clip:
        noise = np.random.default_rng(index).standard_normal((len(self.stems), 2, 22050), dtype=np.float32)
        return Clip(0.1 * noise, np.ones(len(self.stems), bool), 44100, f"clip {index}")


def spoken_records(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> list[dict]:
    """What a command says as JSON, run in this process."""
    capsys.readouterr()
    assert guarded(lambda: app([*arguments, "--json"], standalone_mode=False)) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_subsets_are_evaluated_by_name(
    tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("msgld.data.heldout.HeldOut", FewClips)
    ask = [
        "evaluate",
        "--task",
        "arrange",
        "-n",
        str(model),
        "--out",
        str(tmp_path),
        "--steps",
        "1",
        "--clips",
        "2",
    ]
    rows = spoken_records(
        [*ask, "--subsets", "piano+guitar,bass", "--iterations", "2", "--guidance", "2"], capsys
    )
    assert [(row["name"], row["count"]) for row in rows] == [
        ("guitar+piano", 2),
        ("bass", 2),
        ("all subsets", 4),
    ]
    report = json.loads((tmp_path / "arrange.json").read_text("utf-8"))
    settings = report["settings"]
    assert (settings["steps"], settings["iterations"], settings["guidance"]) == (1, 2, 2.0)
    assert guarded(lambda: app([*ask, "--subsets", "banjo"], standalone_mode=False)) == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "separate"),
        ("--clips 2 -n x", "separate --clips 2 -n x"),
        ("-n x --task codec", "codec -n x"),
        ("--task=arrange --subsets all", "arrange --subsets all"),
        ("generate --clips 4", "generate --clips 4"),
    ],
)
def test_the_task_is_the_word_after_evaluate(old: str, new: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert task_first(old.split()) == new.split()
    assert ("the old spelling works until" in capsys.readouterr().err) == ("--task" in old)


@pytest.mark.parametrize("old", ["--task", "--task=", "--task guidance", "--task codec --task=codec"])
def test_a_task_that_is_none_or_named_twice_is_refused(old: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match=r"there are: separate, generate|given 2 times"):
        task_first(old.split())
    assert not capsys.readouterr().err


def test_songs_of_ones_own_are_evaluated(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for seed, stem in enumerate(("bass", "drums")):
        write_noise(tmp_path / "songs" / "one" / f"{stem}.wav", seconds=1, seed=seed)
    ask = ["evaluate", "-n", str(model), "--stems", str(tmp_path / "songs"), "--quality", "draft"]
    rows = spoken_records(ask, capsys)
    assert [(row["name"], row["count"]) for row in rows] == [
        ("all stems", 2), ("without other", 2), ("bass", 1), ("drums", 1)
    ]  # fmt: skip
    assert guarded(lambda: app([*ask, "--midi", "x"], standalone_mode=False)) == 2


def test_a_report_that_cannot_be_written_is_refused_before_the_model_is_opened(tmp_path: Path) -> None:
    (tmp_path / "report").write_text("precious")
    done = run(["evaluate", "-n", "no-such-model", "-o", "report"], tmp_path)
    assert done.code == 1 and len(done.complaints) == 1 and "report is a file" in done.complaints[0]
    assert (tmp_path / "report").read_text() == "precious"


def test_steps_are_renewed_and_repeated_as_asked(
    tmp_path: Path, model: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    conditions = ["-n", str(model), "--steps", "2", "--eta", "0.3", "--iterations", "2"]
    (made,) = spoken_records(["generate", "--seconds", "0.5", *conditions], capsys)
    used = made["run"]["settings"]
    assert (used["sampler"], used["eta"], used["iterations"], used["steps"]) == ("ddim", 0.3, 2, 2)
    song = write_noise(tmp_path / "song.wav")
    (done,) = spoken_records(["separate", str(song), "--guidance", "0", *conditions], capsys)
    used = done["run"]["settings"]
    assert used["consistency"] == "none" and (used["guidance"], used["eta"], used["iterations"]) == (
        0,
        0.3,
        2,
    )
