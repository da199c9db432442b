"""MIDI in, MIDI out: what a file says of a stem comes back, to the tick."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest
from midi_bytes import control, note, off, on, program, reach, smf, sysex, tempo, wheel
from midi_random import WAYS, channels, random_file, tempo_map

from msgld.music.midi.perform import read_midi
from msgld.music.midi.write import channels_of, midi_bytes, ports_of
from msgld.music.notes import Columns, Notes, joined
from msgld.music.score import Score, score_of


def read(data: bytes) -> Score:
    return score_of(read_midi(data, "song.mid"))


def same(one: Columns, other: Columns) -> None:
    for name in one.columns():
        assert getattr(one, name).tolist() == getattr(other, name).tolist(), name


@pytest.mark.parametrize("seed", range(40))
def test_a_stem_comes_back_as_another_reader_reads_it(seed: int) -> None:
    data = random_file(seed)
    score = read(data)
    for stem, programs in WAYS.items():
        if stem in score.notes:
            back, drums = midi_bytes(score, [stem]), stem == "drums"
            assert channels(back, drums=drums) == channels(data, programs, drums), stem
            assert tempo_map(back) == tempo_map(data)


@pytest.mark.parametrize("seed", range(40))
def test_what_was_written_is_read_as_before(seed: int) -> None:
    score = read(random_file(seed))
    again = read(midi_bytes(score))
    assert again.bars.start.tolist() == score.bars.start.tolist()
    assert again.signatures == score.signatures
    assert set(again.notes) == set(score.notes)
    for stem, notes in score.notes.items():
        assert len(again.notes[stem].written) == len(notes.written)
        for one, other in zip(notes.written, again.notes[stem].written, strict=True):
            same(one, other)
            same(one.messages, other.messages)
        heard = again.notes[stem]
        assert heard.pitch.tolist() == notes.pitch.tolist()
        assert heard.velocity.tolist() == notes.velocity.tolist()
        assert heard.onset == pytest.approx(notes.onset, abs=1e-4)
        assert heard.duration == pytest.approx(notes.duration, abs=1e-4)


def test_volume_expression_and_pedal_do_not_change_what_is_written() -> None:
    data = smf([tempo(500_000), program(0, 0), control(0, 7, 40), control(0, 11, 0, 960), control(0, 64, 127),
                *note(0, 60, 0, 240, 100), *note(0, 64, 960, 240, 80), control(0, 64, 0, 1920)])  # fmt: skip
    (written,) = read(data).notes["piano"].written
    assert written.velocity.tolist() == [100, 80]
    assert written.duration.tolist() == [0.5, 0.5]
    assert written.sounding.tolist() == [4.0, 2.0]
    heard = read(data).notes["piano"]
    assert heard.velocity.tolist() == [40], "the silent note is not among those that sound"
    assert channels(midi_bytes(read(data))) == channels(data)


def test_coarse_tuning_is_in_the_pitches_and_not_sent_again() -> None:
    data = smf([*(control(0, n, v) for n, v in ((101, 0), (100, 2), (6, 66))), *note(0, 60)])
    again = midi_bytes(read(data))
    assert [row[2] for row in channels(again)[0][0]] == [62]
    assert read(again).notes["piano"].pitch.tolist() == [62]


def test_a_reset_in_the_piece_is_said_in_controllers() -> None:
    data = smf([control(0, 7, 50), *reach(0, 12), wheel(0, 4096), on(0, 50), sysex("F0 7E 7F 09 01 F7", 240),
                *note(0, 60, 480), wheel(0, 4096, 700)])  # fmt: skip
    first, second = (read_midi(each, "a").parts for each in (data, midi_bytes(read(data))))
    for one, other in zip(first, second, strict=True):
        assert one.gain.tolist() == other.gain.tolist()
        assert one.duration.tolist() == other.duration.tolist()
        assert one.bend.semitones.tolist() == other.bend.semitones.tolist()


def test_a_reset_at_the_beginning_leaves_no_trace() -> None:
    data = smf([sysex("F0 7E 7F 09 01 F7"), *note(0, 60)])
    assert channels(midi_bytes(read(data)))[0][1] == []


def test_a_key_that_is_never_let_go_ends_once() -> None:
    data = smf([on(0, 60), on(0, 60, at=240), off(0, 60, 960), on(0, 60, at=480)], end=1920)
    once = read(data)
    (one,), (other,) = once.notes["piano"].written, read(midi_bytes(once)).notes["piano"].written
    same(one, other)


def test_resolutions_of_several_files_are_kept() -> None:
    files = [smf(note(0, 40 + k, at, 7), division=division) for k, (division, at) in
             enumerate(((96, 11), (1000, 333), (480, 17)))]  # fmt: skip
    whole = joined([next(iter(read(data).notes.values())) for data in files])
    score = Score(read(files[0]).bars, read(files[0]).timeline, {"piano": whole})
    assert channels(midi_bytes(score)) == sorted(one for data in files for one in channels(data))


def test_more_channels_than_a_port_has_go_to_the_next() -> None:
    tracks = [[*note(0, 40 + k), program(0, k)] for k in range(18)]
    parts = [read(smf(track)).notes.popitem()[1] for track in map(list, tracks)]  # type: ignore[attr-defined]
    first = read(smf(tracks[0]))
    score = Score(first.bars, first.timeline, {"other": joined(parts)})
    assert ports_of(score) == 2
    found = channels(midi_bytes(score))
    assert sorted(row[4] for notes, _ in found for row in notes) == list(range(18))
    assert channels_of([True, False, True]) == [(0, 9), (0, 0), (1, 9)]


def test_notes_that_are_left_out_are_left_out_of_both() -> None:
    notes = read(random_file(3)).notes["guitar"]
    half = notes.between(4, 12)
    onsets = np.concatenate([one.onset for one in half.written])
    assert len(onsets) and ((onsets >= 4) & (onsets < 12)).all()
    both = joined([half, notes.where(lambda onset: (onset < 4) | (onset >= 12))])
    count = sum(map(len, notes.written))
    assert sum(map(len, both.written)) == count
    assert len(both) == len(notes)
    assert not notes.pick(np.arange(2)).written, "a choice among the notes that sound says nothing of keys"


def test_made_notes_beside_read_ones_have_a_channel_of_their_own() -> None:
    data = smf([program(0, 33), control(0, 7, 20), *note(0, 40)])
    made = Notes.of(np.array([2.0]), np.ones(1), np.array([43]), np.array([90]), 35)
    both = joined([read(data).notes["bass"], made])
    assert [one.program.tolist() for one in both.written] == [[33], [35]]
    assert len(both.written[1].messages) == 0
    assert {field.name for field in fields(made)} == {*Notes.columns(), "written"}
