"""Notes of one stem to sound, dry: the events for the synthesiser, and the call."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence

import numpy as np

from msgld.errors import DataError
from msgld.music.notes import Notes
from msgld.music.render.extract import ENGINE_RATE, extract
from msgld.music.render.soundfont import DRUM_BANK, SoundFont
from msgld.stems import RATE

CHANNELS = (*range(9), *range(10, 16))
DRUM_CHANNEL = 9

VOICES = 60
"""Recordings that one call plays at once; the synthesiser has 64 voices."""

_PITCH, _VELOCITY, _PROGRAM = 2, 3, 4  # columns, after start and end
_HATS = (42, 44, 46)  # they end each other, so they are played by one call

_BLOCK = 64  # samples between moments at which the synthesiser reads events
_TICKS = ENGINE_RATE // 2  # in a quarter note of half a second: a tick is a sample
_CONTROLS = ((39, 127), (11, 127), (43, 127), (91, 0), (93, 0))  # volume's fine part, expression, no effects
_VOLUMES = (90, 64, 32)  # the softer, the coarser the synthesiser's envelopes
_LIMIT = 32_767


def synthesise(
    font: SoundFont,
    start: np.ndarray,
    end: np.ndarray,
    notes: Notes,
    drums: bool,
    length: int,
) -> np.ndarray:
    """Play notes, float32 (2, length) at ``RATE``.

    Args:
        font: that plays them.
        start: first sample of each note, ascending, (N,).
        end: sample at which each is let go, (N,).
        notes: their pitches, velocities and programs.
        drums: whether they are drums, and programs their kits.
        length: of the sound, in samples.

    Raises:
        DataError: the soundfont has nothing that plays them.
    """
    total = np.zeros((2, length), np.float32)
    end = _without_overlaps(start, np.maximum(end, start + 1), notes.pitch, notes.program)
    table = np.stack([start, end, notes.pitch, notes.velocity, notes.program], 1)
    table = table[(start < length) & (end > 0) & (notes.velocity > 0)]
    bank = DRUM_BANK if drums else 0
    programs = np.unique(table[:, _PROGRAM])
    width = 1 if drums else len(CHANNELS)
    for first in range(0, len(programs), width):
        chosen = programs[first : first + width].tolist()
        some = table[np.isin(table[:, _PROGRAM], chosen)]
        played = {(bank, each): some[some[:, _PROGRAM] == each][:, [_PITCH, _VELOCITY]] for each in chosen}
        small, layers = extract(font, played)
        if small:
            for part in _parts(some, VOICES // layers, drums):
                total += _played(small, part, drums, length)
    return total


def _without_overlaps(
    start: np.ndarray, end: np.ndarray, pitch: np.ndarray, program: np.ndarray
) -> np.ndarray:
    """Ends such that a note has ended when the next one of its pitch begins: the synthesiser ends both at once."""
    order = np.lexsort((start, pitch, program))
    same = (np.diff(pitch[order]) == 0) & (np.diff(program[order]) == 0)
    cut = end.copy()
    before, after = order[:-1][same], order[1:][same]
    cut[before] = np.minimum(end[before], np.maximum(start[after], start[before] + 1))
    return cut


def _parts(notes: np.ndarray, most: int, drums: bool) -> Iterable[np.ndarray]:
    """Notes in so many parts that about ``most`` sound at once; a note fades for some time after its end."""
    ends = np.sort(notes[:, 1] + RATE // 3)
    together = np.arange(1, len(notes) + 1) - np.searchsorted(ends, notes[:, 0], side="right")
    return _split(notes, max(1, -(-int(together.max()) // max(1, most))), drums)


def _split(notes: np.ndarray, count: int, drums: bool) -> list[np.ndarray]:
    """Notes in ``count`` parts, without empty ones; what ends each other stays together: notes of a pitch, hi-hats."""
    kind = np.where(drums & np.isin(notes[:, _PITCH], _HATS), _HATS[0], notes[:, _PITCH])
    part = np.unique(kind, return_inverse=True)[1].reshape(-1) % count
    return [notes[part == number] for number in range(count) if (part == number).any()]


def _played(small: bytes, notes: np.ndarray, drums: bool, length: int) -> np.ndarray:
    """Sound of notes; in two halves, or softer, if it is too loud for 16 bits."""
    for volume in _VOLUMES:
        sound = _wave(small, _midi(notes, drums, volume, length))[:length]
        if not len(sound) or max(sound.max(), -int(sound.min())) < _LIMIT:
            break
        halves = _split(notes, 2, drums)
        if len(halves) > 1:
            return np.asarray(sum(_played(small, half, drums, length) for half in halves))
    # Volume counts in 14 bits, of which controller 39 is the lower half.
    scale = np.float32((16_383 / (128 * volume + 127)) ** 2 / 32_768)
    out = np.zeros((2, length), np.float32)
    np.multiply(sound.T, scale, out=out[:, : len(sound)])
    return out


def _wave(small: bytes, file: bytes) -> np.ndarray:
    """What the synthesiser makes of a MIDI file, int16 (L, 2)."""
    import midirenderer

    try:
        wave = midirenderer.render_wave_from(small, file)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:  # a panic of the library is no Exception
        raise DataError(f"the soundfont cannot be played ({error}): name another") from error
    return np.frombuffer(wave, "<i2", offset=44).reshape(-1, 2)


def _midi(notes: np.ndarray, drums: bool, volume: int, length: int) -> bytes:
    """A MIDI file whose ticks are samples, without effects; its last event is at the end of the sound."""
    programs = np.unique(notes[:, _PROGRAM]).tolist()
    channel_of = {program: DRUM_CHANNEL if drums else CHANNELS[at] for at, program in enumerate(programs)}
    events: list[tuple[int, int, bytes]] = []
    for program, channel in channel_of.items():
        control = bytes([0xB0 | channel])
        events.append((0, 0, bytes([0xC0 | channel, program])))
        events += [(0, 0, control + bytes(pair)) for pair in (*_CONTROLS, (7, volume))]
    half = _BLOCK // 2
    for start, end, pitch, velocity, program in notes.tolist():
        channel = channel_of[program]
        events.append((max(0, start - half), 2, bytes([0x90 | channel, pitch, velocity])))
        events.append((max(1, end - half), 1, bytes([0x80 | channel, pitch, 0])))
    events.append((length + _BLOCK, 3, bytes([0xB0, 20, 0])))
    return _file(sorted(events, key=lambda event: event[:2]))


def _file(events: Sequence[tuple[int, int, bytes]]) -> bytes:
    track = bytearray(b"\0\xff\x51\x03" + (500_000).to_bytes(3, "big"))
    before = 0
    for at, _, message in events:
        track += _varying(at - before) + message
        before = at
    track += b"\0\xff\x2f\0"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, _TICKS) + b"MTrk" + struct.pack(">I", len(track)) + track


def _varying(number: int) -> bytes:
    """A number in MIDI's bytes of seven bits."""
    out = [number & 0x7F]
    while number := number >> 7:
        out.append(number & 0x7F | 0x80)
    return bytes(reversed(out))
