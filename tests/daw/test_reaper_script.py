"""The script for REAPER, run by a Lua interpreter in a REAPER of its recorded functions."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from command import ROOT, write_noise
from daw.reaper_host import API, TICKS_A_SECOND, Reaper, Thing, track
from lupa.lua54 import LuaRuntime
from tiny import save_tiny_model

from msgld.api.notes import save_notes
from msgld.cli.reaper import Runner
from msgld.daw.script import lua_text, script_text
from msgld.music.bars import COMMON, Timeline, bars_of
from msgld.music.notes import Notes
from msgld.music.score import Score

SCRIPT = script_text("/opt/my music/it's/python")
RATE = 44_100
NOTES = [
    "notes\tdrums",
    "note\t0.5\t0.75\t36\t90",
    "notes\tbass",
    "note\t0.25\t1.25\t40\t80",
    "note\t1.5\t9\t41\t70",
]


LUA = LuaRuntime()


@pytest.fixture(scope="module")
def functions() -> Any:
    """The script's functions, without REAPER."""
    return LUA.execute(SCRIPT)


def answering(lines: list[str], stems: dict[str, float] | None = None) -> Callable[[str], bool]:
    """A msgld that is done at once: it writes stems (seconds of sound) and an answer."""

    def execute(command: str) -> bool:
        folder = Path(shlex.split(command)[4])
        for stem, seconds in (stems or {}).items():
            write_noise(folder / "1" / f"{stem}.wav", seconds)
        (folder / "result.txt").write_text("\n".join(lines) + "\n")
        return True

    return execute


def leaving(host: Reaper, things: list[Thing]) -> Callable[[str], bool]:
    """A msgld during whose work these are closed or deleted."""
    work = answering(["done", "piece", "sound\tbass\t1/bass.wav"], {"bass": 2.0})

    def execute(command: str) -> bool:
        host.gone = {id(one) for one in things}
        return work(command)

    return execute


def asked(host: Reaper) -> list[dict[str, Any]]:
    (job,) = host.path.glob("msgld/*/job.json")
    return json.loads(job.read_text())


def named(host: Reaper) -> list[tuple[str, float]]:
    return [(one.values["P_NAME"], one.values["I_FOLDERDEPTH"]) for one in host.tracks]


@pytest.fixture
def song(tmp_path: Path) -> Path:
    return write_noise(tmp_path / 'a "b" c\'s' / "so ng.wav", 10)


def host_with(
    tmp_path: Path, song: Path, *places: tuple[float, float], **take: float
) -> tuple[Reaper, Thing]:
    host = Reaper(tmp_path / "the project's")
    host.tracks = [track("before"), track("song", D_VOL=0.5), track("after")]
    for position, length in places or ((4.0, 2.0),):
        host.add_item(host.tracks[1], song, position, length, **take)
    return host, host.tracks[1].parts[0]


# Text


@pytest.mark.parametrize("text", ["a b", "it's", 'say "x"', "$HOME `id` \\ %PATH% !", "ünï", "", "a;b&c|d>e"])
def test_a_shell_reads_back_one_word(functions: Any, text: str) -> None:
    assert shlex.split(functions.posix_quoted(text)) == [text]
    script = (
        f"{shlex.quote(sys.executable)} -c 'import sys; print(sys.argv[1])' {functions.posix_quoted(text)}"
    )
    assert (
        subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True).stdout == f"{text}\n"
    )


@pytest.mark.parametrize(
    "text", ["a b", "C:\\My Songs\\", 'a"b', 'a\\"b', "a\\\\b", "it's", 'x\\\\"', "", "100% & more"]
)
def test_windows_reads_back_one_argument(functions: Any, text: str) -> None:
    assert windows_arguments(f"x {functions.windows_quoted(text)} y") == ["x", text, "y"]
    if '"' not in text and not text.endswith("\\"):
        assert functions.windows_quoted(text) == f'"{text}"'


