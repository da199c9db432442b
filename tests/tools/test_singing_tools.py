"""Singers: what they are given to sing, how it is written for a program, and what becomes of the sound."""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from singing import colours, lyrics, make, melodies, musicxml, voices, world
from singing.melodies import Melody, Note

from msgld.data.frozen import RESERVED_SEED
from msgld.data.singing import Singing
from msgld.music.keys import notes_of
from msgld.stems import RATE

SEEDS = range(12)


@cache
def melody(seed: int, role: str = "train") -> Melody:
    rng = np.random.default_rng(seed)
    drawn = melodies.draw(rng, role)
    return musicxml.on_grid(drawn.sung(lyrics.draw(len(drawn.notes), "ja", rng)))


@pytest.mark.parametrize("seed", SEEDS)
def test_one_voice_can_sing_a_melody_in_its_key(seed: int) -> None:
    sung = melody(seed)
    assert {note.pitch % 12 for note in sung.notes} <= notes_of(sung.key)
    assert all(a.end <= b.onset + 1e-9 for a, b in pairwise(sung.notes))
    assert np.ptp([note.pitch for note in sung.notes]) <= 20 and len(sung.notes) >= 4
    assert 2.5 < sung.seconds < 8.2 and sung.notes[0].onset >= 0.2


def test_tests_have_tunes_of_their_own() -> None:
    seeds = {
        role: {int(re.findall(r"\d+$", melody(seed, role).origin)[0]) for seed in SEEDS}
        for role in ("train", "test")
    }
    assert max(seeds["train"]) < RESERVED_SEED <= min(seeds["test"])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_score_has_the_notes_in_full_bars(seed: int) -> None:
    sung, at, found = melody(seed), 0, list[list[Any]]()
    for bar in re.findall("<measure.*?</measure>", musicxml.musicxml(sung)):
        lengths = [int(length) for length in re.findall(r"<duration>(\d+)", bar)]
        assert sum(lengths) == musicxml.BAR
        for length, element in zip(lengths, re.findall("<note>.*?</note>", bar), strict=True):
            if "<step>" in element and 'tie type="stop"' in element:
                found[-1][1] += length
            elif "<step>" in element:
                text = re.findall("<text>(.*?)</text>", element)[0]
                found.append([at, length, text])
            at += length
    units = musicxml.SECONDS
    expected = [
        [round(n.onset / units), round(n.duration / units), lyrics.KANA[n.syllable]] for n in sung.notes
    ]
    assert found == expected
    ends = re.findall("<note>.*?</note>", musicxml.musicxml(sung))
    assert "<rest/>" in ends[0] and "<rest/>" in ends[-1]


@pytest.mark.parametrize("seed", SEEDS)
def test_a_second_part_keeps_to_the_key_beside_the_first(seed: int) -> None:
    first = melody(seed)
    second = colours.thirds(first, np.random.default_rng(seed))
    assert {note.pitch % 12 for note in second.notes} <= notes_of(first.key)
    steps = {b.pitch - a.pitch for a, b in zip(first.notes, second.notes, strict=True)}
    assert 0 not in steps and max(map(abs, steps)) <= 10


