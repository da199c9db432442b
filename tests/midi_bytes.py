"""MIDI files for tests, byte by byte."""

from __future__ import annotations

from collections.abc import Sequence

Message = tuple[int, bytes]
"""A tick, and the bytes of an event without its time."""


def on(channel: int, key: int, velocity: int = 90, at: int = 0) -> Message:
    return at, bytes((0x90 | channel, key, velocity))


def off(channel: int, key: int, at: int) -> Message:
    return at, bytes((0x80 | channel, key, 0))


def note(channel: int, key: int, at: int = 0, length: int = 240, velocity: int = 90) -> list[Message]:
    return [on(channel, key, velocity, at), off(channel, key, at + length)]


def control(channel: int, number: int, value: int, at: int = 0) -> Message:
    return at, bytes((0xB0 | channel, number, value))


def program(channel: int, number: int, at: int = 0) -> Message:
    return at, bytes((0xC0 | channel, number))


def wheel(channel: int, value: int, at: int = 0) -> Message:
    """``value``: -8192 to 8191."""
    return at, bytes((0xE0 | channel, (value + 8192) & 0x7F, (value + 8192) >> 7))


def reach(channel: int, semitones: int, at: int = 0, cents: int = 0) -> list[Message]:
    """The range of the wheel, by registered parameter 0, which is let go of again."""
    numbers = ((101, 0), (100, 0), (6, semitones), (38, cents), (101, 127), (100, 127))
    return [control(channel, number, value, at) for number, value in numbers]


def meta(kind: int, body: bytes, at: int = 0) -> Message:
    return at, bytes((0xFF, kind)) + number(len(body)) + body


def tempo(microseconds: int, at: int = 0) -> Message:
    return meta(0x51, microseconds.to_bytes(3, "big"), at)


def port(number: int) -> Message:
    return meta(0x21, bytes((number,)))


def sysex(text: str, at: int = 0) -> Message:
    """``text``: hex digits, F0 and F7 included."""
    body = bytes.fromhex(text)[1:]
    return at, b"\xf0" + number(len(body)) + body


def roland(address: str, value: int, at: int = 0) -> Message:
    """A GS message, whose checksum is computed."""
    data = bytes.fromhex(address) + bytes((value,))
    return sysex(f"F0 41 10 42 12 {data.hex()} {-sum(data) % 128:02x} F7", at)


def number(value: int) -> bytes:
    """A variable-length number."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))


def chunk(messages: Sequence[Message], end: int = 0) -> bytes:
    """A track; messages of one tick keep their order."""
    body, now = b"", 0
    for at, event in sorted(messages, key=lambda message: message[0]):
        body += number(at - now) + event
        now = at
    body += number(max(end - now, 0)) + b"\xff\x2f\x00"
    return b"MTrk" + len(body).to_bytes(4, "big") + body


def smf(*tracks: Sequence[Message], kind: int = 1, division: int = 480, end: int = 0) -> bytes:
    """A file; ``end`` is the tick before which no track ends."""
    header = b"".join(n.to_bytes(2, "big") for n in (kind, len(tracks), division))
    return b"MThd" + bytes((0, 0, 0, 6)) + header + b"".join(chunk(track, end) for track in tracks)
