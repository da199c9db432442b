"""The held-out set: complete, balanced, the same every time, and nothing that training hears."""

from __future__ import annotations

import io
import shutil
import tarfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fonts import save_soundfont
from scores import band, midi, score, track

from msgld.data.band import RESERVED_STYLES
from msgld.data.frozen import RESERVED_SEED, heldout_names, is_heldout
from msgld.data.heldout import SECONDS, HeldOut
from msgld.data.midi import MidiFolder
from msgld.errors import DataError
from msgld.stems import STEMS

RATE = 8_000


def archive(path: Path, files: dict[str, bytes]) -> None:
    with tarfile.open(path, "w:xz") as made:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            made.addfile(member, io.BytesIO(data))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the names of the real one, and one piece in all of it."""
    path, piece = tmp_path_factory.mktemp("midi"), midi(band(40))
    (path / "songs").mkdir()
    for name in (*heldout_names()["songs"], "training.mid"):
        (path / "songs" / name).write_bytes(piece)
    styles = heldout_names()["accompaniment_styles"]
    archive(
        path / "accompaniments.tar.xz", {f"x/mma_1_{i:05d}_{s}.mid": piece for s in styles for i in range(3)}
    )
    return path


def test_every_song_and_style_is_there(folder: Path) -> None:
    held = HeldOut(folder, rate=RATE)
    kinds = Counter(excerpt.kind for excerpt in held.excerpts)
    assert kinds == {"song": 50, "accompaniment": 26, "band": 24} and len(held) == 100
    songs = {Path(excerpt.name).name for excerpt in held.excerpts if excerpt.kind == "song"}
    assert songs == set(heldout_names()["songs"])
    assert len(set(held.excerpts)) == len(held)


@pytest.mark.parametrize("first", [10, 20, 50])
def test_a_beginning_is_balanced(folder: Path, first: int) -> None:
    kinds = Counter(excerpt.kind for excerpt in HeldOut(folder, rate=RATE).excerpts[:first])
    assert kinds["song"] == pytest.approx(first * 0.50, abs=1)
    assert kinds["band"] == pytest.approx(first * 0.24, abs=1)


def test_nothing_of_it_is_for_training(folder: Path) -> None:
    held = HeldOut(folder, rate=RATE)
    assert MidiFolder(folder / "songs").names == ("training.mid",)
    with pytest.raises(DataError):
        MidiFolder(folder / "accompaniments.tar.xz")
    assert all(e.number >= RESERVED_SEED for e in held.excerpts if e.kind == "band")
    assert all(is_heldout(e.name) for e in held.excerpts if e.kind != "band")


def test_the_band_alone_has_ordinary_and_reserved_styles() -> None:
    held = HeldOut(rate=RATE)
    styles = [excerpt.name for excerpt in held.excerpts]
    assert len(held) == 24 and sum(style in RESERVED_STYLES for style in styles) == 8
    assert {excerpt.kind for excerpt in held.excerpts} == {"band"}
    assert set(RESERVED_STYLES) <= set(styles[:6])


@pytest.mark.parametrize("index", [0, 1, 2])
def test_clips_are_the_same_every_time_and_three_stems_sound(folder: Path, index: int) -> None:
    clip, again = (HeldOut(folder, rate=RATE)[index] for _ in range(2))
    np.testing.assert_array_equal(clip.stems, again.stems)
    assert clip.meta == again.meta and clip.meta["soundfont"] == "TimGM6mb"
    assert clip.stems.shape == (len(STEMS), 2, round(SECONDS * RATE))
    levels = np.sqrt(np.mean(np.square(clip.stems), axis=(1, 2)))
    assert (levels > 10 ** (-50 / 20)).sum() >= 3
    assert np.abs(clip.stems.sum(axis=0)).max() <= 1 + 1e-5


def test_another_soundfont_plays_the_same_notes_with_other_sounds(folder: Path, tmp_path: Path) -> None:
    font = save_soundfont(tmp_path / "tones.sf2", RATE)
    usual, other = HeldOut(folder, rate=RATE), HeldOut(folder, rate=RATE, soundfont=font)
    assert usual.excerpts == other.excerpts and other[0].meta["soundfont"] == "tones"
    assert other[0].name == usual[0].name
    assert not np.allclose(other[0].stems, usual[0].stems)


def test_clips_of_one_song_are_of_different_places(folder: Path) -> None:
    held = HeldOut(folder, rate=RATE)
    (first, second) = [i for i, e in enumerate(held.excerpts) if e.name == held.excerpts[0].name][:2]
    assert held[first].meta["start"] != held[second].meta["start"]


def test_an_incomplete_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "songs").mkdir()
    (tmp_path / "songs" / heldout_names()["songs"][0]).write_bytes(midi(band(4)))
    (tmp_path / "accompaniments.tar.xz").write_bytes((folder / "accompaniments.tar.xz").read_bytes())
    with pytest.raises(DataError, match="29 held-out songs are missing"):
        HeldOut(tmp_path)
    with pytest.raises(DataError, match="no folder songs"):
        HeldOut(tmp_path / "nowhere")


@pytest.mark.parametrize("index", [0, 3])
def test_places_and_sounds_are_the_same_for_five_and_for_six_stems(
    folder: Path, tmp_path: Path, index: int
) -> None:
    """Choirs are vocals of six stems, and a part of the other of five."""
    folder = shutil.copytree(folder, tmp_path / "own")
    (folder / "songs" / Path(HeldOut(folder).excerpts[0].name).name).write_bytes(midi(choir(40)))
    five = tuple(stem for stem in STEMS if stem != "vocals")
    before, after = (HeldOut(folder, stems, RATE)[index] for stems in (five, STEMS))
    assert (before.name, before.meta) == (after.name, after.meta)
    vocals, other = (after.stems[STEMS.index(stem)] for stem in ("vocals", "other"))
    assert index or (vocals.any() and other.any())
    pooled = [*after.stems[:4], vocals + other]
    np.testing.assert_allclose(before.stems, pooled, atol=1e-4)
    np.testing.assert_allclose(before.mixture, after.mixture, atol=1e-4)


def choir(seconds: float) -> Any:
    """A choir and strings that sing long notes, with a bass that begins late."""
    long = [(float(t), 3.5, 60 + t % 5, 90) for t in range(0, round(seconds), 4)]
    late = [(seconds / 2 + t, 0.8, 40, 90) for t in range(round(seconds / 2))]
    return score(track(long, program=52), track(long, program=48), track(late, program=33),
                 track([(t, 0.5, 64, 80) for t, _, _, _ in late], program=0))  # fmt: skip