def windows_arguments(line: str) -> list[str]:
    """The rules of Microsoft's C runtime for backslashes and quotation marks."""
    found, word, inside, slashes, started = [], "", False, 0, False
    for letter in [*line, " "]:
        if letter == "\\":
            slashes, started = slashes + 1, True
            continue
        if letter == '"':
            word, started = word + "\\" * (slashes // 2), True
            if slashes % 2:
                word += '"'
            else:
                inside = not inside
        else:
            word += "\\" * slashes
            if letter == " " and not inside:
                if started:
                    found.append(word)
                word, started = "", False
            else:
                word, started = word + letter, True
        slashes = 0
    return found


def test_json_reads_back(functions: Any) -> None:
    text = 'a "b"\\\n\tü'
    made = functions.json(LUA.table_from({"song": text, "from": 1.5}))
    assert json.loads(made) == {"song": text, "from": 1.5}


@pytest.mark.parametrize(
    ("text", "stems"),
    [("", ""), ("bass", "bass"), (" Bass, drums ", "bass,drums"), ("bass drums", "bass,drums"),
     ("all but bass, drums", "all but bass,drums"), ("bass+drums no_bass", "bass+drums,no_bass")],
)  # fmt: skip
def test_stems_are_parted_by_commas_or_spaces(functions: Any, text: str, stems: str) -> None:
    assert functions.stem_list(text) == stems


@pytest.mark.parametrize("text", ["/usr/bin/python3", 'C:\\Program Files\\x"y', "ünï", "a\nb", "\\065"])
def test_the_path_of_python_reads_back(text: str) -> None:
    assert LuaRuntime(encoding="utf-8").eval(lua_text(text)) == text


# Effects


def test_stems_lie_where_the_item_plays_them(tmp_path: Path, song: Path) -> None:
    host, item = host_with(tmp_path, song, (4.0, 2.0), D_STARTOFFS=3.0, D_VOL=0.7, D_PITCH=1.0)
    host.execute = answering(["done", "piece", "sound\tbass\t1/bass.wav", "sound\tdrums\t1/drums.wav"],
                             {"bass": 2.0, "drums": 2.0})  # fmt: skip
    host.run(SCRIPT)
    assert asked(host) == [
        {
            "task": "stems",
            "quality": "normal",
            "model": "",
            "stems": "",
            "song": str(song),
            "from": 3,
            "to": 5,
        }
    ]
    assert named(host) == [
        ("before", 0),
        ("song", 0),
        ("song: stems", 1),
        ("bass", 0),
        ("drums", -1),
        ("after", 0),
    ]
    assert host.tracks[2].values["D_VOL"] == 0.5 and not host.tracks[2].parts
    for one, stem in zip(host.tracks[3:5], ("bass", "drums"), strict=True):
        (new,) = one.parts
        assert new.values == {
            **item.values,
            "B_MUTE": 0.0,
            "B_LOOPSRC": 0,
            "D_POSITION": 4.0,
            "D_LENGTH": 2.0,
        }
        (take,) = new.parts
        assert take.values == {**item.parts[0].values, "D_STARTOFFS": 0.0, "P_NAME": stem}
        assert Path(take.parts[0].values["file"]).name == f"{stem}.wav"
    assert item.values["B_MUTE"] == 1 and host.undo == [("msgld: stems", -1)] and not host.messages
    assert not host.sources and host.commands[-1] == "40047"


def test_the_command_is_python_with_this_folder(tmp_path: Path, song: Path) -> None:
    host, _ = host_with(tmp_path, song)
    host.execute = answering(["failed\tno"])
    host.run(SCRIPT)
    words = shlex.split(host.commands[0])
    (job,) = host.path.glob("msgld/*/job.json")
    assert words[:5] == ["/opt/my music/it's/python", "-P", "-m", "msgld.cli.reaper", str(job.parent)]
    assert words[5:] == ["</dev/null", ">/dev/null", "2>&1", "&"]


def test_windows_starts_it_without_a_shell(tmp_path: Path, song: Path) -> None:
    host, _ = host_with(tmp_path, song)
    host.system, host.execute = "Win64", lambda command: None
    host.run(SCRIPT)
    python, _, rest = host.commands[0].partition('" ')
    assert python == "\"/opt/my music/it's/python" and rest.startswith('-P -m msgld.cli.reaper "')
    assert "cannot start" in host.messages[0] and not host.undo


def test_a_rate_goes_to_sounds_and_notes(tmp_path: Path, song: Path) -> None:
    """4 s of the file in 2 s; notes are as much quicker, and an octave up but for the drums."""
    host, _ = host_with(tmp_path, song, (1.0, 2.0), D_PLAYRATE=2.0, B_PPITCH=0.0)
    host.answers = "both,draft,no,my own,bass drums"
    host.execute = answering(["done", "piece", "sound\tbass\t1/bass.wav", *NOTES], {"bass": 4.0})
    host.run(SCRIPT)
    assert asked(host) == [
        {
            "task": "both",
            "quality": "draft",
            "model": "my own",
            "stems": "bass,drums",
            "song": str(song),
            "to": 4,
        }
    ]
    assert [name for name, _ in named(host)[2:-1]] == ["song: both", "bass", "drums notes", "bass notes"]
    sound = host.tracks[3].parts[0]
    assert sound.values["D_LENGTH"] == 2 and sound.parts[0].values["D_PLAYRATE"] == 2
    drums, bass = (one.parts[0].parts[0].values["notes"] for one in host.tracks[4:6])
    assert drums == [(TICKS_A_SECOND * 0.25, TICKS_A_SECOND * 0.375, 9, 36, 90)]
    assert bass == [(TICKS_A_SECOND * 0.125, TICKS_A_SECOND * 0.625, 0, 52, 80),
                    (TICKS_A_SECOND * 0.75, TICKS_A_SECOND * 2, 0, 53, 70)]  # fmt: skip
    assert host.settings == {"msgld/answers": "both,draft,no,my own,bass drums"}


def test_items_of_one_track_share_their_new_tracks(tmp_path: Path, song: Path) -> None:
    host, _ = host_with(tmp_path, song, (0.0, 1.0), (5.0, 1.0))
    other = host.tracks[0]
    host.add_item(other, song, 2.0, 1.0)
    host.execute = answering(["done", *3 * ["piece", "sound\tbass\t1/bass.wav"]], {"bass": 1.0})
    host.run(SCRIPT)
    assert [name for name, _ in named(host)] == [
        "before", "before: stems", "bass", "song", "song: stems", "bass", "after"
    ]  # fmt: skip
    assert sum(depth for _, depth in named(host)) == 0
    assert [one.values["D_POSITION"] for one in host.tracks[5].parts] == [0.0, 5.0]
    assert len(host.undo) == 1


def test_stems_that_were_there_make_the_missing_ones(tmp_path: Path, song: Path) -> None:
    host = Reaper(tmp_path / "p", answers="arrange,normal,yes,,piano")
    host.tracks = [track("Bass"), track("drums")]
    items = [
        host.add_item(one, song, 3.0, length) for one, length in zip(host.tracks, (4.0, 5.0), strict=True)
    ]
    host.execute = answering(["done", "piece", "sound\tpiano\t1/piano.wav"], {"piano": 5.0})
    host.run(SCRIPT)
    assert asked(host) == [{"task": "arrange", "quality": "normal", "model": "", "stems": "piano",
                            "given": {"bass": str(song), "drums": str(song)}}]  # fmt: skip
    assert [name for name, _ in named(host)] == ["Bass", "Bass: arrange", "piano", "drums"]
    (new,) = host.tracks[2].parts
    assert (new.values["D_POSITION"], new.values["D_LENGTH"]) == (3.0, 5.0)
    assert not any(item.values["B_MUTE"] for item in items)


def test_an_item_that_begins_before_its_file_keeps_the_place(functions: Any) -> None:
    item = {"position": 1.0, "length": 8.0, "rate": 2.0, "offset": -2.0, "loop": False}
    found = functions.stretch(LUA.table_from(item), 10.0)
    assert (found.first, found.last, found.position, found.length) == (0, 10, 2, 5)


# Failures


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["failed\tthe song is damaged"], "the song is damaged"),
        (["done", "piece", "sound\tbass\t1/none.wav"], "cannot read"),
        (["done", "piece", "sound\tbass\t1/bass.wav", "sound\tx\t../job.json"], "cannot read"),
    ],
)
def test_after_a_failure_the_project_is_as_it_was(
    tmp_path: Path, song: Path, lines: list[str], text: str
) -> None:
    host, _ = host_with(tmp_path, song)
    before = host.state()
    host.execute = answering(lines, {"bass": 1.0})
    host.run(SCRIPT)
    assert host.state() == before and not host.undo and not host.sources
    assert len(host.messages) == 1 and text in host.messages[0] and "\n" not in host.messages[0]