def test_air_is_added_above_what_a_voice_has_and_where_it_sounds() -> None:
    rng = np.random.default_rng(0)
    noise = np.fft.rfft(rng.standard_normal(2 * RATE))
    frequency = np.fft.rfftfreq(2 * RATE, 1 / RATE)
    noise[frequency > 7_000] = 0
    sound = np.fft.irfft(noise)
    sound[RATE:] = 0
    after = colours.with_air(sound, RATE, 7_200.0, rng)
    first, last = (np.abs(np.fft.rfft(part)) ** 2 for part in (after[: RATE // 2], after[-RATE // 2 :]))
    bands = np.fft.rfftfreq(RATE // 2, 1 / RATE)
    air, voice = first[bands > 8_000].sum(), first[bands < 7_000].sum()
    assert 1e-4 < air / voice < 0.5
    assert last.sum() < 1e-6 * first.sum()
    assert np.allclose(after[:RATE] - sound[:RATE], 0, atol=0.5)
    assert (colours.with_air(sound, RATE, 21_000.0, rng) == sound).all()


def test_breaths_are_in_rests_alone() -> None:
    notes = (Note(0.5, 0.5, 60, 90), Note(1.0, 0.5, 62, 90), Note(2.2, 0.5, 64, 90))
    base = np.full(3 * RATE, 0.1)
    added = [colours.with_breaths(base, RATE, notes, np.random.default_rng(seed)) - base for seed in range(8)]
    loud = np.max(np.abs(added), axis=0)
    for note in notes:
        assert loud[round(note.onset * RATE) : round(note.end * RATE)].max() == 0
    assert (
        loud[round(0.2 * RATE) : round(0.4 * RATE)].max()
        > 0
        < loud[round(1.7 * RATE) : round(2.1 * RATE)].max()
    )


def test_pitch_is_on_the_notes_but_for_glides_and_vibrato() -> None:
    notes = (Note(0.3, 1.0, 60, 90), Note(1.3, 1.0, 64, 90), Note(2.5, 1.0, 62, 90))
    for seed in range(10):
        rng = np.random.default_rng(seed)
        hertz = world.pitches(notes, 800, world.Manner.draw(rng), rng)
        off = world.deviations(hertz, notes)
        assert np.abs(off).max() < 0.3
        sung = hertz[round(0.3 / world.FRAME) : round(2.3 / world.FRAME)]  # what is connected
        assert np.abs(np.diff(12 * np.log2(sung))).max() < 1.0


def test_notes_without_a_pitch_have_no_deviation() -> None:
    off = world.deviations(np.zeros(400), (Note(0.1, 0.5, 60, 90),))
    assert np.isnan(off).all()


def test_voices_take_turns_by_weight_wherever_it_stops() -> None:
    chosen = [voice for voice in voices.VOICES.values() if voice.role == "train"]
    turns = make.in_turn(chosen, 400)
    total = sum(voice.weight for voice in chosen)
    for count in (100, 400):
        for voice in chosen:
            numbers = [number for one, number in turns[:count] if one is voice]
            assert numbers == list(range(len(numbers)))
            assert abs(len(numbers) - count * voice.weight / total) < 2
    assert make.in_turn(chosen, 100) == turns[:100]


def test_singers_of_tests_are_nobody_who_trains() -> None:
    everyone = voices.VOICES.values()
    train, test = ({(v.program, v.speaker) for v in everyone if v.role == role} for role in ("train", "test"))
    assert train and test and not train & test


def test_voices_whose_licence_wants_a_name_have_one() -> None:
    named = {v.program: v.author for v in voices.VOICES.values() if v.licence == "CC BY 3.0"}
    assert set(named) == {"sinsy", "openjtalk"}
    assert "NIT SONG070 F001" in named["sinsy"] and "Mei" in named["openjtalk"]
    assert all("Nagoya Institute of Technology" in author for author in named.values())


def test_what_is_written_is_read_and_a_line_cut_short_is_made_again(tmp_path: Path) -> None:
    voice = voices.VOICES["mei"]
    facts = {"kind": "sung", "notes": [[0.1, 0.5, 60, 90, "ka"]], "first": 1, "lyrics": "ka"}
    for name in ("mei-0-00000", "mei-0-00001"):
        make.write(tmp_path, name, voice, np.sin(np.arange(RATE) / 20), facts)
    assert make.kept(tmp_path) == {"mei-0-00000", "mei-0-00001"}
    phrases = Singing(tmp_path).phrases
    assert [phrase.file.name for phrase in phrases] == ["mei-0-00000.flac", "mei-0-00001.flac"]
    assert np.abs(phrases[0].read()).max() == pytest.approx(make.PEAK, abs=1e-3)
    manifest = tmp_path / "manifest.jsonl"
    manifest.write_text(manifest.read_text("utf-8")[:-20], "utf-8")
    assert make.kept(tmp_path) == {"mei-0-00000"}
    assert [json.loads(line)["file"] for line in manifest.read_text("utf-8").splitlines()] == [
        "mei-0-00000.flac"
    ]
