"""Sources: scores, mixtures of sources, folders of stems."""

from __future__ import annotations

import io
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from contracts import verify_source
from scores import band, midi, score, track

from msgld.data.band import RESERVED_STYLES
from msgld.data.fonts import heldout_soundfont
from msgld.data.frozen import heldout_names, is_heldout, style_of
from msgld.data.midi import MidiFolder
from msgld.data.scores import Band, ScoreSource, Variation, recast
from msgld.data.source import Clip, Mixed, SourceOptions, open_clips, open_source
from msgld.errors import DataError, UsageError
from msgld.music.midi.perform import parts
from msgld.stems import STEMS

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
    verify_source(made, 2.0, seeds=(7, 8))
    assert same(clip, source(MidiFolder(songs)).clip(7, 2.0))
    verify_source(source(Band()))
    verify_source(Mixed([(made, 1.0), (source(Band()), 1.0)]), 0.5, range(4))


@pytest.mark.parametrize("seed", range(5))
def test_clips_are_what_they_promise(songs: Path, seed: int) -> None:
    clip = source(MidiFolder(songs)).clip(seed, 1.5)
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
        MidiFolder(tmp_path)
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


def test_sources_are_found_by_name(tmp_path: Path):
    fonts = SourceOptions(soundfont=heldout_soundfont())
    for name, path in (("stems", tmp_path), ("midi", tmp_path), ("heldout", tmp_path)):
        with pytest.raises(DataError):
            open_source(name, path, fonts)
    with pytest.raises(UsageError, match="there are: band, midi, stems, heldout"):
        open_source("vinyl")
    with pytest.raises(UsageError, match="for evaluation only"):
        open_source("heldout")
    for name in ("midi", "stems"):
        with pytest.raises(UsageError, match="need a path"):
            open_source(name)


def test_a_source_that_is_evaluated_has_clips_by_number(tmp_path: Path):
    for stem in ("bass", "drums"):
        soundfile.write(tmp_path / f"{stem}.wav", np.full(16_000, 0.1), 16_000)
    clips = open_clips("stems", tmp_path, 0.25)
    assert len(clips) == 4 and clips[3].meta["start"] == 0.75
    assert open_source("stems", tmp_path).clip(0, 0.5).stems.any()
    assert len(open_clips("heldout", None, 1.0)) > 0


def test_a_source_without_clips_by_number_is_for_training_only(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("msgld.data.scores.find_soundfonts", lambda _: [heldout_soundfont()])
    assert open_source("band").stems == STEMS
    with pytest.raises(UsageError, match="for training only"):
        open_clips("band", None, 1.0)


def test_notes_of_a_stem_that_is_missing_are_rendered_into_other(tmp_path: Path) -> None:
    notes = [(0.5 * k, 0.4, 60, 100) for k in range(20)]
    sung = score(track(notes, program=33), track(notes, program=52), track(notes, program=48))
    (tmp_path / "one.mid").write_bytes(midi(sung))
    still = replace(PLAIN, soundfonts=0, detune=0, loudness=(-20, -20))
    six, five = (
        ScoreSource(MidiFolder(tmp_path), [heldout_soundfont()], still, stems, RATE).clip(0, 2.0).stems
        for stems in (STEMS, tuple(stem for stem in STEMS if stem != "vocals"))
    )
    choir, rest = six[STEMS.index("vocals")], six[STEMS.index("other")]
    assert choir.any() and rest.any()
    np.testing.assert_allclose(five[-1], choir + rest, atol=1e-4)
    np.testing.assert_allclose(five[0], six[0], atol=1e-4)
