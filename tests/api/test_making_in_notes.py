"""Making music in notes through the public calls: bars, tempo, chords, files; given notes stay as they are."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from fonts import save_soundfont
from midi_bytes import Message, control, meta, note, program, smf, tempo
from midi_random import channels, random_file, tempo_map
from score_tiny import some_score, tiny_score_model
from tiny import save_tiny_model

import msgld
from msgld.api import composed
from msgld.api.composing import blank, given_score
from msgld.checkpoint import load_model
from msgld.music.bar_features import own_features
from msgld.music.bars import Timeline
from msgld.music.grid import to_cells
from msgld.music.midi.perform import read_midi
from msgld.music.midi.write import midi_bytes
from msgld.music.score import SCORE_STEMS, Score, score_of
from msgld.score_model import ScoreModel

QUICK = msgld.Options(steps=2)


@pytest.fixture(scope="module")
def composer(tmp_path_factory: pytest.TempPathFactory) -> msgld.Msgld:
    """A model whose score part composes at random."""
    model = load_model(save_tiny_model(tmp_path_factory.mktemp("model")))
    model.score = tiny_score_model()
    return msgld.Msgld(model)


def midi(score: Score, stem: str, folder: Path) -> Path:
    path = folder / f"{stem}.mid"
    path.write_bytes(midi_bytes(score, [stem]))
    return path


def test_a_piece_has_the_bars_the_tempo_and_the_stems_that_were_asked_for(composer: msgld.Msgld) -> None:
    result = composer.generate(
        bars=6, make=["bass", "piano"], conditions=msgld.Conditions(bpm=97), options=QUICK
    )
    assert result.score is not None
    assert len(result.score.bars) == 6
    assert set(result.stems) == set(result.score.notes) == {"bass", "piano"}
    assert result.score.timeline.bpm(np.array([0.0, 20.0])) == pytest.approx([97, 97])
    assert result.mix.shape[1] / result.rate == pytest.approx(6 * 4 * 60 / 97, abs=3)
    assert result.mix == pytest.approx(sum(result.stems.values()), abs=1e-5)


def test_seconds_are_rounded_up_to_bars(composer: msgld.Msgld) -> None:
    result = composer.generate(9.0, make=["bass"], conditions=msgld.Conditions(bpm=120), options=QUICK)
    assert result.score is not None
    assert len(result.score.bars) == 5


@pytest.mark.parametrize(("beats", "steps"), [(3.0, 12), (3.5, 14), (6.0, 12), (2.0, 8)])
def test_other_metres(composer: msgld.Msgld, beats: float, steps: int) -> None:
    conditions = msgld.Conditions(bpm=120, beats=beats)
    result = composer.generate(bars=4, make=["drums"], conditions=conditions, options=QUICK)
    assert result.score is not None
    assert set(result.score.bars.steps.tolist()) == {steps}
    assert int(result.score.bars.number[-1]) + 1 == 4


def test_the_same_seed_gives_the_same_notes_and_another_seed_others(composer: msgld.Msgld) -> None:
    made = [composer.generate(bars=4, options=msgld.Options(steps=2, seed=seed)).score for seed in (1, 1, 2)]
    first, again, other = (one and [notes.onset.tolist() for notes in one.notes.values()] for one in made)
    assert first == again
    assert first != other


def test_notes_are_saved_beside_the_sound(composer: msgld.Msgld, tmp_path: Path) -> None:
    result = composer.generate(bars=3, options=QUICK, conditions=msgld.Conditions(bpm=90, key="Gm"))
    saved = result.save(tmp_path / "out")
    assert result.score is not None
    for stem, notes in result.score.notes.items():
        if len(notes):
            read = score_of(read_midi((tmp_path / "out" / f"{stem}.mid").read_bytes(), stem))
            (back,) = read.notes.values()
            assert back.pitch.tolist() == notes.pitch.tolist()
            assert back.velocity.tolist() == notes.velocity.tolist()
            assert back.program.tolist() == notes.program.tolist()
            assert back.onset == pytest.approx(notes.onset, abs=1 / 480)
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    assert set(record["midi"]) == {*SCORE_STEMS, "mix"}
    assert len(record["chords"]) == 3
    assert (tmp_path / "out" / "notes.png").stat().st_size > 1000
    result.save(tmp_path / "out", overwrite=True)
    assert saved.run["bars"] == 3


def hum(score: Score) -> dict[str, np.ndarray]:
    """A short sound for each stem, in place of what a synthesiser takes long to play."""
    return {
        stem: np.full((2, 9_000), 0.01 * number, np.float32) for number, stem in enumerate(score.notes, 1)
    }


def test_notes_are_rendered_once_and_not_before_their_sound_is_asked_for(
    composer: msgld.Msgld, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    rendered: list[Score] = []
    monkeypatch.setattr(composed, "render", lambda score, font: rendered.append(score) or hum(score))
    score = some_score(stems=("bass",))
    for result in (
        composer.generate(bars=2, make=["bass"], options=QUICK),
        composer.arrange({"bass": score}, ["piano"], options=QUICK),
        composer.vary({"bass": score}, options=QUICK),
        composer.extend({"bass": score}, 2.0, options=QUICK),
    ):
        assert result.score is not None and not rendered
        assert result.mix == pytest.approx(sum(result.stems.values()), abs=1e-5)
        assert result.stems["bass"] is result.stems["bass"]
        result.save(tmp_path / "out", overwrite=True)
        assert rendered == [result.score]
        rendered.clear()


@pytest.mark.parametrize("seed", range(3))
def test_given_notes_come_back_as_they_were(composer: msgld.Msgld, tmp_path: Path, seed: int) -> None:
    given = {stem: tmp_path / f"{stem}.mid" for stem in ("bass", "drums")}
    for stem, path in given.items():
        path.write_bytes(random_file(seed, [stem]))
    result = composer.arrange(given, ["piano"], options=QUICK)
    result.save(tmp_path / "out")
    assert result.score is not None
    assert set(result.score.notes) == {"bass", "drums", "piano"}
    mix = (tmp_path / "out" / "mix.mid").read_bytes()
    for stem, path in given.items():
        data, back = path.read_bytes(), (tmp_path / "out" / f"{stem}.mid").read_bytes()
        expected = channels(data, drums=stem == "drums")
        assert expected and channels(back, drums=stem == "drums") == expected
        assert all(channel in channels(mix, drums=stem == "drums") for channel in expected)
        assert tempo_map(back)[1] == tempo_map(data)[1]
    assert tempo_map(mix) == tempo_map(given["bass"].read_bytes())


def test_replaying_a_stretch_keeps_the_other_bars(composer: msgld.Msgld) -> None:
    score = some_score(stems=("bass", "piano"))
    result = composer.arrange({"bass": score, "piano": score}, ["piano"], start=4.0, stop=8.0, options=QUICK)
    assert result.score is not None
    before, after = score.notes["piano"], result.score.notes["piano"]
    for outside in (before.onset < 8, before.onset >= 16):
        times = before.onset[outside]
        low, high = float(times.min()), float(times.max())
        assert set(times.tolist()) == set(after.between(low, high + 1e-6).onset.tolist())


def test_faults_are_one_line_each(composer: msgld.Msgld, tmp_path: Path) -> None:
    score, slow = some_score(), Score(some_score().bars, Timeline.steady(60), some_score().notes)
    for call, text in (
        (lambda: composer.generate(4.0, bars=4), "not both"),
        (lambda: composer.generate(bars=0), "bars"),
        (lambda: composer.generate(bars=2, latent="colour"), "score, sound"),
        (lambda: composer.generate(bars=2, latent="sound"), "leave latent sound out"),
        (lambda: composer.generate(bars=2, conditions=msgld.Conditions(style="polka")), "style"),
        (lambda: composer.generate(bars=2, conditions=msgld.Conditions(beats=3.3)), "eighths"),
        (lambda: msgld.Conditions(chords="Hm7b99"), "no chord"),
        (lambda: composer.arrange({"bass": score, "drums": slow}), "tempo"),
        (lambda: composer.arrange({"bass": score, "drums": "drums.wav"}), "all as MIDI"),
        (lambda: composer.arrange({"tuba": score}), "tuba"),
        (lambda: composer.arrange({"bass": tmp_path / "none.mid"}), "none.mid"),
    ):
        with pytest.raises(msgld.MsgldError, match=text) as error:
            call()
        assert "\n" not in str(error.value)


def test_a_model_without_a_composer_makes_sound(tmp_path: Path) -> None:
    model = msgld.Msgld(load_model(save_tiny_model(tmp_path / "model")))
    assert model.generate(0.5, options=QUICK).score is None
    with pytest.raises(msgld.ModelError, match="makes no notes"):
        model.generate(bars=2, latent="score")
    with pytest.raises(msgld.UsageError, match="makes sound only, without bars"):
        model.generate(bars=2)


def test_tempo_and_metre_of_a_blank_score() -> None:
    score = blank(msgld.Conditions(bpm=120), 0, None, 8.0)
    assert score.bars.start.tolist() == [0, 4, 8, 12, 16]
    drawn = {
        blank(msgld.Conditions(style="ballad"), seed, 1, None).timeline.bpm(np.zeros(1))[0]
        for seed in range(9)
    }
    assert len(drawn) > 1
    assert max(drawn) <= 84


def test_given_stems_of_one_file_are_taken_by_their_names() -> None:
    score = some_score()
    both = given_score({"bass": score, "piano": score})
    assert both.notes["piano"].pitch.tolist() == score.notes["piano"].pitch.tolist()


def test_a_piece_is_continued_after_its_last_bar(composer: msgld.Msgld) -> None:
    score = some_score(stems=("bass", "piano"), bars=6)
    result = composer.extend({"bass": score, "piano": score}, 4.0, options=QUICK)
    assert result.score is not None
    assert len(result.score.bars) == 8
    for stem, notes in score.notes.items():
        kept = result.score.notes[stem].between(0, 23.8)
        assert {*zip(kept.onset, kept.pitch, strict=True)} == {*zip(notes.onset, notes.pitch, strict=True)}


def test_a_variation_without_noise_is_the_piece(composer: msgld.Msgld) -> None:
    score = some_score(stems=("bass", "piano"), bars=6)
    result = composer.vary({"bass": score, "piano": score}, 0.0, options=QUICK)
    assert result.score is not None
    for stem, notes in score.notes.items():
        assert result.score.notes[stem] is notes


def test_a_form_has_sections_of_one_length(composer: msgld.Msgld) -> None:
    result = composer.generate(form="aba", make=["bass"], options=QUICK)
    assert result.score is not None
    assert len(result.score.bars) == 24
    assert result.info["settings"]["form"] == "ABA"
    for form, bars, text in (("A-B", None, "AABA"), ("ABA", 16, "sections of one length")):
        with pytest.raises(msgld.UsageError, match=text):
            composer.generate(form=form, bars=bars, make=["bass"], options=QUICK)


def test_a_model_with_a_codec_of_notes_alone_makes_the_stems_of_its_sound(tmp_path: Path) -> None:
    model = msgld.Msgld(load_model(save_tiny_model(tmp_path / "model")))
    model.model.score = ScoreModel(tiny_score_model().codec)
    assert model.makes == model.stems
    assert model.generate(0.5, options=QUICK).score is None


def test_a_soundfont_is_recorded_and_what_it_lacks_is_remarked(composer: msgld.Msgld, tmp_path: Path) -> None:
    font = save_soundfont(tmp_path / "tones.sf2")
    options = msgld.Options(steps=2, soundfont=font)
    result = composer.arrange({"bass": some_score(stems=("bass",))}, ["drums"], options=options)
    assert result.info["soundfont"] == str(font)
    assert result.remarks == ()
    conditions = msgld.Conditions(instruments={"bass": 33})
    lines = composer.generate(bars=2, make=["bass"], conditions=conditions, options=options).remarks
    assert lines == ("tones.sf2 has no program 33: program 0 plays bass",)


def test_a_soundfont_that_is_none_stops_before_the_work(composer: msgld.Msgld, tmp_path: Path) -> None:
    (broken := tmp_path / "broken.sf2").write_bytes(b"no soundfont")
    reports: list[msgld.Progress] = []
    for path, text in ((broken, "not an SF2 or SF3"), (tmp_path / "none.sf2", "does not exist")):
        with pytest.raises(msgld.DataError, match=text):
            composer.generate(bars=2, options=msgld.Options(soundfont=path), on_progress=reports.append)
    assert reports == []
    with pytest.raises(msgld.UsageError, match="path"):
        msgld.Options(soundfont=3)  # type: ignore[arg-type]
    with pytest.raises(msgld.UsageError, match="made in sound"):
        composer.generate(0.5, latent="sound", options=msgld.Options(soundfont=broken))


def written(folder: Path, *tracks: list[Message]) -> Path:
    (path := folder / "given.mid").write_bytes(smf(*tracks))
    return path


def test_a_file_without_a_tempo_is_played_at_120_and_that_is_said(
    composer: msgld.Msgld, tmp_path: Path
) -> None:
    path = written(tmp_path, note(0, 40, 0, 1920), note(0, 43, 1920, 1920))
    result = composer.arrange({"bass": path}, ["drums"], options=QUICK)
    assert result.score is not None
    assert result.score.timeline.bpm(np.zeros(1)) == 120
    assert "no tempo: 120" in result.remarks[0]
    run = result.save(tmp_path / "out").run
    assert run["remarks"][0] == result.remarks[0]
    known = written(tmp_path, [tempo(500_000)], note(0, 40, 0, 1920))
    assert composer.arrange({"bass": known}, ["drums"], options=QUICK).remarks == ()


def test_bars_of_seven_eighths_and_notes_on_notes(composer: msgld.Msgld, tmp_path: Path) -> None:
    seven = meta(0x58, bytes((7, 3, 24, 8)))
    overlapping = [message for at in range(0, 6720, 120) for message in note(0, 40, at, 1000)]
    path = written(tmp_path, [tempo(500_000), seven], overlapping)
    result = composer.arrange({"bass": path}, ["drums"], options=QUICK)
    assert result.score is not None
    assert set(result.score.bars.steps.tolist()) == {14}
    result.save(tmp_path / "out")
    assert channels((tmp_path / "out" / "bass.mid").read_bytes()) == channels(path.read_bytes())


def test_fifty_thousand_notes_come_back(tmp_path: Path) -> None:
    scale = [message for k in range(50_000) for message in note(0, 30 + k % 60, k // 60 * 30, 20)]
    path = written(tmp_path, [tempo(250_000)], scale)
    score = given_score({"piano": path})
    assert len(to_cells(score.notes["piano"], score.bars)) > 10_000
    assert channels(midi_bytes(score)) == channels(path.read_bytes())


def test_more_channels_than_a_port_has_are_remarked_on(composer: msgld.Msgld, tmp_path: Path) -> None:
    given = {}
    for stem in ("bass", "piano"):
        given[stem] = tmp_path / f"{stem}.mid"
        given[stem].write_bytes(smf([tempo(500_000)], *(note(k, 50 + k) for k in range(9))))
    (line,) = composer.arrange(given, ["drums"], options=QUICK).remarks
    assert "2 MIDI ports" in line


def test_silence_is_said(composer: msgld.Msgld, tmp_path: Path) -> None:
    for tracks, text in (([program(0, 3)], "no notes"), ([control(0, 7, 0), *note(0, 40)], "volume")):
        with pytest.raises(msgld.DataError, match=text):
            composer.arrange({"bass": written(tmp_path, tracks)}, options=QUICK)


def test_density_and_loudness_reach_the_network_as_training_shows_them(
    composer: msgld.Msgld, monkeypatch: pytest.MonkeyPatch
) -> None:
    score, seen = some_score(0), []
    cells = {stem: to_cells(notes, score.bars) for stem, notes in score.notes.items()}
    true = own_features(cells, SCORE_STEMS, len(score.bars))
    bar = np.bincount(cells["bass"].slot // 16, minlength=len(score.bars))
    monkeypatch.setattr("msgld.api.composed.ScorePiece", lambda *parts: seen.append(parts[5]) or 1 / 0)
    piano = SCORE_STEMS.index("piano")
    for number, count in enumerate(bar):
        conditions = msgld.Conditions(bpm=90, density={"bass": int(count)}, loudness={"piano": 64})
        with pytest.raises(ZeroDivisionError):
            composer.arrange({"guitar": score}, ("bass", "piano"), conditions=conditions)
        assert seen[-1][0, 0, :2] == pytest.approx(true[0, number, :2])
        assert seen[-1][piano, 0].tolist() == pytest.approx([0, 0, 1, 64 / 127])
        assert not seen[-1][1:piano].any()


@pytest.mark.parametrize("name", ["density", "loudness", "instruments"])
def test_conditions_on_stems_that_do_not_exist_are_refused(composer: msgld.Msgld, name: str) -> None:
    with pytest.raises(msgld.UsageError, match="no stem 'pianoo'"):
        composer.generate(bars=1, conditions=msgld.Conditions(**{name: {"pianoo": 5}}))
    if name != "instruments":
        with pytest.raises(msgld.UsageError, match=f"{name} has to be a number"):
            msgld.Conditions(**{name: {"piano": 900}})
