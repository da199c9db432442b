"""Folders of MIDI files as people have them: hidden files, damaged ones."""

from __future__ import annotations

import io
import sys
import tarfile
import warnings
from pathlib import Path

import numpy as np
import pytest
from scores import band, midi, score

from msgld.data.midi import MidiFolder
from msgld.errors import DataError


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    (tmp_path / "one.mid").write_bytes(midi(band(2)))
    (tmp_path / "deep" / "two.MID").write_bytes(midi(band(3)))
    return tmp_path


def test_hidden_files_are_passed_over(songs: Path, tmp_path: Path) -> None:
    fork = b"\0\5\x16\7" + bytes(4092)
    for name in ("._one.mid", ".trash/x.mid", "__MACOSX/one.mid", "deep/.x.mid", "folder.mid/inside.txt"):
        (songs / name).parent.mkdir(exist_ok=True)
        (songs / name).write_bytes(fork)
    assert MidiFolder(songs).names == ("deep/two.MID", "one.mid")
    with tarfile.open(songs / "a.tar", "w") as made:
        for name in ("./inside/three.mid", "./inside/._three.mid", "__MACOSX/inside/three.mid"):
            member = tarfile.TarInfo(name)
            member.size = len(midi(band(2)))
            made.addfile(member, io.BytesIO(midi(band(2))))
    assert MidiFolder(songs / "a.tar").names == ("./inside/three.mid",)
    (songs / "._a.tar").write_bytes(fork)
    assert len(MidiFolder(songs)) == 3


def test_one_file_is_a_library_too(songs: Path) -> None:
    assert MidiFolder(songs / "deep" / "two.MID").names == ("two.MID",)


def test_a_file_that_cannot_be_read_is_named_once_and_left_out(songs: Path) -> None:
    (songs / "bad.mid").write_bytes(midi(band(4))[:-5])
    (songs / "empty.mid").write_bytes(midi(score()))
    with pytest.warns(UserWarning, match=r"left out of .*: bad\.mid \(it is cut short in track 3 of 3\)$"):
        made = MidiFolder(songs)
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        drawn = [made.draw(np.random.default_rng(seed)).name for seed in range(40)]
    assert set(drawn) == {"one", "two"}
    assert ["empty.mid has no notes" in str(w.message) for w in said] == [True]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        again = [MidiFolder(songs).draw(np.random.default_rng(seed)).name for seed in range(10)]
    assert again == drawn[:10], "what a seed gives does not depend on the draws before"


def test_a_folder_without_any_good_file_is_refused_in_one_line(tmp_path: Path) -> None:
    for number in range(7):
        (tmp_path / f"{number}.mid").write_bytes(b"nothing like it")
    with pytest.raises(DataError, match=r"none of the MIDI files can be used: 0\.mid .* and 2 more$"):
        MidiFolder(tmp_path)
    for number in range(7):
        (tmp_path / f"{number}.mid").write_bytes(midi(score()))
    made = MidiFolder(tmp_path)
    with pytest.raises(DataError, match="none of the MIDI files"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made.draw(np.random.default_rng(0))


@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
def test_a_name_with_a_line_break_makes_no_second_line(songs: Path) -> None:
    (songs / "a\nb.mid").write_bytes(b"nothing")
    (songs / "c\nd.mid").write_bytes(midi(score()))
    with pytest.warns(UserWarning, match=r": a\\nb\.mid \("):
        made = MidiFolder(songs)
    with pytest.raises(DataError, match=r"^c\\nd\.mid has no notes$"):
        made.song("c\nd.mid")
