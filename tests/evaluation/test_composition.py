"""The evaluation of composing: players whose figures are known, baselines, and the whole with a tiny model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from score_tiny import some_score, tiny_score_model
from tiny import save_tiny_model

import msgld
from msgld.api.msgld import Msgld
from msgld.api.result import Result
from msgld.checkpoint import load_model
from msgld.data.band.accompany import accompany
from msgld.data.held_bars import held_bars
from msgld.data.retrieval import BarIndex, tied, training_scores
from msgld.data.score_clips import ScoreClips
from msgld.data.scores import song_of_band
from msgld.errors import DataError, UsageError
from msgld.evaluation import composition
from msgld.evaluation.given_sound import GivenSound, given_sound, on_bars_of
from msgld.evaluation.level_curves import curve_rows
from msgld.evaluation.requests import answer, key_of, request_rows, requests
from msgld.evaluation.score_scenes import Scene, foreign_parts, scene
from msgld.metrics.scores import level_curve
from msgld.music.bars import Timeline
from msgld.music.chord_names import parse_chords
from msgld.music.chords import estimate_chords
from msgld.music.conditions import Conditions
from msgld.music.grid import Cells, to_cells
from msgld.music.notes import Notes
from msgld.music.score import SCORE_STEMS, Score, score_of

CLIPS = 8
SUBSETS = ("bass", "drums", "guitar+piano")


class Knowing(Msgld):
    """Plays exactly what a clip's piece has, or, once ``off`` is set, what another clip has."""

    scenes: Sequence[Scene]
    off = 0

    def arrange(self, given: Mapping[str, Score], make: Sequence[str], **others: Any) -> Result:  # type: ignore[override]
        first = next(iter(given.values())).name
        number = next(place for place, one in enumerate(self.scenes) if one.score.name == first)
        own, played = (self.scenes[(number + move) % len(self.scenes)].score for move in (0, self.off))
        kept = {stem: score.notes[stem] for stem, score in given.items()}
        notes = {**kept, **{stem: played.notes[stem] for stem in make if stem in played.notes}}
        silent = {stem: np.zeros((2, 44_100), np.float32) for stem in notes}
        return Result(silent, silent["bass"] if "bass" in silent else next(iter(silent.values())),
                      score=Score(own.bars, own.timeline, notes, own.signatures))  # fmt: skip


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> msgld.model.Model:
    model = load_model(save_tiny_model(tmp_path_factory.mktemp("model")))
    model.score = tiny_score_model()
    return model


