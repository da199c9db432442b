"""Sources: scores, mixtures of sources, folders of stems."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest
import soundfile
from scores import band, midi, score, track

from msgld.data.band import RESERVED_STYLES
from msgld.data.folder import FolderClips, StemFolder, stem_of_file
from msgld.data.fonts import heldout_soundfont
from msgld.data.frozen import heldout_names, is_heldout, style_of
from msgld.data.midi import MidiFolder
from msgld.data.mixed import Mixed
from msgld.data.parts import parts
from msgld.data.scores import Band, ScoreSource, Variation, recast
from msgld.data.source import Clip
from msgld.errors import DataError, UsageError
from msgld.types import STEMS

RATE = 16_000
VARIED = Variation()
PLAIN = Variation(substitute=0, transpose=(0, 0), tempo=(1, 1), gain=0, pan=0, recolour=0)


@pytest.fixture
def songs(tmp_path: Path) -> Path:
    (tmp_path / "deep").mkdir()
    (tmp_path / "one.mid").write_bytes(midi(band(20)))
    (tmp_path / "deep" / "two.MID").write_bytes(midi(band(30)))
    return tmp_path


def source(library: MidiFolder | Band, variation: Variation = VARIED) -> ScoreSource:
    return ScoreSource(library, [heldout_soundfont()], variation, rate=RATE)


def same(one: Clip, other: Clip) -> bool:
    return one.name == other.name and one.meta == other.meta and np.array_equal(one.stems, other.stems)


def test_clips_follow_from_their_seed(songs: Path) -> None:
    made = source(MidiFolder(songs))
    clip = made.clip(7, 2.0)
    assert same(clip, made.clip(7, 2.0)) and same(clip, source(MidiFolder(songs)).clip(7, 2.0))
    assert not same(clip, made.clip(8, 2.0))


@pytest.mark.parametrize("seed", range(5))
def test_clips_are_what_they_promise(songs: Path, seed: int) -> None:
    clip = source(MidiFolder(songs)).clip(seed, 1.5)
    assert clip.stems.shape == (len(STEMS), 2, 24_000) and clip.stems.dtype == np.float32
    assert clip.present.all() and clip.rate == RATE
    assert np.abs(clip.stems.sum(axis=0)).max() <= 1 + 1e-5
    assert np.any(clip.stems, axis=(1, 2)).sum() >= 2


def test_the_mixture_gets_the_loudness_asked_for(songs: Path) -> None:
    clip = source(MidiFolder(songs), Variation(loudness=(-30, -30))).clip(0, 2.0)
    level = 10 * np.log10(np.mean(np.square(clip.stems.sum(axis=0))))
    assert level == pytest.approx(-30, abs=0.01)


def test_empty_stretches_are_passed_over(tmp_path: Path) -> None:
    late = score(*[track([(60 + t / 2, 0.4, 40, 90) for t in range(40)], program) for program in (0, 33)])
    (tmp_path / "late.mid").write_bytes(midi(late))
    made = source(MidiFolder(tmp_path), PLAIN)
    for seed in range(6):
        assert float(made.clip(seed, 2.0).meta["start"]) > 56


def test_a_piece_shorter_than_the_clip_is_padded(tmp_path: Path) -> None:
    (tmp_path / "short.mid").write_bytes(midi(band(2)))
    clip = source(MidiFolder(tmp_path), PLAIN).clip(0, 8.0)
    assert clip.stems.shape[2] == 8 * RATE and clip.meta["start"] == 0
    assert clip.stems[:, :, :RATE].any() and not clip.stems[:, :, 7 * RATE :].any()


def test_recasting_keeps_notes_and_stems() -> None:
    piece = parts(band(4))
    other = recast(piece, np.random.default_rng(3))
    assert [part.program for part in other] != [part.program for part in piece]
    assert [(p.stem, p.is_drum, p.pitch.tolist()) for p in other] == [
        (p.stem, p.is_drum, p.pitch.tolist()) for p in piece
    ]


def test_no_soundfont_is_refused(songs: Path) -> None:
    with pytest.raises(DataError, match="soundfont"):
        ScoreSource(MidiFolder(songs), [])


def test_midi_is_read_from_folders_and_archives(songs: Path, tmp_path: Path) -> None:
    assert MidiFolder(songs).names == ("deep/two.MID", "one.mid")
    archive = tmp_path / "more.tar.xz"
    with tarfile.open(archive, "w:xz") as made:
        for name in ("inside/three.mid", "notes.txt"):
            member = tarfile.TarInfo(name)
            member.size = len(midi(band(4)))
            made.addfile(member, io.BytesIO(midi(band(4))))
    assert MidiFolder(archive).names == ("inside/three.mid",)
    assert len(MidiFolder(songs)) == 3
    assert MidiFolder(songs, include=lambda name: "two" in name).names == ("deep/two.MID",)


def test_unusable_midi_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no usable MIDI"):
        MidiFolder(tmp_path)
    (tmp_path / "bad.mid").write_bytes(b"nothing like it")
    with pytest.raises(DataError, match=r"bad\.mid"):
        MidiFolder(tmp_path).song("bad.mid")
    (tmp_path / "bad.tar.xz").write_bytes(b"nothing like it")
    with pytest.raises(DataError, match=r"bad\.tar\.xz"):
        MidiFolder(tmp_path)


def test_training_never_draws_what_is_held_out(tmp_path: Path) -> None:
    names = heldout_names()
    heard = ["mine.mid", "mma_7_00004_ballad68.mid", "mma_7_00834_68swing.mid"]
    kept = [
        *names["songs"],
        "mma_1_00001_swing.mid",
        "mma_1_00002_casioswing.mid",
        "mma_1_00003_alexishiphop.mid",
    ]
    for name in [*heard, *kept]:
        (tmp_path / name).write_bytes(midi(band(4)))
    assert MidiFolder(tmp_path).names == tuple(sorted(heard))


@pytest.mark.parametrize("style", heldout_names()["accompaniment_styles"])
def test_held_out_styles_are_known_by_name_and_by_file(style: str) -> None:
    assert is_heldout(style) and is_heldout(f"train/mma_7_00001_{style}.mid")
    assert style_of(f"a/mma_7_00001_casio{style}.mid") == style
    assert not is_heldout(f"{style}-of-mine")


def test_the_bands_training_pieces_use_neither_reserved_seeds_nor_styles() -> None:
    songs = [Band().draw(np.random.default_rng(seed)) for seed in range(12)]
    assert len({song.name for song in songs}) == 12
    assert not {song.meta["style"] for song in songs} & set(RESERVED_STYLES)
    assert all(int(song.name.rsplit("-", 1)[1]) < 1_000_000_000 for song in songs)


def test_the_bands_styles_can_be_chosen() -> None:
    assert Band(["funk"]).draw(np.random.default_rng(0)).meta["style"] == "funk"


class Constant:
    """A source of clips that hold the seed, scaled, and a mark of the source."""

    stems = ("bass", "drums")

    def __init__(self, mark: float) -> None:
        self.mark = mark

    def clip(self, seed: int, seconds: float) -> Clip:
        stems = np.full((2, 2, round(seconds * 10)), self.mark, dtype=np.float32)
        return Clip(stems, np.array([True, self.mark > 0.1]), 10, f"{self.mark}/{seed}")


def test_mixed_draws_by_weight() -> None:
    made = Mixed([(Constant(0.1), 1.0), (Constant(0.2), 3.0), (Constant(0.3), 0.0)])
    marks = [float(made.clip(seed, 1.0).stems[0, 0, 0]) for seed in range(400)]
    assert np.mean(np.isclose(marks, 0.2)) == pytest.approx(0.75, abs=0.07)
    assert not np.isclose(marks, 0.3).any()
    assert made.stems == Constant.stems


def test_mixed_refuses_what_does_not_mix() -> None:
    other = Constant(0.1)
    other.stems = ("bass", "piano")
    for pairs in ([], [(Constant(0.1), 0.0)], [(Constant(0.1), -1.0)], [(Constant(0.1), 1.0), (other, 1.0)]):
        with pytest.raises(UsageError):
            Mixed(pairs)


def wav(path: Path, frames: int, rate: int, channels: int = 2, value: float | None = None) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    t = np.arange(frames) / rate
    x = np.sin(2 * np.pi * 220 * t) * 0.3 if value is None else np.full(frames, value)
    soundfile.write(
        path, np.stack([x * (c + 1) / channels for c in range(channels)], axis=1), rate,
        subtype="FLOAT" if path.suffix == ".wav" else None,
    )  # fmt: skip
    return x


@pytest.mark.parametrize(
    ("name", "stem"),
    [("vocals", "other"), ("Bass", "bass"), ("drums", "drums"), ("mixture", None), ("other", "other"),
     ("Acoustic Guitar", "guitar"), ("piano", "piano"), ("Strings (continued)", "other"), ("kazoo", "other")],
)  # fmt: skip
def test_stems_by_file_name(name: str, stem: str | None) -> None:
    assert stem_of_file(name) == stem


def test_a_name_without_a_place_is_left_out_where_there_is_no_other() -> None:
    assert stem_of_file("vocals", ("bass", "drums")) is None
    assert stem_of_file("vocals", ("bass", "vocals")) == "vocals"


def test_folder_gives_the_samples_of_its_files(tmp_path: Path) -> None:
    wav(tmp_path / "song" / "bass.wav", 4 * RATE, RATE, 1, 0.1)
    wav(tmp_path / "song" / "vocals.wav", 4 * RATE, RATE, 2, 0.2)
    wav(tmp_path / "song" / "strings.wav", 2 * RATE, RATE, 2, 0.2)
    wav(tmp_path / "song" / "mixture.wav", 4 * RATE, RATE, 2, 0.9)
    made = StemFolder(tmp_path, rate=RATE)
    clip = made.read(made.songs[0], 1.0, 2.0)
    assert clip.present.tolist() == [True, False, False, False, True]
    np.testing.assert_allclose(clip.stems[0], 0.1, atol=1e-6)
    # Both files of "other", of which one ends after a second; left is half of right.
    np.testing.assert_allclose(clip.stems[4, 1, : RATE - 1], 0.4, atol=1e-6)
    np.testing.assert_allclose(clip.stems[4, 0, RATE + 1 :], 0.1, atol=1e-6)
    assert not clip.stems[1:4].any()


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
    assert same(made.clip(3, 5.0), made.clip(3, 5.0)) and made.clip(3, 5.0).stems.shape == (5, 2, 5 * RATE)


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
    assert clip.present.tolist() == [False, True, True, False, True]
    np.testing.assert_allclose(clip.stems[:, 0].mean(1), [0, 0.2, 0.15, 0, 0.3], atol=1e-3)
    four = StemFolder(tmp_path, ("bass", "drums", "guitar", "piano"), RATE)
    assert four.songs[0].files.keys() == {"drums", "guitar"}
    for damaged in ("stems: [1, 2]", "{", "stems: {S00: {program_num: x}}"):
        (track / "metadata.yaml").write_text(damaged)
        with pytest.raises(DataError, match="no metadata of a Slakh2100 track"):
            StemFolder(tmp_path, rate=RATE)


def test_a_folder_is_evaluated_stretch_by_stretch(tmp_path: Path) -> None:
    wav(tmp_path / "a" / "bass.wav", round(3.5 * RATE), RATE)
    wav(tmp_path / "b" / "bass.wav", RATE // 2, RATE)
    clips = FolderClips(StemFolder(tmp_path, rate=RATE), seconds=1.0)
    starts = [clips[i].name for i in range(len(clips))]
    assert starts == ["a@0.00", "b@0.00", "a@1.00", "a@2.00"]
    assert same(clips[2], clips.folder.read(clips.folder.songs[0], 1.0, 1.0))
    assert clips[1].stems.shape == (5, 2, RATE) and not clips[1].stems[0, :, RATE // 2 :].any()


def test_folders_without_stems_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="not a folder"):
        StemFolder(tmp_path / "none")
    wav(tmp_path / "song" / "holiday.wav", 100, RATE)
    with pytest.raises(DataError, match="no stems"):
        StemFolder(tmp_path)
    (tmp_path / "song" / "bass.wav").write_bytes(b"not audio")
    with pytest.raises(DataError, match=r"bass\.wav"):
        StemFolder(tmp_path)
