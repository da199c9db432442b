"""Where results go: ``--filename``, results that share a folder, and what replaces what."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command import run, write_noise
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny import save_tiny_model

import msgld
from msgld.api.naming import LONGEST, is_control
from msgld.api.result import Result
from msgld.cli.errors import guarded
from msgld.cli.main import app
from msgld.cli.outputs import Template, check_apart
from msgld.errors import AudioWriteError, UsageError

VALUES = {"model": "small", "track": "A {stem} {0} song", "trackext": "mp3", "seed": 3, "index": 7}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


def result(value: float = 0.1) -> Result:
    samples = np.full((1, 900), value, np.float32)
    return Result({"bass": samples, "drums": samples}, 2 * samples, 0 * samples, 8000)


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{model}/{track}/{stem}.{ext}", "small/A {stem} {0} song/bass.wav"),
        ("{track} - {stem}.{ext}", "A {stem} {0} song - bass.wav"),
        ("{stem}/{index}-{track}.{trackext}.{ext}", "bass/7-A {stem} {0} song.mp3.wav"),
        ("{index:03} {track}/{stem}.{ext}", "007 A {stem} {0} song/bass.wav"),
        ("x/{stem}/{seed}/{stem}.{ext}", "x/bass/3/bass.wav"),
    ],
)
def test_variables_are_filled_and_values_are_no_templates(text: str, path: str):
    folder, names = Template(text).place(Path("out"), VALUES)
    assert folder / names.file("bass", "wav") == Path("out") / path


def test_what_a_song_is_called_it_is_called():
    for track in ("Ünï côdé", "a{b}c", "{stem}", "絆", "what?.x", "-v"):
        for text in ("{track}/{stem}.{ext}", "{stem}/{track}.{ext}"):
            folder, names = Template(text).place(Path("out"), {**VALUES, "track": track})
            assert track in (folder / names.file("bass", "wav")).as_posix()


TEMPLATES = st.lists(
    st.sampled_from(
        ["{model}", "{track}", "{trackext}", "{seed}", "{index:03}", "{ext}", "/", "x", " - ", ".", "{{"]
    ),
    max_size=8,
).map(lambda parts: "".join(parts).lstrip("/") + "{stem}.{ext}")


@settings(deadline=None, max_examples=60)
@given(
    TEMPLATES, st.text(min_size=1, max_size=300), st.text(max_size=9), st.sampled_from(["bass", "no_guitar"])
)
def test_whatever_is_filled_in_is_a_path_below_the_folder(text: str, track: str, ending: str, stem: str):
    try:
        template = Template(text)
    except UsageError:
        return
    folder, names = template.place(Path("out"), {**VALUES, "track": track, "trackext": ending})
    path = folder / names.file(stem, "flac")
    assert path.parts[0] == "out" and not path.is_absolute() and ".." not in path.parts
    assert all(0 < len(os.fsencode(part)) <= LONGEST for part in path.parts)
    assert str(path).isprintable() or not any(is_control(letter) for letter in str(path))
    assert names.file(stem, "flac") != names.file("drums", "flac")


@settings(deadline=None, max_examples=30)
@given(st.text("ab{é}", min_size=250, max_size=300), st.text("ab{é}", min_size=250, max_size=300))
def test_long_names_stay_different(one: str, other: str):
    places = {Template().place(Path(), {**VALUES, "track": track})[0] for track in (one, other)}
    assert len(places) == len({one, other})


def test_names_that_are_no_text_or_no_names_are_replaced():
    odd = {
        "caf\udce9": "caf%E9",
        "a\nb": "a_b",
        "..": "__",
        "con": "_con",
        "Lpt1.x": "_Lpt1.x",
        "a/../b": "a_.._b",
    }
    for track, expected in odd.items():
        assert Template().place(Path(), {**VALUES, "track": track})[0] == Path("small", expected)
    nothing = Template("{trackext}/{stem}.{ext}").place(Path("out"), {**VALUES, "trackext": ""})
    assert nothing[0] == Path("out/_")


@pytest.mark.parametrize(
    "text",
    ["{artist}/{stem}.{ext}", "{track}.{ext}", "{stem}", "{stem}.wav", "../{stem}.{ext}", "/{stem}.{ext}",
     "{stem.{ext}", "{stem}{}.{ext}", "{track:02d}/{stem}.{ext}", "{stem}{track.x}.{ext}",
     "{stem:.0}.{ext}", "{stem!r}.{ext}", "{seed[0]}{stem}.{ext}", "{index:999999999}{stem}.{ext}", "a\n{stem}.{ext}",
     "a\\{stem}.{ext}", "x/../{stem}.{ext}", "", "{index:{seed}}{stem}.{ext}", "x" * 300 + "{stem}.{ext}"],
)  # fmt: skip
def test_templates_that_lose_files_are_refused(text: str):
    with pytest.raises(UsageError, match="--filename"):
        Template(text)


def test_songs_share_a_folder_and_do_not_touch_each_other(tmp_path: Path, model: Path):
    for seed, name in enumerate(("one", "two")):
        write_noise(tmp_path / f"{name}.wav", seed=seed)
    done = run(["separate", "one.wav", "two.wav", "-n", model, "--stems", "bass", "--filename", "{track}_{stem}.{ext}"],
               tmp_path)  # fmt: skip
    assert done.code == 0
    out = tmp_path / "separated"
    expected = {
        f"{song}_{what}" for song in ("one", "two") for what in ("bass.wav", "run.json", "spectrograms.png")
    }
    assert files(out) == expected
    before = (out / "two_bass.wav").read_bytes()
    again = ["separate", "one.wav", "-n", model, "--stems", "drums", "--filename", "{track}_{stem}.{ext}"]
    refused = run(again, tmp_path)
    assert refused.code == 1 and "one_run.json exists already" in refused.complaints[0]
    assert run([*again, "--overwrite"], tmp_path).code == 0
    assert files(out) == expected - {"one_bass.wav"} | {"one_drums.wav"}
    assert (out / "two_bass.wav").read_bytes() == before
    skipped = run([*again, "--skip-existing", "--json"], tmp_path)
    assert [record["status"] for record in skipped.records] == ["skipped"]


def test_a_folder_for_each_stem(tmp_path: Path, model: Path):
    song = write_noise(tmp_path / "song.wav")
    done = run(
        ["separate", song, "-n", model, "--stems", "bass,piano", "--filename", "{stem}/{track}.{ext}"],
        tmp_path,
    )
    assert done.code == 0
    assert files(tmp_path / "separated") == {
        "bass/song.wav", "piano/song.wav", "run/song.json", "spectrograms/song.png"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("songs", "template"),
    [
        (("one.wav", "two.wav"), "{stem}.{ext}"),
        (("one.wav", "two.wav"), "{trackext}/{stem}.{ext}"),
        (("one.wav", "ONE 2.wav", "one 2.flac"), "{seed}{stem}.{ext}"),
        (("song.wav", "song_no.wav"), "{track}_{stem}.{ext} --two-stems bass"),
    ],
)
def test_songs_that_would_share_a_file_are_named_before_any_work(
    tmp_path: Path, model: Path, songs: tuple[str, ...], template: str, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):  # fmt: skip
    monkeypatch.chdir(tmp_path)
    for name in songs:
        write_noise(tmp_path / name)
    text, *rest = template.split(" --")
    options = [part for option in rest for part in f"--{option}".split()]
    command = ["separate", *songs, "-n", str(model), "--overwrite", "--filename", text, *options]
    if "song_no.wav" in songs:  # song + no_bass is not song_no + bass
        assert guarded(lambda: app([*command, "--dry-run"], standalone_mode=False)) == 2
    assert guarded(lambda: app(command, standalone_mode=False)) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert songs[0] in line and songs[1] in line and "add {track}" in line
    assert not (tmp_path / "separated").exists()


def test_accents_and_case_make_no_other_file():
    for one, other in (("é", "e\u0301"), ("STRASSE", "straße"), ("a", "A")):
        with pytest.raises(UsageError, match="would both be written"):
            check_apart({"x": [Path(one)], "y": [Path(other)]})
    with pytest.raises(UsageError, match="where a file goes"):
        check_apart({"x": [Path("a")], "y": [Path("A/b")]})
    check_apart({"x": [Path("a/b"), Path("a/c")], "y": [Path("d/b")]})


@pytest.mark.parametrize(
    "pattern", ["{stem}", "x.{ext}", "../{stem}.{ext}", "{track}{stem}.{ext}", "{stem:.0}.{ext}", 5]
)
def test_patterns_that_lose_files_are_refused(pattern: str):
    with pytest.raises(UsageError, match="pattern of names"):
        msgld.Names(pattern)


def test_what_lies_in_a_shared_folder_is_not_overwritten_unasked(tmp_path: Path):
    (tmp_path / "song bass.wav").write_text("mine")
    model = msgld.load(save_tiny_model(tmp_path / "tiny"), device="cpu")
    song, names = (np.zeros((1, 800), np.float32), 8000), msgld.Names("song {stem}.{ext}")
    with pytest.raises(AudioWriteError, match=r"song bass\.wav exists already"):
        model.separate_to(song, tmp_path, names=names)
    assert (tmp_path / "song bass.wav").read_text() == "mine"
    assert files(tmp_path) - {"song bass.wav"} == {f"tiny/{path}" for path in files(tmp_path / "tiny")}


@pytest.mark.parametrize("strike", range(9))
def test_an_interrupted_replacement_leaves_the_former_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strike: int
):
    result().save(tmp_path / "out")
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    moves, move = iter(range(100)), os.replace

    def interrupted(source: Path, target: Path) -> None:
        if next(moves) == strike:
            raise KeyboardInterrupt
        move(source, target)

    new = result(0.2)
    monkeypatch.setattr("msgld.api.folder.os.replace", interrupted)
    try:
        new.save(tmp_path / "out", encoding="flac", overwrite=True)
    except KeyboardInterrupt:
        assert {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()} == before
    else:
        assert strike == 8 and (tmp_path / "out" / "bass.flac").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_mp3_comes_at_the_rate_asked_for(tmp_path: Path):
    noise = (0.1 * np.random.default_rng(0).standard_normal((2, 3 * 44100))).astype(np.float32)
    loud = Result({"bass": noise}, noise, 0 * noise, 44100)
    for bitrate in (96, 192, 320):
        encoding = msgld.Encoding("mp3", bitrate=bitrate)
        saved = loud.save(tmp_path / str(bitrate), encoding=encoding)
        kilobits = saved.files["bass"].stat().st_size * 8 / 3000
        assert kilobits == pytest.approx(bitrate, rel=0.05)
        assert saved.run["bitrate"] == bitrate
    with pytest.raises(UsageError, match="320"):
        msgld.Encoding("mp3", bitrate=100)


def test_clamping_cuts_peaks_and_says_so(tmp_path: Path):
    loud = result(1.5).save(tmp_path / "out", encoding=msgld.Encoding(clip="clamp"))
    samples, _ = soundfile.read(loud.files["bass"])
    assert loud.run["gain"] == 1 and samples.max() == pytest.approx(1, abs=1e-6)
    assert any("3.5 dB above full scale" in note for note in loud.run["remarks"])
    # MP3 would hold what is beyond full scale, and a player would cut it off.
    lossy = result(4.0).save(tmp_path / "mp3", encoding=msgld.Encoding("mp3", clip="clamp"))
    assert np.abs(soundfile.read(lossy.files["bass"])[0]).max() < 1.5
    with pytest.raises(UsageError, match="clip mode"):
        msgld.Encoding(clip="soft")