@pytest.fixture(autouse=True)
def small_index(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(composition, "BARS", 500)


@pytest.fixture(scope="module")
def scenes() -> list[Scene]:
    clips = ScoreClips()
    return [scene(*clips[number]) for number in range(CLIPS)]


def knowing(loaded: Any, scenes: Sequence[Scene], off: int) -> dict[str, Any]:
    model = Knowing(loaded)
    model.scenes, model.off = scenes, off
    options = msgld.Options(steps=1)
    return msgld.evaluate(model, "compose", limit=CLIPS, subsets=",".join(SUBSETS), curves=0, options=options)


def named(rows: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {row["name"]: row for row in rows}


def test_who_plays_the_piece_itself_is_at_one_everywhere(loaded: Any, scenes: list[Scene]) -> None:
    report = knowing(loaded, scenes, 0)
    for rows in (report["rows"], report["tables"]["rhythm in common"]):
        assert {"all", "band"} <= named(rows).keys()
        assert all(row["mean"] == row["low"] == row["lowest"] == 1 for row in rows)
        assert all(row["retrieval"] <= 1 and row["above retrieval"] >= 0 for row in rows)
    for row in report["tables"]["fullness, repetition, copies"]:
        if row["name"] not in ("retrieval", "the band"):
            assert row["notes / real"] == 1
            for key in ("silent", "repetition", "doubled", "copied"):
                assert row[key] == row[f"{key}, real"]
    for row in report["tables"]["histograms, distance to real ones"]:
        assert [row[aspect] or 0 for aspect in ("pitch", "interval", "duration", "onset")] == [0] * 4
    assert len(report["values"]) > CLIPS


def test_who_plays_another_piece_is_far_below(loaded: Any, scenes: list[Scene]) -> None:
    off = named(knowing(loaded, scenes, 3)["rows"])["all"]
    assert off["high"] < 0.5 and off["above retrieval"] < 0


def test_the_whole_with_a_tiny_model(loaded: Any, tmp_path: Path) -> None:
    options, where = msgld.Options(steps=1), tmp_path / "out"
    report = msgld.evaluate(
        Msgld(loaded), "compose", limit=3, subsets="bass,drums", curves=2, options=options, out=where
    )
    assert report == json.loads((where / "compose.json").read_text()) | {"values": report["values"]}
    page = (where / "compose.md").read_text()
    for title, rows in report["tables"].items():
        assert rows and f"## {title}" in page
    assert {"level curves", "what was asked for", "sound"} <= report["tables"].keys()
    assert {one["subset"] for one in report["values"] if one["usual"]} == {"bass", "drums"}
    assert {"model", "retrieval", "the band", "real", "shuffled"} == report["values"][0]["notes"].keys()
    assert named(report["tables"]["what was asked for"])["at the tempo"]["mean"] == 1
    with pytest.raises(UsageError, match="another folder"):
        msgld.evaluate(
            Msgld(loaded), "compose", limit=3, subsets="bass", curves=2, options=options, out=where
        )


def test_faults_are_one_line_each(loaded: Any) -> None:
    with pytest.raises(UsageError, match="curves has to be"):
        msgld.evaluate(Msgld(loaded), "compose", curves=-1)
    with pytest.raises(UsageError, match="curves goes with the evaluation of compose, not of codec"):
        msgld.evaluate(Msgld(loaded), "codec", curves=0)


def test_foreign_parts_are_of_other_pieces_in_the_same_metre(scenes: list[Scene]) -> None:
    for number, one in enumerate(scenes):
        for part in foreign_parts(scenes, number, ("bass", "drums")):
            assert set(part) <= {"bass", "drums"}
            for stem, cells in part.items():
                assert stem not in one.cells or cells.key.tolist() != one.cells[stem].key.tolist()
    assert foreign_parts(scenes[:1], 0, ("bass",)) == []


# Retrieval


def test_bars_of_the_index_find_themselves_and_transposed_ones_their_interval(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(
        "msgld.data.retrieval.held_bars", lambda cells, stems, bars: np.zeros((len(stems), bars), bool)
    )
    score = score_of(
        song_of_band(accompany(tuple((one[0], one[-1]) for one in parse_chords("Am F,G C E7")), 4, 3))
    )
    index = BarIndex.of([some_score(5), score])
    piece = index.pieces[1]
    first = len(index.pieces[0].steps)
    for semitones in (0, 4, -3):
        given = {stem: cells if stem == "drums" else cells.transposed(semitones) for stem, cells in piece.cells.items()
                 if stem in ("bass", "piano", "drums")}  # fmt: skip
        found = index.nearest(given, ["guitar"], piece.steps)
        assert found[:4] == [(first + bar, semitones) for bar in range(4)]
        played = index.arrange(given, ["guitar"], piece.steps)["guitar"]
        expected = piece.cells["guitar"].transposed(semitones)
        assert {*zip(played.slot, played.key, strict=True)} == {
            *zip(expected.slot, expected.key, strict=True)
        }


def test_pieces_that_have_the_wanted_stem_come_first_and_unknown_metres_are_silent() -> None:
    with_guitar, without = some_score(1), some_score(2, stems=("bass", "drums"))
    index = BarIndex.of([without, with_guitar])
    query = {stem: to_cells(without.notes[stem], without.bars) for stem in ("bass", "drums")}
    assert all(row >= len(without.bars) for row, _ in index.nearest(query, ["guitar"], without.bars.steps))  # type: ignore[misc]
    assert [row for row, _ in index.nearest(query, [], without.bars.steps)] == list(range(8))  # type: ignore[misc]
    odd = np.full(8, 7)
    assert index.nearest(query, ["guitar"], odd) == [None] * 8
    assert len(index.arrange(query, ["guitar"], odd)["guitar"]) == 0
    with pytest.raises(DataError, match="no bars"):
        BarIndex.of([])


def test_notes_that_sound_on_are_tied_or_begin_with_the_bar() -> None:
    def bar(*notes: tuple[int, int, int]) -> Cells:
        slot, stop, key = np.array(notes, np.int32).reshape(-1, 3).T
        return Cells(
            slot,
            stop,
            key.astype(np.int16),
            np.full(len(slot), 90, np.int16),
            np.full(len(slot), 0.3, np.float32),
        )

    made = tied([bar((0, 16, 40), (8, 16, 43)), bar((-8, 16, 40), (-8, 4, 45)), bar((-16, 2, 40))])
    assert [*zip(made.slot.tolist(), made.stop.tolist(), made.key.tolist(), strict=True)] == [
        (0, 34, 40), (8, 16, 43), (16, 20, 45),
    ]  # fmt: skip
    assert made.offset[2] == 0
    assert len(tied([])) == 0


def test_what_is_looked_up_is_never_held_out() -> None:
    names = {clip.name.split()[-1] for clip in ScoreClips().clips}
    pieces = training_scores(None, 1)
    assert not names & {next(pieces).name.rsplit("-", 1)[-1] for _ in range(30)}


def test_bars_that_a_frozen_clip_has_are_not_looked_up() -> None:
    clip, score = ScoreClips()[0]
    index = BarIndex.of([score])
    held = held_bars(index.pieces[0].cells, SCORE_STEMS, len(score.bars)).any(0)
    assert held[clip.first : clip.first + clip.bars].any()
    assert index.bar.tolist() == np.flatnonzero(~held).tolist()


# The band


def test_the_band_plays_the_chords_that_it_is_told() -> None:
    written = tuple((one[0], one[-1]) for one in parse_chords("Am F,G C E7 Dm G7 C N"))
    met = []
    for seed in range(6):
        score = score_of(song_of_band(accompany(written, 4, seed)))
        heard = estimate_chords(score.notes, score.bars.start)
        met += [one.root == other.root for pair, found in zip(written[:7], heard, strict=False)
                for one, other in zip(pair, found, strict=True) if one and other]  # fmt: skip
        assert {"bass", "drums", "guitar", "piano"} <= set(score.notes)
    assert np.mean(met) > 0.9
    waltz = score_of(song_of_band(accompany(written, 3, 0)))
    assert set(waltz.bars.steps.tolist()) == {12}
    for chords, beats in ((written, 5), ((), 4)):
        with pytest.raises(UsageError, match="the band plays no bars"):
            accompany(chords, beats)
    silent = ((None, None),) * 4
    assert len(score_of(song_of_band(accompany(silent, 4, 0))).notes) > 3


# Requests and curves


def test_real_pieces_answer_requests_for_what_they_are(scenes: list[Scene]) -> None:
    made = requests(scenes)
    assert {request.clip for request in made if request.conditions.key} == set(range(CLIPS))
    assert len({request.conditions.bpm for request in made}) == CLIPS
    for request in made:
        if request.conditions.chords:
            one = scenes[request.clip].score.between(0, 8)
            met = answer(request, one)
            assert met.chords == pytest.approx(request.real, abs=0.02) and met.chords > 0.5
            assert not met.tempo, "it was not asked for the piece's own tempo"
    assert len({key_of(number) for number in range(24)}) == 24


def test_fractions_of_what_was_asked_for(scenes: list[Scene]) -> None:
    request = next(one for one in requests(scenes) if one.conditions.key)
    score = replace(some_score(), notes={"piano": some_score().notes["piano"]}, meta={"key": "E minor"})
    white = replace(score.notes["piano"], pitch=np.resize([67, 69, 71, 72, 74, 76, 78], 60))  # G major
    score = replace(score, notes={"piano": white})
    own = float(score.timeline.bpm(score.bars.start[:1])[0])
    met = answer(type(request)(0, Conditions(bpm=own, key=str(score.meta["key"]))), score)
    assert met.key and met.tempo
    rows = named(request_rows([met, answer(request, score)], scenes))
    assert rows.keys() == {"in the key", "at the tempo"}
    assert rows["at the tempo"]["mean"] == 0.5
    assert rows["in the key"]["real"] > 0.5


def test_curves_that_follow_the_piece_and_those_that_follow_the_seed() -> None:
    rng = np.random.default_rng(0)
    curves = {number: level_curve(None, np.full(8, 16)) + rng.normal(size=16) for number in range(6)}
    by_piece = {(clip, seed): curves[clip] for clip in range(6) for seed in range(3)}
    by_seed = {(clip, seed): curves[seed] for clip in range(6) for seed in range(3)}
    (piece,), (seed,) = (curve_rows({"piano": own}) for own in (by_piece, by_seed))
    assert piece["same piece, another seed"] == seed["same seed, another piece"] == 1
    assert piece["mean"] > 0.8 and seed["mean"] < -0.8
    (flat,) = curve_rows({"bass": {key: np.zeros(16) for key in by_piece}})
    assert flat["mean"] == 0
    assert curve_rows({"bass": {(0, 0): np.ones(4)}}) == []
    assert set(SCORE_STEMS) >= {"piano", "bass"}


def test_music_that_follows_the_sound_is_laid_on_the_bars_of_the_clip(scenes: list[Scene]) -> None:
    one = scenes[0]
    seconds = Timeline.of_tempos([(0.0, 100.0), (9.0, 140.0)])  # other beats, the same seconds
    notes = {}
    for stem, own in one.score.notes.items():
        ends = [
            seconds.beat_at(one.score.timeline.at(beats)) for beats in (own.onset, own.onset + own.duration)
        ]
        notes[stem] = Notes.of(ends[0], ends[1] - ends[0], own.pitch, own.velocity, own.program)
    made = on_bars_of(one, replace(one.score, timeline=seconds, notes=notes), ["bass", "drums"])
    assert made.keys() == {"bass", "drums"} & one.cells.keys()
    for stem, cells in made.items():
        for own, moved in (
            (getattr(one.cells[stem], name), getattr(cells, name)) for name in ("slot", "key")
        ):
            np.testing.assert_array_equal(own, moved)


def test_what_holds_the_wanted_stem_is_not_given() -> None:
    wave = np.ones((2, 9), np.float32)
    holds = {
        "bass": frozenset(["bass"]),
        "other": frozenset(["other", "vocals"]),
        "piano": frozenset(["piano"]),
    }
    sound = GivenSound({"bass": wave, "other": wave, "piano": 0 * wave}, holds)
    assert sound.beside(["vocals"]).keys() == {"bass"} and sound.beside(["drums"]).keys() == {"bass", "other"}


@pytest.mark.parametrize("given", ["sound", "mixture"])
def test_given_sound_is_what_the_soundfont_plays(loaded: Any, scenes: list[Scene], given: str) -> None:
    one = replace(scenes[0], score=scenes[0].score.between(0, 1))
    asked = dict[str, Any]()

    class Asked(Msgld):
        def separate(self, song: Any, **others: Any) -> Any:
            asked["mixture"] = song[0]
            return super().separate(song, options=msgld.Options(steps=1))

    sound = given_sound(Asked(loaded), one, given)
    assert frozenset.union(*sound.holds.values()) == set(one.score.notes)
    assert sound.waves.keys() == set(one.score.notes)
    if given == "mixture":
        assert np.abs(sum(sound.waves.values()) - asked["mixture"]).max() < 0.5


def test_a_model_that_knows_no_singers_gives_them_in_other(tmp_path: Path, scenes: list[Scene]) -> None:
    one = replace(scenes[0], score=scenes[0].score.between(0, 1))
    assert "vocals" in one.score.notes
    five = tuple(stem for stem in SCORE_STEMS if stem != "vocals")
    sound = given_sound(msgld.load(save_tiny_model(tmp_path / "five", stems=five)), one, "mixture")
    assert sound.holds["other"] >= {"vocals"} and "vocals" not in sound.waves
    assert frozenset.union(*sound.holds.values()) == set(one.score.notes)


def test_what_is_given_is_notes_sound_or_a_mixture(loaded: Any) -> None:
    with pytest.raises(UsageError, match="no given named 'tape'; there are: notes, sound, mixture"):
        msgld.evaluate(Msgld(loaded), "compose", given="tape")
    with pytest.raises(UsageError, match="given goes with the evaluation of compose"):
        msgld.evaluate(Msgld(loaded), "generate", given="sound")
