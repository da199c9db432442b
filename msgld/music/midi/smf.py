"""Standard MIDI Files as lists of events (RP-001, version 1.0).

Only the container is read here: chunks, times, running status, system exclusive messages that are split over packets.
The events are carried out in :mod:`msgld.music.midi.device`.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgld.errors import DataError

META, SYSEX, ESCAPE = 0xFF, 0xF0, 0xF7

Event = tuple[int, int, int, int, bytes]
"""Tick, status, two data bytes and a body. Channel messages have an empty body; a meta event has its type as first
data byte; a system exclusive message has its bytes without F0 and F7 as body, and no data."""

_HEADER, _CHUNK = 14, 8
_FOREWORD = 1024  # bytes within which the header begins: a RIFF (.rmi) or MacBinary wrapper comes before it
_LONGEST = 4  # bytes of the longest variable-length number
_RATES = {24: 24.0, 25: 25.0, 29: 30000 / 1001, 30: 30.0}
"""Frames a second of SMPTE time; 29 stands for 30 with frames dropped."""
_COMMON = {0xF1: 1, 0xF2: 2, 0xF3: 1}
"""Data bytes of system common messages, which files should not have; all others have none."""


@dataclass(frozen=True)
class MidiFile:
    """The events of a file.

    Attributes:
        quarter: ticks in a quarter note; None where ticks are fractions of a second.
        second: ticks in a second; None where tempo decides.
        tracks: each track's events, ticks from the start, ascending.
        end: the last tick of any track.
    """

    quarter: int | None
    second: float | None
    tracks: tuple[tuple[Event, ...], ...]
    end: int


def read_smf(data: bytes) -> MidiFile:
    """Read the bytes of a file of format 0 or 1, or of format 2 with one track.

    Raises:
        DataError: it is not MIDI, is damaged or cut short, or holds several pieces (format 2).
    """
    division, bodies = tracks_of(data)
    quarter, second = _division(division)
    read = [_events(body) for body in bodies]
    return MidiFile(
        quarter, second, tuple(tuple(e) for e, _ in read), max((end for _, end in read), default=0)
    )


def tracks_of(data: bytes) -> tuple[int, list[bytes]]:
    """Return the unit of time as it is written, and the bytes of each track, which takes no time.

    Raises:
        DataError: as :func:`read_smf`, except for errors within a track.
    """
    at = data.find(b"MThd", 0, _FOREWORD)
    if at < 0 or len(data) < at + _HEADER:
        raise DataError("it has no MIDI header")
    size, kind, count, division = (
        int.from_bytes(data[at + first : at + last], "big")
        for first, last in ((4, 8), (8, 10), (10, 12), (12, 14))
    )
    if kind > 2 or size < _HEADER - _CHUNK:
        raise DataError(f"MIDI files of format {kind} are unknown")
    if kind == 2 and count > 1:
        raise DataError(f"it holds {count} pieces (format 2): save each as a file of its own")
    return division, _tracks(data, at + _CHUNK + size, count)


def _division(division: int) -> tuple[int | None, float | None]:
    """Ticks in a quarter note, or in a second."""
    if division < 0x8000:
        if division == 0:
            raise DataError("it has no ticks in a quarter note")
        return division, None
    rate, ticks = _RATES.get(256 - (division >> 8)), division & 0xFF
    if rate is None or ticks == 0:
        raise DataError("its unit of time is unknown")
    return None, rate * ticks


def _tracks(data: bytes, at: int, count: int) -> list[bytes]:
    """The bodies of the first ``count`` track chunks; chunks of other kinds are passed over."""
    bodies: list[bytes] = []
    while len(bodies) < count:
        if len(data) < at + _CHUNK:
            raise DataError(f"it is cut short: {len(bodies)} of {count} tracks are there")
        stop = at + _CHUNK + int.from_bytes(data[at + 4 : at + _CHUNK], "big")
        if data[at : at + 4] == b"MTrk":
            if stop > len(data):
                raise DataError(f"it is cut short in track {len(bodies) + 1} of {count}")
            bodies.append(data[at + _CHUNK : stop])
        at = stop
    return bodies


def _events(body: bytes) -> tuple[list[Event], int]:
    """The events of a track and its last tick. Running status outlives meta events, as many writers expect."""
    events: list[Event] = []
    at = tick = running = 0
    pending: list[bytes] = []
    try:
        while at < len(body):
            delta, at = _number(body, at)
            tick += delta
            status = body[at]
            at, status = (at + 1, status) if status >= 0x80 else (at, running)
            if status < SYSEX:
                running = status
                at = _message(events, tick, status, body, at)
            elif status in (META, SYSEX, ESCAPE):
                event, at = _long(tick, status, body, at, pending)
                if event[2:4] == (0x2F, 0) and status == META:
                    break
                events += [event] if event[1] else []
            else:
                at += _COMMON.get(status, 0)
    except IndexError:
        raise DataError("it is damaged: a track ends within an event") from None
    return events, tick


def _number(body: bytes, at: int) -> tuple[int, int]:
    """A variable-length number, and where it ends."""
    value = body[at]
    if value < 0x80:
        return value, at + 1
    value &= 0x7F
    for place in range(at + 1, at + _LONGEST):
        value = value << 7 | body[place] & 0x7F
        if body[place] < 0x80:
            return value, place + 1
    raise DataError("it is damaged: a number is too long")


def _message(events: list[Event], tick: int, status: int, body: bytes, at: int) -> int:
    """Add a channel message; return where it ends."""
    first, second, size = body[at], 0, 1
    if status & 0xE0 != 0xC0:  # program changes and channel pressure have one data byte
        second, size = body[at + 1], 2
    if status < 0x80 or (first | second) >= 0x80:
        raise DataError("it is damaged: a message has no status or no data")
    events.append((tick, status, first, second, b""))
    return at + size


def _long(tick: int, status: int, body: bytes, at: int, pending: list[bytes]) -> tuple[Event, int]:
    """A meta event or system exclusive message, and where it ends; of status 0 where its last packet is yet to come.

    A message F0 that lacks its F7 goes on in packets F7; an F7 of its own may hold anything, a whole message, too.
    """
    kind = 0
    if status == META:
        kind, at = body[at], at + 1
    size, at = _number(body, at)
    text, stop = body[at : at + size], at + size
    if len(text) < size:
        raise IndexError
    if status == META:
        return (tick, status, kind, 0, text), stop
    if status == SYSEX:
        pending[:] = [text]
    elif pending:
        pending.append(text)
    elif text[:1] == b"\xf0":
        pending[:] = [text[1:]]
    whole = b"".join(pending)
    if not whole.endswith(b"\xf7"):
        return (tick, 0, 0, 0, b""), stop
    pending.clear()
    return (tick, SYSEX, 0, 0, whole[:-1]), stop
