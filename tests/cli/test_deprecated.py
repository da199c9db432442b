"""Old spellings go on working for one release, and say what is new."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from command import write_noise
from tiny import save_tiny_model

import msgld
from msgld.cli.deprecated import OPTIONS, REMOVED_IN, current
from msgld.cli.errors import guarded
from msgld.cli.main import app
from msgld.errors import UsageError

Run = Callable[..., tuple[int, list[dict], list[str]]]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny", styles=("bossa",))


@pytest.fixture
def run(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in this process; its code, its records and its warnings."""
    monkeypatch.chdir(tmp_path)
    write_noise(tmp_path / "song.wav")

    def command(*arguments: str) -> tuple[int, list[dict], list[str]]:
        capsys.readouterr()
        code = guarded(partial(app, list(arguments), standalone_mode=False))
        told = capsys.readouterr()
        records = [json.loads(line) for line in told.out.splitlines() if line.startswith("{")]
        return code, records, [line for line in told.err.splitlines() if line.startswith("msgld: ")]

    return command


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("arrange --softness 0.3 x", "arrange --noise 0.3 x"),
        ("arrange --softness=0.3 x", "arrange --noise=0.3 x".replace("=", " ")),
        ("vary --level 1", "vary --noise 1"),
        ("generate --piano fm --drums=brush,jazz", "generate --instrument piano=fm --instrument drums=brush,jazz"),
        ("generate --brief-guidance 1", "generate --style-guidance 1"),
        ("extend --ogg {} a{}b", "extend --format ogg {} a{}b"),
        ("separate --flac --flac a", "separate --format flac a"),
        ("separate a -- --flac", "separate a -- --flac"),
        ("continue a --mp3", "extend a --format mp3"),
        ("--list-models", "models"),
        ("generate --level 1 --softness 2", "generate --level 1 --softness 2"),
        ("arrange --softness", "arrange --noise"),
        ("generate --piano", "generate --instrument"),
        ("separate a --eta 0.3 --int24", "separate a --eta 0.3 --int24"),
        ("--help", "--help"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_command_line_is_brought_into_todays_spelling(old: str, new: str) -> None:
    assert current(old.split()) == new.split()
    assert current(new.split()) == new.split(), "once"


@pytest.mark.parametrize(
    ("line", "flags"),
    [
        ("separate a --mp3 --flac", "--mp3 and --flac"),
        ("extend --format=wav --ogg", "--format and --ogg"),
        ("arrange --softness 0.3 --noise 0.4", "--softness and --noise"),
    ],
)
def test_old_options_that_exclude_each_other_are_named_as_they_were_given(line: str, flags: str) -> None:
    with pytest.raises(UsageError, match=f"choose one of {flags}"):
        current(line.split())


def test_every_old_option_belongs_to_a_command_and_none_to_the_help() -> None:
    from typer.main import get_command

    commands = get_command(app).commands
    commands["evaluate"] = commands["evaluate"].commands["separate"]
    assert set(OPTIONS) <= set(commands)
    for name, rows in OPTIONS.items():
        options = {flag: option for option in commands[name].params for flag in option.opts}
        for old, new in rows.items():
            if new.startswith("-"):
                assert old not in options and new.split()[0] in options, (name, old)
            else:
                assert options[old].hidden, (name, old)


def test_a_warning_is_one_line_and_no_record(run: Run, model: Path) -> None:
    ask = (
        "arrange",
        "--given",
        "bass=song.wav",
        "--make",
        "piano",
        "-n",
        str(model),
        "--steps",
        "1",
        "--json",
    )
    code, (record,), warnings = run(
        *ask, "--softness", "0.3", "--piano", "rhodes", "--flac", "--brief-guidance", "1"
    )
    assert code == 0 and record["files"]["piano"].endswith(".flac")
    assert record["run"]["settings"]["conditions"]["instruments"] == {"piano": [4]}
    assert [line.split(";")[0] for line in warnings] == [
        "msgld: --softness is now --noise",
        "msgld: --piano is now --instrument piano=NAME",
        "msgld: --flac is now --format flac",
        "msgld: --brief-guidance is now --style-guidance",
    ]
    assert all(line.endswith(f"works until {REMOVED_IN}") for line in warnings)
    today = "--noise 0.3 --instrument piano=rhodes --format flac --style-guidance 1 --overwrite"
    _, (again,), none = run(*ask, *today.split())
    assert not none and again["run"]["settings"] == record["run"]["settings"]


def test_research_options_still_work(run: Run, model: Path) -> None:
    ask = ("-n", str(model), "--steps", "2", "--eta", "0.3", "--iterations", "2", "--json")
    code, (made,), warnings = run("generate", "--seconds", "0.5", "--sampler", "ddim", *ask)
    used = made["run"]["settings"]
    assert (code, used["sampler"], used["eta"], used["iterations"], used["steps"]) == (0, "ddim", 0.3, 2, 2)
    assert len(warnings) == 3 and all("in Python use msgld.Options(sampling=" in line for line in warnings)
    _, (done,), warnings = run("separate", "song.wav", "--guidance", "0", *ask, "--mixture-level", "0.2")
    used = done["run"]["settings"]
    assert used["consistency"] == "none" and len(warnings) == 3
    assert (used["guidance"], used["eta"], used["iterations"]) == (0, 0.3, 2)
    _, (done,), _ = run("separate", "song.wav", *ask, "--consistency", "residual", "--overwrite")
    assert "residual" in done["files"]


@pytest.mark.parametrize(
    "command", ["generate --seconds 0.5", "vary --given bass=song.wav", "extend --given bass=song.wav"]
)
def test_guidance_is_an_option_wherever_music_is_made(run: Run, model: Path, command: str) -> None:
    ask = (*command.split(), "-n", str(model), "--steps", "1", "--json", "--overwrite")
    code, (made,), warnings = run(*ask, "--guidance", "3")
    assert code == 0 and not warnings
    assert made["run"]["settings"]["guidance"] == 1.0, "in sound there is none without given tracks"


def test_the_sampler_ddpm_is_refused_with_its_successor(run: Run, model: Path) -> None:
    with pytest.raises(UsageError, match="ddpm is ddim with an eta of 1"):
        msgld.Options(sampling={"sampler": "ddpm"})
    ask = ("generate", "--seconds", "0.5", "-n", str(model), "--steps", "1", "--json")
    _, (made,), (warning,) = run(*ask, "--sampler", "ddpm")
    assert made["run"]["settings"]["eta"] == 1.0 and "for ddpm with 'eta': 1.0" in warning


def test_demucs_spellings_stay_without_a_warning(run: Run, model: Path) -> None:
    ask = ("separate", "song.wav", "-n", str(model), "--stems", "bass", "--json", "--overwrite")
    for words, ending, bits in (("--flac", "flac", "PCM_24"), ("--flac --int16", "flac", "PCM_16"),
                                ("--int24", "wav", "PCM_24"), ("--float32 --clip-mode clamp", "wav", "FLOAT"),
                                ("--mp3 --mp3-bitrate 128", "mp3", None)):  # fmt: skip
        code, (record,), warnings = run(*ask, *words.split())
        assert (code, warnings) == (0, []) and record["files"]["bass"].endswith(f".{ending}")
        assert record["run"].get("subtype") == bits


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["separate", "song.wav", "--mixture-level", "nan"], "--mixture-level"),
        (["separate", "song.wav", "--consistency", "x"], "mask, residual, none"),
        (["generate", "--iterations", "0"], "--iterations"),
        (["generate", "--sampler", "multistep", "--eta", "0.5"], "eta belongs"),
        (["generate", "--sampler", "x"], "no sampler 'x'"),
        (["generate", "--piano", ""], "piano="),
        (["generate", "--sampler", "ddpm", "--eta", "0.5"], "eta belongs"),
        (["generate", "--piano"], "--instrument"),
        (["vary", "song", "--level", "2"], "--noise"),
    ],
)
def test_what_is_wrong_with_an_old_option_is_said(run: Run, arguments: list[str], word: str) -> None:
    code, _, lines = run(*arguments)
    assert code == 2 and word in lines[-1] and "works until" in lines[0]


