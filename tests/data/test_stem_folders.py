"""Folders of stems: what is read of them, what is set aside, what is refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from contracts import verify_source

from msgld.data.source import Clip
from msgld.data.stem_folders.folder import FolderClips, StemFolder
from msgld.data.stem_folders.rules import parse_map
from msgld.errors import DataError
from msgld.stems import STEMS

RATE = 16_000


def same(one: Clip, other: Clip) -> bool:
    return one.name == other.name and one.meta == other.meta and np.array_equal(one.stems, other.stems)


def wav(path: Path, frames: int, rate: int, channels: int = 2, value: float | None = None) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    t = np.arange(frames) / rate
    x = np.sin(2 * np.pi * 220 * t) * 0.3 if value is None else np.full(frames, value)
    soundfile.write(
        path, np.stack([x * (c + 1) / channels for c in range(channels)], axis=1), rate,
        subtype="FLOAT" if path.suffix == ".wav" else None,
    )  # fmt: skip
    return x


def test_folder_gives_the_samples_of_its_files(tmp_path: Path) -> None:
    wav(tmp_path / "song" / "bass.wav", 4 * RATE, RATE, 1, 0.1)
    wav(tmp_path / "song" / "organ.wav", 4 * RATE, RATE, 2, 0.2)
    wav(tmp_path / "song" / "strings.wav", 2 * RATE, RATE, 2, 0.2)
    wav(tmp_path / "song" / "mixture.wav", 4 * RATE, RATE, 2, 0.9)
    made = StemFolder(tmp_path, rate=RATE)
    clip = made.read(made.songs[0], 1.0, 2.0)
    assert clip.present.tolist() == [stem in ("bass", "other") for stem in STEMS]
    np.testing.assert_allclose(clip.stems[0], 0.1, atol=1e-6)
    # Both files of "other", of which one ends after a second; left is half of right.
    np.testing.assert_allclose(clip.stems[-1, 1, : RATE - 1], 0.4, atol=1e-6)
    np.testing.assert_allclose(clip.stems[-1, 0, RATE + 1 :], 0.1, atol=1e-6)
    assert not clip.stems[1:-1].any()


def test_folder_resamples_and_keeps_time(tmp_path: Path) -> None:
    for name, rate in (("bass", 44_100), ("drums", RATE)):
        wav(tmp_path / "song" / f"{name}.wav", 3 * rate, rate, 1)
    made = StemFolder(tmp_path, rate=RATE)
    clip = made.read(made.songs[0], 1.25, 1.0)
    # The ends of a resampled stretch ring.
    np.testing.assert_allclose(clip.stems[0, :, 200:-200], clip.stems[1, :, 200:-200], atol=2e-3)


def test_folder_clips_follow_from_their_seed_and_have_the_length(tmp_path: Path) -> None:
    for song in ("a", "b"):
        wav(tmp_path / song / "bass.wav", 3 * RATE, RATE)
    made = StemFolder(tmp_path, rate=RATE)
    assert len(made) == 2 and {made.clip(seed, 1.0).name[0] for seed in range(20)} == {"a", "b"}
    verify_source(made, 1.0)
    verify_source(made, 5.0, seeds=(3,))


SLAKH = """
UUID: 1a81ae092884234f3264e2f45927f00a
mix_dir: MIDI
stems:
  S00: {audio_rendered: true, inst_class: Guitar, is_drum: false, program_num: 29}
  S01: {audio_rendered: true, inst_class: Drums, is_drum: true, program_num: 128}
  S02: {audio_rendered: true, inst_class: Strings (continued), is_drum: false, program_num: 48}
  S03: {audio_rendered: false, inst_class: Bass, is_drum: false, program_num: 33}
  S04: {audio_rendered: true, inst_class: Guitar, is_drum: false, program_num: 25}
"""


def test_slakh_is_read_as_it_is_published(tmp_path: Path) -> None:
    track = tmp_path / "test" / "Track01876"
    for number, value in ((0, 0.1), (1, 0.2), (2, 0.3), (4, 0.05)):
        wav(track / "stems" / f"S0{number}.flac", RATE, RATE, 1, value)
    wav(track / "mix.flac", RATE, RATE, 1, 0.65)
    (track / "metadata.yaml").write_text(SLAKH)
    made = StemFolder(tmp_path, rate=RATE)
    assert [song.name for song in made.songs] == ["Track01876"]
    clip = FolderClips(made, 1.0)[0]
    assert clip.present.tolist() == [stem in ("drums", "guitar", "other") for stem in STEMS]
    np.testing.assert_allclose(clip.stems[:, 0].mean(1), [0, 0.2, 0.15, 0, 0, 0.3], atol=1e-3)
    four = StemFolder(tmp_path, ("bass", "drums", "guitar", "piano"), RATE)
    assert four.songs[0].files.keys() == {"drums", "guitar"}
    for damaged in ("stems: [1, 2]", "{", "stems: {S00: {program_num: x}}"):
        (track / "metadata.yaml").write_text(damaged)
        with pytest.raises(DataError, match="no metadata of a Slakh2100 track"):
            StemFolder(tmp_path, rate=RATE)


DISPUTED = """
stems:
  S00: {audio_rendered: true, inst_class: Guitar, is_drum: false, program_num: 1}
  S01: {audio_rendered: true, inst_class: Drums, is_drum: true, program_num: 128}
  S02: {audio_rendered: true, inst_class: '', plugin_name: upright_bass.nkm, is_drum: false, program_num: 48}
  S03: {audio_rendered: true, inst_class: Piano, is_drum: false, program_num: 0}
  S04: {audio_rendered: true, inst_class: Odd, plugin_name: x.nkm, is_drum: false, program_num: 2}
  S05: {audio_rendered: false, inst_class: Bass, is_drum: false, program_num: 33}
  S06: {audio_rendered: true, inst_class: Chromatic Percussion, is_drum: false, program_num: 9}
