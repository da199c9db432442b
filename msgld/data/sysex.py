"""What system exclusive messages say about percussion and resets: General MIDI, Roland GS, Yamaha XG."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Reset:
    """All channels return to their defaults; ``system`` is what they obey from now on: gm, gm2, gs, xg or none."""

    system: str


@dataclass(frozen=True)
class Assign:
    """A channel (0 to 15) plays percussion, or melody, whatever it did before."""

    channel: int
    drums: bool


_ROLAND, _GS, _SEND = 0x41, 0x42, 0x12
_YAMAHA, _XG = 0x43, 0x4C
_UNIVERSAL, _GENERAL = 0x7E, 0x09
_SYSTEMS = {1: "gm", 2: "", 3: "gm2"}
_GS_RESETS = {(0x40, 0x00, 0x7F), (0x00, 0x00, 0x7F)}
_XG_RESETS = {(0x00, 0x00, 0x7E), (0x00, 0x00, 0x7F)}
_GS_PART, _GS_RHYTHM = 0x40, 0x15
_XG_PART, _XG_MODE = 0x08, 0x07


def meaning(body: bytes) -> Reset | Assign | None:
    """Return what a message (without F0 and F7) says; None for all others. Device numbers do not matter.

    A GS message whose checksum is wrong says nothing, as on the instruments.
    """
    if len(body) >= 4 and body[0] == _UNIVERSAL and body[2] == _GENERAL and body[3] in _SYSTEMS:
        return Reset(_SYSTEMS[body[3]])
    if len(body) == 9 and (body[0], body[2], body[3]) == (_ROLAND, _GS, _SEND) and sum(body[4:]) % 128 == 0:
        return _gs(body[4:7], body[7])
    if len(body) == 7 and (body[0], body[1] & 0xF0, body[2]) == (_YAMAHA, 0x10, _XG):
        return _xg(body[3:6], body[6])
    return None


def _gs(address: bytes, value: int) -> Reset | Assign | None:
    if tuple(address) in _GS_RESETS:
        return Reset("gs")
    if address[0] == _GS_PART and address[1] & 0xF0 == 0x10 and address[2] == _GS_RHYTHM:
        return Assign(_gs_channel(address[1] & 0x0F), value > 0)
    return None


def _gs_channel(block: int) -> int:
    """Channel of a GS block: block 0 is part 10, 1 to 9 are parts 1 to 9, A to F parts 11 to 16."""
    return 9 if block == 0 else block - 1 if block < 10 else block


def _xg(address: bytes, value: int) -> Reset | Assign | None:
    if tuple(address) in _XG_RESETS:
        return Reset("xg")
    if address[0] == _XG_PART and address[1] < 16 and address[2] == _XG_MODE:
        return Assign(address[1], value > 0)
    return None