@pytest.mark.parametrize("line", ["separate song.wav --flac=yes", "generate --mp3=", "vary a --ogg=1"])
def test_an_old_flag_takes_no_value(run: Run, line: str) -> None:
    code, _, (error,) = run(*line.split())
    assert code == 2 and "takes no value" in error


def test_a_choice_that_there_is_not_is_one_plain_line(run: Run) -> None:
    code, _, (error,) = run("separate", "song.wav", "--quality", "ultra")
    assert code == 2 and error.startswith(
        "msgld: Invalid value for '--quality': 'ultra' is not one of 'draft'"
    )


def test_old_commands_still_work(run: Run, model: Path) -> None:
    code, _, (warning,) = run("continue", "--help")
    assert code == 0 and "msgld: continue is now extend" in warning
    code, _, (warning,) = run("--list-models")
    assert code == 0 and "is now models" in warning
    assert "extend" in run("models", "--json")[1][0]["tasks"]


def test_styles_and_instruments_are_listed(run: Run, model: Path) -> None:
    code, (listed,), _ = run("styles", "-n", str(model), "--json")
    assert code == 0 and listed["styles"] == ["bossa"] and "rhodes" in listed["instruments"]["piano"]
    plain = save_tiny_model(model.parent / "plain")
    assert run("styles", "-n", str(plain), "--json")[1] == [{"styles": [], "instruments": {}}]