@pytest.mark.parametrize(
    "call", ["AddTakeToMediaItem", "SetMediaItemTake_Source", "MIDI_Sort", "GetSetMediaTrackInfo_String"]
)
def test_where_reaper_fails_half_way_nothing_is_left(tmp_path: Path, song: Path, call: str) -> None:
    host, _ = host_with(tmp_path, song)
    host.answers = "both,normal,yes,,"
    before = host.state()
    host.execute = answering(["done", "piece", "sound\tbass\t1/bass.wav", *NOTES], {"bass": 2.0})
    host.fails = call
    host.run(SCRIPT)
    assert host.state() == before
    assert len(host.messages) == 1 and f"{call} failed" in host.messages[0]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda item: item.parts.clear(), "empty item"),
        (lambda item: item.parts[0].parts[0].values.update(kind="MIDI"), "MIDI"),
        (lambda item: item.parts[0].parts[0].values.update(kind="SECTION"), "glue"),
        (lambda item: item.parts[0].values.update(markers=2), "stretch markers"),
        (lambda item: item.values.update(D_LENGTH=30.0), "repeats its file"),
        (lambda item: item.values.update(D_LENGTH=-1.0), "plays nothing"),
    ],
)
def test_items_that_it_cannot_take_are_named(
    tmp_path: Path, song: Path, change: Callable[[Thing], Any], text: str
) -> None:
    host, item = host_with(tmp_path, song)
    change(item)
    host.run(SCRIPT)
    assert len(host.messages) == 1 and text in host.messages[0] and not host.commands


