"""Notes of one stem to sound, dry: the events for the synthesiser, and the call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from msgld.errors import DataError
from msgld.music.midi.channel import DRUM_CHANNEL, EXPRESSION, PAN, VOLUME
from msgld.music.midi.events import Timed, file_of, meta
from msgld.music.render.extract import ENGINE_RATE, extract
from msgld.music.render.soundfont import DRUM_BANK, SoundFont
from msgld.music.render.voices import Voice
from msgld.stems import RATE

CHANNELS = (*range(9), *range(10, 16))

VOICES = 60
"""Recordings that one call plays at once; the synthesiser has 64 voices."""

_PITCH, _VELOCITY, _VOICE = 2, 3, 4  # columns, after start and end
_HATS = (42, 44, 46)  # they end each other, so they are played by one call

_BLOCK = 64  # samples between moments at which the synthesiser reads events
_TICKS = ENGINE_RATE // 2  # in a quarter note of half a second: a tick is a sample
_FINE = 32  # a controller's fine part, from the controller
_CONTROLS = ((VOLUME + _FINE, 127), (91, 0), (93, 0))  # no effects
_VOLUMES = (90, 64, 32)  # the softer, the coarser the synthesiser's envelopes
_FULL = 16_383
_LIMIT = 32_767


def synthesise(font: SoundFont, voices: Sequence[Voice], drums: bool, length: int) -> np.ndarray:
    """Play voices, float32 (2, length) at ``RATE``.

    Args:
        font: that plays them.
        voices: of one stem; each has a channel of its own, 15 in a call of the synthesiser.
        drums: whether they are drums, and programs their kits.
        length: of the sound, in samples.

    Raises:
        DataError: the soundfont has nothing that plays them.
    """
    total = np.zeros((2, length), np.float32)
    width = 1 if drums else len(CHANNELS)
    for first in range(0, len(voices), width):
        total += _together(font, voices[first : first + width], drums, length)
    return total


def _together(font: SoundFont, voices: Sequence[Voice], drums: bool, length: int) -> np.ndarray:
    """The sound of as many voices as there are channels."""
    table = np.concatenate([_table(number, voice, length) for number, voice in enumerate(voices)])
    table = table[np.lexsort((table[:, _PITCH], table[:, 0]))]
    bank, total = DRUM_BANK if drums else 0, np.zeros((2, length), np.float32)
    program = np.array([voice.program for voice in voices])[table[:, _VOICE]]
    played = {
        (bank, each): table[program == each][:, [_PITCH, _VELOCITY]] for each in np.unique(program).tolist()
    }
    small, layers = extract(font, played)
    if small:
        for part in _parts(table, VOICES // layers, drums):
            total += _played(small, part, voices, drums, length)
    return total


def _table(number: int, voice: Voice, length: int) -> np.ndarray:
    """The notes of a voice that are in the sound: start, end, pitch, velocity, number of the voice (N, 5)."""
    end = _until_struck(voice.start, np.maximum(voice.end, voice.start + 1), voice.pitch)
    numbers = np.full(len(end), number)
    table = np.stack([voice.start, end, voice.pitch, voice.velocity, numbers], 1)
    return table[(voice.start < length) & (end > 0) & (voice.velocity > 0)]


def _until_struck(start: np.ndarray, end: np.ndarray, pitch: np.ndarray) -> np.ndarray:
    """Ends such that a note has ended when the next one of its pitch begins: the synthesiser ends both at once."""
    order = np.lexsort((start, pitch))
    same = np.diff(pitch[order]) == 0
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


def _played(small: bytes, notes: np.ndarray, voices: Sequence[Voice], drums: bool, length: int) -> np.ndarray:
    """Sound of notes; in two halves, or softer, if it is too loud for 16 bits."""
    loudest = max(gain for voice in voices for _, gain in voice.gain) or 1.0
    for volume in _VOLUMES:
        sound = _wave(small, _midi(notes, voices, drums, volume, loudest, length))[:length]
        if not len(sound) or max(sound.max(), -int(sound.min())) < _LIMIT:
            break
        halves = _split(notes, 2, drums)
        if len(halves) > 1:
            return np.asarray(sum(_played(small, half, voices, drums, length) for half in halves))
    # Volume counts in 14 bits, of which controller 39 is the lower half.
    scale = np.float32(loudest * (_FULL / (128 * volume + 127)) ** 2 / 32_768)
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


def _midi(
    notes: np.ndarray, voices: Sequence[Voice], drums: bool, volume: int, loudest: float, length: int
) -> bytes:
    """A MIDI file whose ticks are samples, without effects; its last event is at the end of the sound."""
    half, events = _BLOCK // 2, list[Timed]()
    channel_of = {number: DRUM_CHANNEL if drums else CHANNELS[number] for number in range(len(voices))}
    for number in np.unique(notes[:, _VOICE]).tolist():
        for at, message in _state(voices[number], channel_of[number], volume, loudest):
            events.append((max(0, at - half), 0, message))
    for start, end, pitch, velocity, number in notes.tolist():
        channel = channel_of[number]
        events.append((max(0, start - half), 2, bytes([0x90 | channel, pitch, velocity])))
        events.append((max(1, end - half), 1, bytes([0x80 | channel, pitch, 0])))
    events.append((length + _BLOCK, 3, bytes([0xB0, 20, 0])))
    tempo = (0, 0, meta(0x51, (500_000).to_bytes(3, "big")))
    return file_of([[tempo, *events]], _TICKS)


def _state(voice: Voice, channel: int, volume: int, loudest: float) -> Iterator[tuple[int, bytes]]:
    """What a channel is sent besides notes: (sample, message)."""

    def control(*pairs: tuple[int, int]) -> Iterator[bytes]:
        return (bytes((0xB0 | channel, *pair)) for pair in pairs)

    yield 0, bytes((0xC0 | channel, voice.program))
    yield from ((0, message) for message in control(*_CONTROLS, (VOLUME, volume)))
    for at, gain in voice.gain:
        value = round(_FULL * (gain / loudest) ** 0.5)
        coarse, fine = divmod(value, 128)
        yield from ((at, message) for message in control((EXPRESSION, coarse), (EXPRESSION + _FINE, fine)))
    for at, place in voice.pan:
        yield from ((at, message) for message in control((PAN, int(place))))
    farthest = max((abs(semitones) for _, semitones in voice.bend), default=0.0)
    if farthest:
        span = int(np.ceil(farthest))
        yield from ((0, message) for message in control((101, 0), (100, 0), (6, span), (38, 0)))
        for at, semitones in voice.bend:
            wheel = min(_FULL, round(8192 * (1 + semitones / span)))
            yield at, bytes((0xE0 | channel, wheel & 0x7F, wheel >> 7))
