"""Killed or interrupted at any moment: a result is whole or not there, and the next run works."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from command import cold, contents, leftovers, run, start, write_noise
from encoded import encode
from tiny import save_tiny_model
from warm import Running

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
SECONDS = 16.0
SEPARATE = ("separate", "song.wav", "--quality", "draft", "--json")
GENERATE = ("generate", "--seconds", str(SECONDS), "--steps", "1", "--json")
RESULT = {"separate": "separated/tiny/song", "generate": "generated/tiny/seed0"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_noise(tmp_path / "song.wav", SECONDS)
    return tmp_path


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, model: Path) -> dict[str, dict[str, bytes]]:
    """What the two commands write if they are left alone."""
    folder = tmp_path_factory.mktemp("undisturbed")
    write_noise(folder / "song.wav", SECONDS)
    assert all(run([*command, "-n", model], folder).code == 0 for command in (SEPARATE, GENERATE))
    return {command: sounds(folder / result) for command, result in RESULT.items()}


def sounds(folder: Path) -> dict[str, bytes]:
    return {name: data for name, data in contents(folder).items() if name.endswith(".wav")}


# Moments of a run, as they are seen from outside.

Process = Running | subprocess.Popen[str]


def unfinished(folder: Path, pattern: str) -> bool:
    try:
        return any(path.stat().st_size for path in folder.rglob(f".*.part/{pattern}"))
    except FileNotFoundError:  # a file or folder was renamed while it was looked at
        return False


def importing(folder: Path, process: Process) -> bool:
    return "libtorch" in Path(f"/proc/{process.pid}/maps").read_text()


def separating(folder: Path, process: Process) -> bool:
    return unfinished(folder, "*.spool")


def writing(folder: Path, process: Process) -> bool:
    return unfinished(folder, "*.wav") or unfinished(folder, ".msgld-*.part")


def recording(folder: Path, process: Process) -> bool:
    return unfinished(folder, "*.png")


Moment = Callable[[Path, Process], bool]


def struck(command: Sequence[str], model: Path, folder: Path, moment: Moment, number: int) -> tuple[int, str]:
    """Run a command and send it a signal at a moment; its exit code and what it said on standard error."""
    if moment is importing and not sys.platform.startswith("linux"):
        pytest.skip("what a process has loaded is read from /proc")
    # A shell that runs the tests in the background has them ignore Ctrl-C, and children inherit that.
    begin = partial(cold, preexec=partial(signal.signal, signal.SIGINT, signal.SIG_DFL))
    process = (begin if moment is importing else start)([*command, "-n", model], folder)
    until = time.monotonic() + 120
    while not moment(folder, process) and process.poll() is None and time.monotonic() < until:
        time.sleep(0.001)
    process.send_signal(number)
    _, err = process.communicate(timeout=120)
    return process.returncode, err


def check_whole(result: Path, expected: dict[str, bytes]) -> None:
    assert sounds(result) == expected
    record = json.loads((result / "run.json").read_text("utf-8"))
    assert set(record["files"].values()) == set(expected)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "moment"),
    [
        (SEPARATE, importing),
        (SEPARATE, separating),
        (SEPARATE, writing),
        (SEPARATE, recording),
        (GENERATE, writing),
        (GENERATE, recording),
    ],
)
def test_killed_at_any_moment_a_result_is_missing_or_whole(
    folder: Path,
    model: Path,
    undisturbed: dict[str, dict[str, bytes]],
    command: Sequence[str],
    moment: Moment,
):
    code, _ = struck(command, model, folder, moment, signal.SIGKILL)
    result, expected = folder / RESULT[command[0]], undisturbed[command[0]]
    assert code == -signal.SIGKILL, "it was over before it was killed"
    if result.exists():
        check_whole(result, expected)
    hidden = {path.parts[len(result.parent.parts)] for path in leftovers(folder)}
    assert {path.name for path in result.parent.glob("*")} <= {result.name, *hidden}
    assert all(name.startswith(".") for name in hidden)
    again = run([*command, "-n", model, "--overwrite"], folder)
    assert again.code == 0, again.err
    check_whole(result, expected)


@pytest.mark.slow
@pytest.mark.parametrize("moment", [writing, recording])
def test_killed_while_overwriting_every_file_is_the_old_or_the_new_one(
    folder: Path, model: Path, undisturbed: dict[str, dict[str, bytes]], moment: Moment
):
    result, new = folder / RESULT["separate"], undisturbed["separate"]
    assert run([*SEPARATE, "-n", model, "--int16"], folder).code == 0
    old = sounds(result)
    assert not any(old[name] == new[name] for name in new)
    code, _ = struck([*SEPARATE, "--overwrite"], model, folder, moment, signal.SIGKILL)
    assert code == -signal.SIGKILL, "it was over before it was killed"
    assert all(data in (old[name], new[name]) for name, data in sounds(result).items())
    if (result / "run.json").exists():
        assert sounds(result) in (old, new)
    assert run([*SEPARATE, "-n", model, "--overwrite"], folder).code == 0
    check_whole(result, new)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
@pytest.mark.parametrize(
    ("command", "moment"),
    [
        (SEPARATE, importing),
        (SEPARATE, separating),
        (SEPARATE, writing),
        (GENERATE, writing),
    ],
)
def test_interrupted_it_says_so_in_one_line_and_leaves_nothing(
    folder: Path, model: Path, command: Sequence[str], moment: Moment, number: int, code: int
):
    ended, err = struck(command, model, folder, moment, number)
    assert ended == code, err
    complaints = [
        line for line in err.splitlines() if not line.startswith(("model tiny", "song.wav: ", "seed0: "))
    ]
    said = ["msgld: interrupted; nothing half-finished was kept"] if number == signal.SIGINT else []
    assert complaints == said
    assert [path.name for path in folder.iterdir()] == ["song.wav"]


def test_a_killed_batch_goes_on_where_it_was(folder: Path, model: Path):
    write_noise(folder / "early.wav", 1.0)
    command = ["separate", "early.wav", "song.wav", "--quality", "draft", "--skip-existing", "--json"]

    def second(folder: Path, process: Process) -> bool:
        return (folder / "separated/tiny/early").exists() and separating(folder, process)

    assert struck(command, model, folder, second, signal.SIGKILL)[0] == -signal.SIGKILL
    done = run([*command, "-n", model], folder)
    assert done.code == 0
    assert [record["status"] for record in done.records] == ["skipped", "done"]


def test_a_result_without_its_record_is_not_taken_for_finished(folder: Path, model: Path):
    write_noise(folder / "song.wav", 0.5)
    assert run([*SEPARATE, "-n", model], folder).code == 0
    (folder / RESULT["separate"] / "run.json").unlink()
    done = run([*SEPARATE, "-n", model, "--skip-existing"], folder)
    assert done.code == 1 and "--overwrite" in done.complaints[0]
    assert run([*SEPARATE, "-n", model, "--overwrite"], folder).code == 0
    assert run([*SEPARATE, "-n", model, "--skip-existing"], folder).records[0]["status"] == "skipped"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="processes are looked up in /proc")
def test_no_decoder_outlives_us(folder: Path, model: Path):
    tone = np.random.default_rng(0).uniform(-0.3, 0.3, (2, 44_100 * 60))
    encode(folder / "long.m4a", tone, 44_100, "aac")
    command = ["separate", "long.m4a", "--quality", "draft"]
    assert struck(command, model, folder, separating, signal.SIGKILL)[0] == -signal.SIGKILL
    until = time.monotonic() + 20
    while (
        left := [pid for pid in os.listdir("/proc") if pid.isdigit() and _runs(pid, str(folder))]
    ) and time.monotonic() < until:
        time.sleep(0.05)
    assert left == []


def _runs(pid: str, folder: str) -> bool:
    try:
        return (
            "msgld.audio.decoder" in Path(f"/proc/{pid}/cmdline").read_text()
            and os.readlink(f"/proc/{pid}/cwd") == folder
        )
    except OSError:
        return False