@pytest.mark.parametrize(
    ("answers", "text"),
    [
        ("stem,normal,yes,,", "task is one of"),
        ("stems,good,yes,,", "quality is one of"),
        ("replace,normal,yes,,", "piano"),
        ("stems", "five fields"),
    ],
)
def test_wrong_answers_are_one_line(tmp_path: Path, song: Path, answers: str, text: str) -> None:
    host, _ = host_with(tmp_path, song)
    host.answers = answers
    host.run(SCRIPT)
    assert len(host.messages) == 1 and text in host.messages[0] and not host.commands


def test_the_dialogue_may_be_cancelled(tmp_path: Path, song: Path) -> None:
    host, _ = host_with(tmp_path, song)
    host.answers = None
    host.run(SCRIPT)
    assert not host.messages and not host.commands and not (host.path / "msgld").exists()


def test_nothing_selected_is_said(tmp_path: Path) -> None:
    host = Reaper(tmp_path)
    host.run(SCRIPT)
    assert host.messages == ["select one or more items first"]


@pytest.mark.parametrize("key", [-1, 27])
def test_closing_the_window_stops_the_work(tmp_path: Path, song: Path, key: int) -> None:
    host, _ = host_with(tmp_path, song)
    before = host.state()
    host.keys = [0, 0, key]
    host.run(SCRIPT)
    (cancel,) = host.path.glob("msgld/*/cancel")
    assert cancel.exists() and host.state() == before and not host.messages


def test_progress_is_shown_and_silence_ends_it(tmp_path: Path, song: Path) -> None:
    def execute(command: str) -> bool:
        (Path(shlex.split(command)[4]) / "progress.txt").write_text(
            "3\tso ng.wav: separating 40%, 8 s left\n"
        )
        return True

    host, _ = host_with(tmp_path, song)
    host.execute = execute
    host.run(SCRIPT)
    assert "so ng.wav: separating 40%, 8 s left" in host.drawn
    assert len(host.messages) == 1 and "does not answer" in host.messages[0] and not host.undo
    assert list(host.path.glob("msgld/*/cancel")), "should it live after all, it ends"


def test_a_project_that_was_closed_gets_nothing(tmp_path: Path, song: Path) -> None:
    host, _ = host_with(tmp_path, song)
    host.execute = leaving(host, [host.project])
    host.run(SCRIPT)
    assert "closed" in host.messages[0] and not host.undo


def test_a_track_that_was_deleted_leaves_the_end(tmp_path: Path, song: Path) -> None:
    host, item = host_with(tmp_path, song)
    host.execute = leaving(host, [host.tracks[1], item])
    host.run(SCRIPT)
    assert [name for name, _ in named(host)[3:]] == ["msgld: stems", "bass"] and not item.values["B_MUTE"]


def test_the_host_refuses_what_reaper_does_not_have(tmp_path: Path) -> None:
    host = Reaper(tmp_path)
    for wrong in ("reaper.NoSuchThing()", "reaper.GetOS(1)", "reaper.GetTrack(0, 1)", "gfx.line(1, 2)",
                  "reaper.file_exists(nil)", "reaper.PreventUIRefresh(1.5)"):  # fmt: skip
        with pytest.raises(Exception, match=r"has no|takes"):
            host.lua.execute(wrong)


def test_the_table_has_what_the_script_uses_and_no_more() -> None:
    for table in ("reaper", "gfx"):
        used = set(re.findall(rf"\b{table}\.(\w+)", SCRIPT)) - {"x", "y", "w", "h"}
        assert used == set(API[table])


