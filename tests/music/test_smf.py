"""Standard MIDI Files: what is read is what other readers read; damage is named, in one line."""

from __future__ import annotations

import io
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from midi_bytes import control, meta, note, number, on, program, smf, sysex
from scores import band, midi

from msgld.errors import DataError
from msgld.music.midi.perform import parts, perform, read_midi
from msgld.music.midi.smf import META, SYSEX, read_smf

WHOLE = smf([meta(0x51, b"\x07\xa1\x20"), *note(0, 60)], [program(1, 33), *note(1, 40)])


def with_track(body: bytes) -> bytes:
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, 480) + b"MTrk" + struct.pack(">I", len(body)) + body


def test_running_status_may_go_on_after_a_meta_event():
    body = bytes.fromhex("00 90 3C 40 10 3E 40 00 FF 01 01 41 10 3C 00 10 3E 00 00 FF 2F 00")
    (track,) = read_smf(with_track(body)).tracks
    assert [e[:4] for e in track if e[1] < SYSEX] == [
        (0, 0x90, 60, 64), (16, 0x90, 62, 64), (32, 0x90, 60, 0), (48, 0x90, 62, 0),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data"),
    {
        "without an end of track": with_track(bytes.fromhex("00 90 3C 40 60 80 3C 00")),
        "with bytes after the end": WHOLE + b"\0" * 50,
        "with another chunk": WHOLE[:14] + b"XFIH\0\0\0\3abc" + WHOLE[14:],
        "with a longer header": WHOLE[:4] + b"\0\0\0\x08" + WHOLE[8:14] + b"\0\0" + WHOLE[14:],
        "in a RIFF file": struct.pack("<4sI8sI", b"RIFF", len(WHOLE) + 12, b"RMIDdata", len(WHOLE)) + WHOLE,
        "of format 2 with one track": smf(note(0, 60), kind=2),
        "with a clock byte": with_track(bytes.fromhex("00 F8 00 90 3C 40 60 80 3C 00 00 FF 2F 00")),
    }.items(),
)  # fmt: skip
def test_unusual_files_are_read(name: str, data: bytes):
    assert sum(map(len, perform(read_smf(data)).parts)) >= 1, name


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "header"), (b"\0\5\x16\7" + b"\0" * 4096, "header"), (WHOLE[:13], "header"),
     (WHOLE[:-3], "cut short in track 2 of 2"), (WHOLE[:30], "cut short in track 1"), (WHOLE[:20], "0 of 2 tracks"),
     (smf(note(0, 60), note(0, 62), kind=2), "2 pieces"), (smf(note(0, 60), kind=3), "format 3"),
     (smf(note(0, 60), division=0), "quarter note"), (smf(note(0, 60), division=0xFF00), "unit of time"),
     (with_track(bytes.fromhex("00 3C 40")), "no status"), (with_track(bytes.fromhex("00 90 3C 90")), "no data"),
     (with_track(bytes.fromhex("00 90 3C")), "within an event"), (with_track(b"\xff\xff\xff\xff\x00\x90"), "too long"),
     (with_track(bytes.fromhex("00 FF 01 60 41")), "within an event"), (smf([program(0, 33)]), "no notes"),
     (smf(), "no notes")],
)  # fmt: skip
def test_damaged_files_are_named_in_one_line(data: bytes, reason: str):
    with pytest.raises(DataError, match=reason) as caught:
        read_midi(data, "deep/song.mid")
    assert "deep/song.mid" in str(caught.value) and "\n" not in str(caught.value)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_damage_never_does_more_than_that(data: st.DataObject):
    damaged = bytearray(WHOLE)
    for place in data.draw(st.lists(st.integers(0, len(WHOLE) - 1), max_size=4)):
        damaged[place] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(WHOLE)))
    try:
        read_midi(bytes(damaged[:cut]), "song.mid")
    except DataError as error:
        assert "song.mid" in str(error)


DATA = st.integers(0, 127)
CHANNEL = st.tuples(
    st.sampled_from((0x80, 0x90, 0xA0, 0xB0, 0xC0, 0xD0, 0xE0)), st.integers(0, 15), DATA, DATA
).map(lambda m: bytes((m[0] | m[1], m[2], m[3])[: 2 if m[0] in (0xC0, 0xD0) else 3]))  # fmt: skip
TEXT = st.binary(max_size=200).map(lambda text: b"\xff\x01" + number(len(text)) + text)
EXCLUSIVE = st.lists(st.integers(0, 127), max_size=20).map(
    lambda body: b"\xf0" + number(len(body) + 1) + bytes(body) + b"\xf7"
)
TRACK = st.lists(st.tuples(st.integers(0, 100_000), st.one_of(CHANNEL, TEXT, EXCLUSIVE)), max_size=15)


def seen(event: tuple[int, int, int, int, bytes]) -> bytes:
    _, status, first, second, body = event
    if status == META:
        return b"\xff" + bytes((first,)) + body
    return b"\xf0" + body if status == SYSEX else bytes((status, first, second))


def seen_by_mido(message: Any) -> bytes:
    if message.is_meta:
        raw = bytes(message.bytes())
        return raw[:2] + message.text.encode("latin-1")
    raw = bytes(message.bytes())
    return raw[:-1] if raw[0] == 0xF0 else raw.ljust(3, b"\0")


@settings(max_examples=60, deadline=None)
@given(st.lists(TRACK, min_size=1, max_size=3))
def test_mido_reads_the_same(tracks: list[list[tuple[int, bytes]]]):
    mido = pytest.importorskip("mido")
    data = smf(*tracks)
    theirs = mido.MidiFile(file=io.BytesIO(data))
    for mine, other in zip(read_smf(data).tracks, theirs.tracks, strict=True):
        assert [seen(event) for event in mine] == [seen_by_mido(m) for m in other if m.type != "end_of_track"]
        ticks = [sum(m.time for m in other[: i + 1]) for i, m in enumerate(other) if m.type != "end_of_track"]
        assert [event[0] for event in mine] == ticks


def test_a_score_is_read_from_its_file_as_from_memory():
    score = band(30)
    by_stem = {part.stem: part for part in read_midi(midi(score), "band.mid").parts}
    assert len(by_stem) == 3
    for part in parts(score.to("tick")):
        other = by_stem[part.stem]
        for name in ("onset", "duration", "pitch", "velocity", "gain", "pan"):
            assert getattr(part, name).tolist() == getattr(other, name).tolist(), name


def test_a_message_without_its_end_is_no_message():
    data = smf(
        [(0, b"\xf0\x03\x41\x10\x42"), sysex("F0 7E 7F 09 01 F7", 1), control(0, 7, 3, 2), on(0, 60, at=3)]
    )
    (track,) = read_smf(data).tracks
    assert [e[4] for e in track if e[1] == SYSEX] == [b"\x7e\x7f\x09\x01"]
