"""A MIDI device: 16 channels on each port, and the system exclusive messages of General MIDI, Roland GS and Yamaha XG.

Of these messages only resets and the choice between percussion and melody count. Device numbers do not matter. A GS
message with a wrong checksum has no effect, as on the instruments.
"""

from __future__ import annotations

from msgld.music.midi.channel import CONTROL, KEY_PRESSURE, PRESSURE, WHEEL, Channel
from msgld.music.midi.smf import SYSEX, Event

_OFF, _ON, _PROGRAM = 0x80, 0x90, 0xC0
_SYSTEMS = {1: "gm", 2: "", 3: "gm2"}
_RESETS = {
    ("gs", (0x40, 0x00, 0x7F)),
    ("gs", (0x00, 0x00, 0x7F)),
    ("xg", (0x00, 0x00, 0x7E)),
    ("xg", (0x00, 0x00, 0x7F)),
}


class Device:
    """Carries out events.

    Attributes:
        channels: by port and number (0 to 15); made when they are first used.
    """

    def __init__(self) -> None:
        self.channels: dict[tuple[int, int], Channel] = {}
        self._systems: dict[int, str] = {}

    def obey(self, port: int, event: Event) -> None:
        """Carry out one event; meta events have no effect."""
        tick, status, first, second, body = event
        if status < SYSEX:
            _obey(self._channel(port, status & 0x0F), tick, status & 0xF0, first, second)
        elif status == SYSEX:
            self._exclusive(port, tick, body)

    def _exclusive(self, port: int, tick: int, body: bytes) -> None:
        if (system := _reset_to(body)) is not None:
            self._systems[port] = system
            for (where, _), channel in self.channels.items():
                if where == port:
                    channel.reset(tick, system)
        elif (assigned := _assigned(body)) is not None:
            number, drums = assigned
            channel = self._channel(port, number)
            channel.assigned = channel.drums = drums

    def _channel(self, port: int, number: int) -> Channel:
        if (port, number) not in self.channels:
            self.channels[port, number] = Channel(number, self._systems.get(port, ""))
        return self.channels[port, number]


def _obey(channel: Channel, tick: int, kind: int, first: int, second: int) -> None:
    if kind == _ON and second:
        channel.strike(tick, first, second)
    elif kind in (_ON, _OFF):
        channel.release(tick, first)
    elif kind == CONTROL:
        channel.control(tick, first, second)
    elif kind == _PROGRAM:
        channel.change_program(first)
    elif kind == WHEEL:
        channel.bend(tick, first, second)
    elif kind in (KEY_PRESSURE, PRESSURE):
        channel.press(tick, kind, first, second)


def _reset_to(body: bytes) -> str | None:
    """The system that all channels obey after a reset: gm, gm2, gs, xg or an empty name; None for other messages."""
    if len(body) >= 4 and (body[0], body[2]) == (0x7E, 0x09):
        return _SYSTEMS.get(body[3])
    parameter = _parameter(body)
    return parameter[0] if parameter and parameter[:2] in _RESETS else None


def _assigned(body: bytes) -> tuple[int, bool] | None:
    """A channel (0 to 15), and whether it plays percussion from now on; None for other messages.

    GS numbers its parts by blocks: block 0 is part 10, blocks 1 to 9 are parts 1 to 9, A to F parts 11 to 16.
    """
    match _parameter(body):
        case "gs", (0x40, part, 0x15), value if part & 0xF0 == 0x10:
            block = part & 0x0F
            return 9 if block == 0 else block - 1 if block < 10 else block, value > 0
        case "xg", (0x08, part, 0x07), value if part < 16:
            return part, value > 0
    return None


def _parameter(body: bytes) -> tuple[str, tuple[int, ...], int] | None:
    """System, address and value of a message that sets a parameter of GS or XG; None for other messages."""
    if len(body) == 9 and (body[0], body[2], body[3]) == (0x41, 0x42, 0x12) and sum(body[4:]) % 128 == 0:
        return "gs", tuple(body[4:7]), body[7]
    if len(body) == 7 and (body[0], body[1] & 0xF0, body[2]) == (0x43, 0x10, 0x4C):
        return "xg", tuple(body[3:6]), body[6]
    return None