"""


def test_slakh_goes_by_class_and_says_where_the_program_is_another(tmp_path: Path) -> None:
    for number in (0, 1, 2, 4, 6):
        wav(tmp_path / "Track1" / "stems" / f"S0{number}.flac", RATE, RATE, 1, 0.1)
    (tmp_path / "Track1" / "stems" / "._S03.flac").write_bytes(b"x")
    (tmp_path / "Track1" / "metadata.yaml").write_text(DISPUTED)
    made = StemFolder(tmp_path, rate=RATE)
    files = {stem: [file.path.stem for file in group] for stem, group in made.songs[0].files.items()}
    assert files == {"guitar": ["S00"], "drums": ["S01"], "bass": ["S02"], "piano": ["S04"], "other": ["S06"]}
    said = {finding.file: finding.then for finding in made.findings if "kHz" not in finding.what}
    assert said == {
        "Track1/stems/S00.flac": "used as guitar", "Track1/stems/S02.flac": "used as bass",
        "Track1/stems/S03": "absent",
    }  # fmt: skip
    assert made.songs[0].pooled == ()
    ruled = StemFolder(tmp_path, rate=RATE, rules=parse_map(["S04=other", "stems/S06.flac=ignore"], STEMS))
    assert [file.path.stem for file in ruled.songs[0].files["other"]] == ["S04"]


@pytest.mark.parametrize(("stems", "stem"), [(STEMS, "vocals"), (("bass", "other"), "other")])
def test_slakh_s_choirs_are_vocals_though_their_class_is_that_of_strings(
    tmp_path: Path, stems: tuple[str, ...], stem: str
) -> None:
    wav(tmp_path / "Track1" / "stems" / "S00.flac", RATE, RATE, 1, 0.1)
    listed = "S00: {audio_rendered: true, inst_class: Strings (continued), is_drum: false, program_num: 52}"
    (tmp_path / "Track1" / "metadata.yaml").write_text(f"stems:\n  {listed}\n")
    made = StemFolder(tmp_path, stems, RATE)
    assert list(made.songs[0].files) == [stem]
    assert not [finding for finding in made.findings if "program" in finding.what]


@pytest.mark.parametrize("name", ["/etc/passwd", "../../x", "", "**", "a" * 5000])
def test_names_in_metadata_are_names_of_files(tmp_path: Path, name: str) -> None:
    wav(tmp_path / "Track1" / "stems" / "S00.flac", RATE, RATE, 1, 0.1)
    (tmp_path / "Track1" / "metadata.yaml").write_text(DISPUTED.replace("S00:", f"{name!r}:"))
    with pytest.raises(DataError, match="no metadata of a Slakh2100 track"):
        StemFolder(tmp_path, rate=RATE)


def test_sounds_that_the_metadata_do_not_list_are_said(tmp_path: Path) -> None:
    for name in ("S02", "S17"):
        wav(tmp_path / "Track1" / "stems" / f"{name}.flac", RATE, RATE, 1, 0.1)
    (tmp_path / "Track1" / "metadata.yaml").write_text(DISPUTED)
    made = StemFolder(tmp_path, rate=RATE)
    assert [finding.file for finding in made.findings_of("left out")] == ["Track1/stems/S17.flac"]


def test_a_folder_is_evaluated_stretch_by_stretch(tmp_path: Path) -> None:
    wav(tmp_path / "a" / "bass.wav", round(3.5 * RATE), RATE)
    wav(tmp_path / "b" / "bass.wav", RATE // 2, RATE)
    clips = FolderClips(StemFolder(tmp_path, rate=RATE), seconds=1.0)
    starts = [clips[i].name for i in range(len(clips))]
    assert starts == ["a@0.00", "b@0.00", "a@1.00", "a@2.00"]
    assert same(clips[2], clips.folder.read(clips.folder.songs[0], 1.0, 1.0))
    assert clips[1].stems.shape == (len(STEMS), 2, RATE) and not clips[1].stems[0, :, RATE // 2 :].any()


def test_folders_without_stems_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a folder"):
        StemFolder(tmp_path / "none")
    wav(tmp_path / "song" / "holiday.wav", 100, RATE)
    with pytest.raises(DataError, match="no stems"):
        StemFolder(tmp_path)
    (tmp_path / "song" / "bass.wav").write_bytes(b"not audio")
    with pytest.raises(DataError, match=r"cannot tell the stem of song/holiday\.wav: .*--map"):
        StemFolder(tmp_path)
    (tmp_path / "song" / "holiday.wav").unlink()
    with pytest.raises(DataError, match=r"no file .* can be used: song/bass\.wav"):
        StemFolder(tmp_path)
