"""Events as the bytes of a Standard MIDI File; :mod:`msgld.music.midi.smf` is the way back."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

Timed = tuple[int, int, bytes]
"""Tick, rank among the events of a tick, and the bytes of an event without its time."""


def file_of(tracks: Sequence[Iterable[Timed]], ticks: int) -> bytes:
    """A file of format 1, or 0 where it has one track.

    Args:
        tracks: events, in any order; those of one tick and rank keep theirs.
        ticks: in a quarter note, 1 to 32767.
    """
    header = struct.pack(">IHHH", 6, int(len(tracks) > 1), len(tracks), ticks)
    return b"MThd" + header + b"".join(_track(events) for events in tracks)


def meta(kind: int, body: bytes) -> bytes:
    """A meta event."""
    return bytes((0xFF, kind)) + _number(len(body)) + body


def _track(events: Iterable[Timed]) -> bytes:
    body, before = bytearray(), 0
    for at, _, message in sorted(events, key=lambda event: event[:2]):
        body += _number(at - before) + message
        before = at
    body += b"\0" + meta(0x2F, b"")
    return b"MTrk" + struct.pack(">I", len(body)) + body


def _number(value: int) -> bytes:
    """A number of variable length, seven bits in a byte."""
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(value & 0x7F | 0x80)
    return bytes(reversed(digits))