# With the real program


@pytest.mark.slow
def test_the_real_program_fills_the_tracks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the dialogue to the tracks, with a shell, a process in the background and a small model."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    model = save_tiny_model(tmp_path / "a tiny one", ears=True)
    host, _ = host_with(
        tmp_path, write_noise(tmp_path / 'it\'s "a" song.wav', 3), (1.0, 1.5), D_STARTOFFS=0.5
    )
    host.answers, host.execute = f"both,draft,yes,{model},bass,no_bass", os.system
    host.wait = 0.05
    host.run(script_text(sys.executable), most=4000)
    assert not host.messages and host.undo == [("msgld: both", -1)]
    names = [name for name, _ in named(host)]
    assert names[:5] == ["before", "song", "song: both", "bass", "no_bass"]
    file = Path(host.tracks[3].parts[0].parts[0].parts[0].values["file"])
    assert soundfile.info(file).frames == round(1.5 * RATE)
    assert not [line for line in host.drawn if "msgld:" in line]


def job(folder: Path, **request: Any) -> list[str]:
    """What comes of a request."""
    folder.mkdir()
    (folder / "job.json").write_text(json.dumps([{"quality": "draft", "model": "", "stems": "", **request}]))
    Runner(folder).run()
    return (folder / "result.txt").read_text().splitlines()


def test_what_fails_is_one_line(tmp_path: Path) -> None:
    (line,) = job(tmp_path / "a", task="stems", song=str(tmp_path / "none.wav"))
    assert line.startswith("failed\t") and "none.wav" in line and "msgld:" not in line
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "cancel").touch()
    (tmp_path / "b" / "job.json").write_text("{")
    Runner(tmp_path / "b").run()
    assert (tmp_path / "b" / "result.txt").read_text().startswith("failed\t")


def test_stopped_work_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def report(one: Runner, line: str) -> None:
        (one.folder / "cancel").touch()

    monkeypatch.setattr(Runner, "report", report)
    assert job(tmp_path / "a", task="stems", song=str(tmp_path / "none.wav")) == ["failed\tstopped"]


@pytest.mark.parametrize(
    ("task", "commands", "sounds", "noted"),
    [
        ("stems", ["separate --stems bass,piano"], ["bass", "piano"], []),
        ("notes", ["separate --stems bass,piano", "transcribe"], [], ["bass", "piano"]),
        ("both", ["separate --stems bass,piano", "transcribe"], ["bass", "piano"], ["bass", "piano"]),
        ("replace", ["separate", "arrange --make bass,piano"], ["bass", "drums", "piano"], ["bass", "piano"]),
        ("arrange", ["arrange --make bass,piano"], ["bass", "piano"], ["bass", "piano"]),
    ],
)
def test_each_task_is_a_chain_of_commands(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    task: str,
    commands: list[str],
    sounds: list[str],
    noted: list[str],
) -> None:
    called = []

    def msgld(one: Runner, *arguments: object) -> dict[str, Any]:
        words = [str(word) for word in arguments]
        place = Path(words[words.index("--out") + 1]) / "small"
        option = next((word for word in words if word in ("--stems", "--make")), "")
        called.append(" ".join([words[0], *([option, words[words.index(option) + 1]] if option else [])]))
        assert words[words.index("--quality") :][:2] == ["--quality", "draft"]
        few = "--stems" in words or words[0] == "transcribe"
        stems = ["bass", "piano"] if few else ["bass", "drums", "piano", "mix"]
        place.mkdir(parents=True)
        one_note = Notes.of(*np.ones((4, 1)))
        steady = Timeline.steady(120.0)
        midi = save_notes(
            Score(bars_of(COMMON, 4.0), steady, dict.fromkeys(stems[:3], one_note), COMMON), place
        )
        run = {} if words[0] == "separate" else midi
        return {
            "folder": str(place),
            "files": {stem: str(place / f"{stem}.wav") for stem in stems},
            "run": run,
        }

    monkeypatch.setattr(Runner, "msgld", msgld)
    lines = job(tmp_path / "a", task=task, song="x.wav", given={"drums": "d.wav"}, stems="bass,piano")
    assert called == commands and lines[:2] == ["done", "piece"]
    assert [line.split("\t")[1] for line in lines if line.startswith("sound")] == sounds
    assert [line.split("\t")[1] for line in lines if line.startswith("notes")] == noted
    assert all(line == "note\t0.500000000\t1.000000000\t1\t1" for line in lines if line.startswith("note\t"))
