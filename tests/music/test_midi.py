"""MIDI files: notes have the state of their channel, whatever track set it."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from midi_bytes import (
    Message,
    control,
    meta,
    note,
    off,
    on,
    port,
    program,
    reach,
    roland,
    smf,
    sysex,
    tempo,
    wheel,
)

from msgld.music.midi.parts import Part, Song
from msgld.music.midi.perform import read_midi

GM, GM2 = "F0 7E 7F 09 01 F7", "F0 7E 7F 09 03 F7"
GS, XG = "F0 41 10 42 12 40 00 7F 00 41 F7", "F0 43 10 4C 00 00 7E 00 F7"


def read(*tracks: list[Message], **file: int) -> Song:
    return read_midi(smf(*tracks, **file), "a.mid")


def kinds(*tracks: list[Message]) -> list[tuple[str, int]]:
    return [(part.stem, part.program) for part in read(*tracks).parts]


def one(*tracks: list[Message], **file: int) -> Part:
    (part,) = read(*tracks, **file).parts
    return part


def test_state_may_be_set_in_another_track():
    part = one([program(0, 33), control(0, 7, 30), control(0, 10, 127)], note(0, 36))
    assert (part.stem, part.program, part.pan.tolist()) == ("bass", 33, [1])
    assert part.gain[0] == pytest.approx(0.09)


def test_a_later_track_may_set_the_state_of_an_earlier_one():
    part = one(note(2, 40, at=480), [program(2, 27), control(2, 11, 64)])
    assert part.stem == "guitar" and part.gain[0] == pytest.approx((64 / 127) ** 2)


def test_channels_and_ports_do_not_share_state():
    other_port = [port(1), *note(0, 60)]
    assert kinds([program(0, 33), control(1, 7, 0), *note(0, 40)], note(1, 60), other_port) == [
        ("bass", 33), ("piano", 0), ("piano", 0),
    ]  # fmt: skip
    assert [part.gain[0] for part in read([control(1, 7, 0)], note(0, 60), other_port).parts] == [1, 1]


def test_a_change_of_program_makes_another_part_and_coming_back_does_not():
    song = read([n for at, p in ((0, 0), (480, 33), (960, 0)) for n in (program(0, p, at), *note(0, 40, at))])
    assert [(p.stem, p.onset.tolist()) for p in song.parts] == [("piano", [0, 1]), ("bass", [0.5])]


def test_a_note_keeps_the_program_of_its_beginning():
    assert kinds([program(0, 26), on(0, 50), program(0, 33, 100), off(0, 50, 200)]) == [("guitar", 26)]


def test_at_one_tick_state_comes_before_notes():
    part = one(note(0, 60, 480), [control(0, 7, 50, 480), program(0, 33, 480)])
    assert part.stem == "bass" and part.gain[0] == pytest.approx(0.25)


def test_resetting_controllers_leaves_volume_pan_and_program():
    state = [program(0, 33), control(0, 7, 50), control(0, 11, 10), control(0, 10, 0), wheel(0, 5000)]
    part = one([*state, control(0, 121, 0, 100), *note(0, 40, 200)])
    assert (part.stem, part.gain[0], part.pan[0]) == ("bass", pytest.approx(0.25), -1)
    assert part.bend.since(part.onset[0]).time.size == 0


@pytest.mark.parametrize("reset", [GM, GM2, GS, XG])
def test_a_system_reset_returns_everything_to_its_default(reset: str):
    state = [
        program(0, 33),
        control(0, 7, 50),
        control(0, 10, 0),
        *reach(0, 12),
        wheel(0, 5000),
        control(0, 64, 127),
    ]
    parts = read([*state, on(0, 50), sysex(reset, 240), *note(0, 40, 480), wheel(0, 4096, 500)]).parts
    assert [(p.stem, p.gain[0], p.duration[0]) for p in parts] == [
        ("piano", 1.0, 0.25), ("bass", pytest.approx(0.25), 0.25),
    ]  # fmt: skip
    assert parts[0].bend.semitones[-1] == 1.0


DRUMS = {
    "channel 10": [program(9, 0), *note(9, 36)],
    "bank 127 (XG)": [control(10, 0, 127), program(10, 0), *note(10, 36)],
    "bank 126 (XG)": [sysex(XG), control(3, 0, 126, 1), program(3, 0, 1), *note(3, 36, 2)],
    "bank 120 (GM2)": [sysex(GM2), control(10, 0, 120, 1), program(10, 0, 1), *note(10, 36, 2)],
    "GS rhythm part 11": [sysex("F0 41 10 42 12 40 1A 15 02 0F F7"), *note(10, 36)],
    "GS rhythm part 1": [sysex(GS), roland("40 11 15", 1, 1), program(0, 0, 2), *note(0, 36, 2)],
    "GS rhythm part 16": [roland("40 1F 15", 1), *note(15, 36)],
    "GS, bank 0 afterwards": [roland("40 1A 15", 2), control(10, 0, 0, 1), program(10, 0, 1), *note(10, 36, 2)],
    "XG part mode": [sysex("F0 43 10 4C 08 05 07 02 F7"), *note(5, 36)],
    "channel 10 of XG": [sysex(XG), program(9, 0, 1), *note(9, 36, 2)],
    "channel 10 with bank 0": [control(9, 0, 0), program(9, 0), *note(9, 36)],
    "channel 10 of GS with a bank": [sysex(GS), control(9, 0, 121, 1), program(9, 0, 1), *note(9, 36, 2)],
    "back from melody": [roland("40 10 15", 0), roland("40 10 15", 1, 1), *note(9, 36, 2)],
    "another device": [sysex("F0 43 1F 4C 08 05 07 01 F7"), *note(5, 36)],
}  # fmt: skip
MELODY = {
    "an XG bank given back": [control(10, 0, 127), program(10, 0), control(10, 0, 0, 1), program(10, 0, 1)],
    "a bank without a program": [control(10, 0, 127)],
    "GM2's bank 121": [control(10, 0, 121), program(10, 0)],
    "GM2's bank 121 on channel 10": [control(9, 0, 121), program(9, 0)],
    "XG's bank 0 on channel 10": [sysex(XG), control(9, 0, 0, 1), program(9, 0, 1)],
    "GS on channel 10": [roland("40 10 15", 0), program(9, 0)],
    "XG part mode on channel 10": [sysex("F0 43 10 4C 08 09 07 00 F7"), program(9, 0)],
    "banks in GS": [sysex(GS), control(3, 0, 127, 1), program(3, 0, 1)],
    "a wrong checksum": [sysex("F0 41 10 42 12 40 1A 15 02 00 F7")],
    "reset afterwards": [roland("40 1A 15", 2), sysex(GM, 1)],
    "another maker's message": [sysex("F0 42 10 42 12 40 1A 15 02 0F F7")],
}


@pytest.mark.parametrize("name", DRUMS)
def test_drums_are_on_other_channels_too(name: str):
    part = one(DRUMS[name])
    assert (part.stem, part.is_drum, part.pitch.tolist()) == ("drums", True, [36])


@pytest.mark.parametrize("name", MELODY)
def test_melody_stays_or_becomes_melody(name: str):
    channel = 9 if "channel 10" in name else 3 if "GS" in name else 10
    part = one([*MELODY[name], *note(channel, 60, 10)])
    assert (part.stem, part.is_drum) == ("piano", False)


def test_the_message_may_come_in_packets_and_from_another_track():
    first, second = b"\xf0\x04\x41\x10\x42\x12", b"\xf7\x06\x40\x1a\x15\x02\x0f\xf7"
    assert one([(0, first), (1, second)], note(10, 36, 2)).is_drum
    assert one([(0, b"\xf7\x0b" + bytes.fromhex("F0 41 10 42 12 40 1A 15 02 0F F7"))], note(10, 36)).is_drum


def test_percussion_and_melody_of_one_channel_are_two_parts():
    song = read([*note(9, 36), roland("40 10 15", 0, 480), *note(9, 60, 500)])
    assert [(p.stem, p.pitch.tolist()) for p in song.parts] == [("piano", [60]), ("drums", [36])]


def test_overlapping_notes_of_one_pitch_end_in_order():
    part = one([on(0, 60, 50), on(0, 60, 60, 240), off(0, 60, 480), off(0, 60, 960)])
    assert part.duration.tolist() == [0.5, 0.75] and part.velocity.tolist() == [50, 60]


def test_a_note_may_end_in_another_track():
    assert one([on(0, 60)], [off(0, 60, 480)]).duration.tolist() == [0.5]


def test_lengths_of_zero_stay():
    assert one(note(9, 36, 480, 0)).duration.tolist() == [0]


def test_a_note_without_end_lasts_until_it_is_struck_again_or_the_piece_ends():
    part = one([on(9, 36, at=0), on(9, 36, at=480), on(9, 38, at=480)], end=1920)
    assert part.duration.tolist() == [0.5, 1.5, 1.5]


def test_all_notes_off_ends_keys_and_all_sound_off_pedals_too():
    for number, expected in ((123, 0.75), (120, 0.25)):
        part = one(
            [control(0, 64, 127), on(0, 60), control(0, number, 0, 240), control(0, 64, 0, 720)], end=960
        )
        assert part.duration.tolist() == [expected]


def test_the_pedal_holds_notes_of_all_tracks():
    notes = [note(0, 60, 0, 100), note(0, 64, 100, 100), note(1, 67, 0, 120)]
    song = read([control(0, 64, 64, 50), control(0, 64, 63, 960)], *notes)
    assert [p.duration.tolist() for p in song.parts] == [pytest.approx([1, 860 / 960]), [0.125]]
    assert one([control(0, 64, 127)], note(0, 60), end=1920).duration.tolist() == [2], (
        "a pedal that is never lifted"
    )
    assert one([control(9, 64, 127)], note(9, 36), end=1920).duration.tolist() == [0.25], "drums have none"


def test_sostenuto_holds_only_the_keys_that_are_down():
    pedal = [control(0, 66, 127, 120), control(0, 66, 0, 960)]
    part = one(pedal, note(0, 60, 0, 240), note(0, 64, 240, 240), note(0, 67, 0, 60))
    assert dict(zip(part.pitch.tolist(), part.duration.tolist(), strict=True)) == {
        60: 1.0,
        64: 0.25,
        67: 0.0625,
    }


def test_the_tempo_may_change_in_any_track():
    part = one(note(0, 60, 960, 480), [tempo(1_000_000, 480)], [tempo(250_000, 960)])
    assert (part.onset.tolist(), part.duration.tolist()) == ([1.5], [0.25])


def test_time_may_be_counted_in_frames():
    part = one([tempo(1_000_000), *note(0, 60, 1000, 500)], division=(256 - 25) << 8 | 40)
    assert (part.onset.tolist(), part.duration.tolist()) == ([1.0], [0.5])
    assert read(note(0, 60), division=(256 - 25) << 8 | 40).tempos == frozenset()


def test_tempos_and_bars_are_known():
    song = read([tempo(500_000), meta(0x58, bytes((6, 3, 24, 8))), *note(0, 60)])
    assert (song.tempos, song.bars, song.name) == ({120.0}, {3.0}, "a")
    silly = read([tempo(0), meta(0x58, bytes((4, 255, 24, 8))), *note(0, 60)])
    assert (silly.tempos, silly.bars) == (frozenset(), frozenset())


def bends(part: Part) -> list[tuple[float, float]]:
    return [(round(t, 6), round(s, 6)) for t, s in zip(part.bend.time, part.bend.semitones, strict=True)]


def test_the_wheel_reaches_as_far_as_is_set():
    notes = note(0, 60, 0, 960)
    assert bends(one([wheel(0, 4096, 480), wheel(0, -8192, 960)], notes)) == [(0.5, 1), (1.0, -2)]
    assert bends(one([*reach(0, 12), wheel(0, 4096, 480)], notes)) == [(0.5, 6)]
    assert bends(one([*reach(0, 1, cents=50), wheel(0, 4096, 480)], notes)) == [(0.5, 0.75)]
    twice = [*reach(0, 1, cents=50), *reach(0, 2)[:3], wheel(0, 4096, 480)]
    assert bends(one(twice, notes)) == [(0.5, 1)]
    assert bends(one([wheel(0, 4096), *reach(0, 4, 480)], notes)) == [(0, 1), (0.5, 2)], (
        "a new range moves it"
    )
    assert bends(one([wheel(1, 4096)], notes)) == []


def test_only_the_selected_parameter_is_set():
    notes = note(0, 60, 0, 960)
    let_go = [*reach(0, 12), control(0, 6, 3, 10), wheel(0, 4096, 480)]
    assert bends(one(let_go, notes)) == [(0.5, 6)]
    other = [control(0, n, v) for n, v in ((101, 0), (100, 0), (99, 1), (98, 8), (6, 40))]
    assert bends(one([*other, wheel(0, 4096, 480)], notes)) == [(0.5, 1)], "an NRPN lets go of it"


def test_tuning_moves_pitch():
    fine = [control(0, n, v) for n, v in ((101, 0), (100, 1), (6, 96))]
    assert bends(one(fine, note(0, 60))) == [(0, 0.5)]
    coarse = [control(c, n, v) for c in (0, 9) for n, v in ((101, 0), (100, 2), (6, 64 + 5))]
    assert [p.pitch.tolist() for p in read(coarse, note(0, 60), note(9, 36)).parts] == [[65], [36]]


STATES = st.one_of(
    st.tuples(st.just(0xC0), st.sampled_from((0, 26, 33, 50))),
    st.tuples(st.just(0xB0), st.sampled_from((0, 6, 7, 10, 11, 38, 64, 66, 98, 100, 101, 120, 121, 123)),
              st.sampled_from((0, 1, 2, 64, 100, 120, 121, 127))),
    st.tuples(st.just(0xE0), st.integers(0, 127), st.integers(0, 127)),
    st.tuples(st.sampled_from((0x90, 0x90, 0x80)), st.sampled_from((36, 60)), st.integers(0, 127)),
)  # fmt: skip
EVENTS = st.lists(st.tuples(st.sampled_from((0, 3, 9)), STATES, st.integers(0, 3)), min_size=1, max_size=60)


@settings(max_examples=150, deadline=None)
@given(EVENTS, st.randoms(use_true_random=False))
def test_it_does_not_matter_which_track_an_event_is_in(events, random):
    """Of one channel there is one event a tick; other channels' may be at the same."""
    ticks, messages = defaultdict(int), []
    for channel, (kind, *data), step in events:
        ticks[channel] += 1 + 7 * step
        messages.append((ticks[channel], bytes((kind | channel, *data))))
    tracks = [list[Message]() for _ in range(4)]
    for message in messages:
        random.choice(tracks).append(message)
    end = max(ticks.values()) + 5
    together, apart = (smf(*made, end=end) for made in ([[*messages, *note(5, 60)]], [note(5, 60), *tracks]))
    expected, found = read_midi(together, "a.mid").parts, read_midi(apart, "a.mid").parts
    assert len(expected) == len(found)
    for one, other in zip(expected, found, strict=True):
        assert (one.stem, one.program, one.is_drum) == (other.stem, other.program, other.is_drum)
        for name in ("onset", "duration", "pitch", "velocity", "gain", "pan"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
        np.testing.assert_array_equal(one.bend.time, other.bend.time)
        np.testing.assert_array_equal(one.bend.semitones, other.bend.semitones)
