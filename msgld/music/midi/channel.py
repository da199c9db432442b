"""One MIDI channel: its state, which messages of any track set, and the notes that it plays. Times are in ticks."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import ClassVar

DRUM_CHANNEL = 9
"""Channel 10, counted from 0."""
DRUM_BANKS, MELODIC_BANK = (120, 126, 127), 121
"""Banks (controller 0) of percussion in GM2 and XG; that of melody in GM2."""
OPEN = -1
"""End of a note that has not ended."""

KEY_PRESSURE, CONTROL, PRESSURE, WHEEL = 0xA0, 0xB0, 0xD0, 0xE0
"""Kinds of messages, besides notes and programs."""

BANK, VOLUME, PAN, EXPRESSION = 0, 7, 10, 11
DEFAULTS = {BANK: 0, VOLUME: 100, PAN: 64, EXPRESSION: 127}
"""Values of controllers that nothing has set."""

SUSTAIN, SOSTENUTO = 64, 66
_DATA, _DATA_FINE, _NRPN, _RPN_LOW, _RPN_HIGH = 6, 38, (98, 99), 100, 101
RESET_CONTROLLERS = 121
_SOUND_OFF, _NOTES_OFF = 120, range(123, 128)
_RANGE, _FINE, _COARSE = (0, 0), (0, 1), (0, 2)
_NULL = (127, 127)
_CENTRE = 64 << 7
_BANKS = (BANK, 32)
_AS_NEW = (
    *((VOLUME, DEFAULTS[VOLUME]), (PAN, DEFAULTS[PAN])),
    *((_RPN_HIGH, 0), (_RPN_LOW, 0), (_DATA, 2), (_DATA_FINE, 0)),
    *((_RPN_LOW, 1), (_DATA, 64), (_DATA_FINE, 0), (_RPN_HIGH, 127), (_RPN_LOW, 127)),
)
"""Controllers that undo what "reset all controllers" leaves: volume, place, range of the wheel, fine tuning."""

Note = list[int]
"""Onset, end (of the key), pitch, velocity, program, drums (0 or 1), and the channel's volume, expression and pan."""


@dataclass
class Tuning:
    """Pitch wheel, its range and the channel's tuning.

    Attributes:
        steps: (time, semitones) of the wheel and of fine tuning together; times are in the caller's unit.
        wheel: its position, -8192 to 8191.
        coarse: semitones by which notes are tuned, not in the steps.
    """

    CONTROLS: ClassVar = frozenset((_DATA, _DATA_FINE, *_NRPN, _RPN_LOW, _RPN_HIGH))
    """Controllers that set it."""

    steps: list[tuple[float, float]] = field(default_factory=list)
    wheel: int = 0
    coarse: int = 0
    _selected: tuple[int, int] = _NULL
    _values: dict[tuple[int, int], int] = field(default_factory=dict)

    def bend(self, time: float, wheel: int) -> None:
        """Move the wheel to -8192 to 8191."""
        self.wheel = wheel
        self._step(time)

    def control(self, time: float, number: int, value: int) -> None:
        """Select a registered parameter, or set the selected one."""
        high, low = self._selected
        if number == _RPN_HIGH:
            self._selected = value, low
        elif number == _RPN_LOW:
            self._selected = high, value
        elif number in _NRPN:
            self._selected = _NULL
        elif self._selected in (_RANGE, _FINE, _COARSE):
            # Controller 6 sets the lower half to 0, as every upper half of a pair does.
            pair = value << 7 if number == _DATA else self._value(self._selected) & ~0x7F | value
            self._values[self._selected] = pair
            self.coarse = (self._value(_COARSE) >> 7) - 64
            self._step(time)

    def sets_coarse(self, number: int) -> bool:
        """Whether a controller would set the coarse tuning now."""
        return number in (_DATA, _DATA_FINE) and self._selected == _COARSE

    def centre(self, time: float) -> None:
        """Centre the wheel and select nothing, as "reset all controllers" does (RP-015); parameters stay."""
        self._selected = _NULL
        self.bend(time, 0)

    def reset(self, time: float) -> None:
        """Return everything to its default."""
        self._values.clear()
        self.coarse = 0
        self.centre(time)

    def _value(self, parameter: tuple[int, int]) -> int:
        """14 bits."""
        return self._values.get(parameter, 2 << 7 if parameter == _RANGE else _CENTRE)

    def _step(self, time: float) -> None:
        span, fine = self._value(_RANGE), self._value(_FINE) - _CENTRE
        semitones = self.wheel / 8192 * ((span >> 7) + (span & 0x7F) / 100) + fine / 8192
        if semitones != (self.steps[-1][1] if self.steps else 0.0):
            self.steps.append((time, semitones))


@dataclass
class Pedal:
    """A pedal; ``spans`` are the (first tick, last tick) while it was down."""

    spans: list[tuple[int, int]] = field(default_factory=list)
    _since: int | None = None

    @property
    def down(self) -> bool:
        """Whether it is down now."""
        return self._since is not None

    def move(self, tick: int, down: bool) -> None:
        """Press or lift it; a second press changes nothing."""
        if down and self._since is None:
            self._since = tick
        elif not down and self._since is not None:
            self.spans.append((self._since, tick))
            self._since = None


class Channel:
    """One of 16 channels of a port.

    Args:
        number: 0 to 15.
        system: the system that the port obeys: gm, gm2, gs, xg, or empty where no message chose one.

    Attributes:
        notes: in order of onset.
        cuts: ticks at which all sound ended at once.
        messages: (tick, status, data, data) of what was sent besides notes and programs, but for banks and for coarse
            tuning, which is in the pitches.
        tuning: wheel and tuning.
        drums: whether it plays percussion; ``assigned`` where a message said so.
        pedals: by controller.
    """

    def __init__(self, number: int, system: str = "") -> None:
        self.number = number
        self.notes: list[Note] = []
        self.cuts: list[int] = []
        self.messages: list[tuple[int, int, int, int]] = []
        self.tuning = Tuning()
        self.pedals = {SUSTAIN: Pedal(), SOSTENUTO: Pedal()}
        self._sounding: dict[int, deque[Note]] = {}
        self._default(system)

    def _default(self, system: str) -> None:
        self.system = system
        self.assigned: bool | None = None
        self.drums = self.number == DRUM_CHANNEL
        self.program = 0
        self._controls = DEFAULTS | ({BANK: 127} if self.drums and system == "xg" else {})

    def reset(self, tick: int, system: str) -> None:
        """End all notes and return to the defaults of a system."""
        fresh = not self.messages and not self.notes
        self.control(tick, _SOUND_OFF, 0)
        self.control(tick, RESET_CONTROLLERS, 0)
        self.messages += [(tick, CONTROL, *pair) for pair in _AS_NEW]
        if fresh:
            self.messages.clear()
        self.tuning.reset(tick)
        self._default(system)

    def change_program(self, program: int) -> None:
        """Choose a program; the bank that was selected before decides whether it is a drum kit.

        GS has drums by part only; XG by bank alone, channel 10, too; else a bank may overrule the channel.
        """
        self.program, bank = program, self._controls[BANK]
        if self.system != "gs" and (bank in DRUM_BANKS or bank == MELODIC_BANK):
            self.drums = bank != MELODIC_BANK
        elif self.assigned is not None:
            self.drums = self.assigned
        else:
            self.drums = self.number == DRUM_CHANNEL and self.system != "xg"

    def control(self, tick: int, number: int, value: int) -> None:
        """Obey a controller or a channel mode message."""
        if number not in _BANKS and not self.tuning.sets_coarse(number):
            self.messages.append((tick, CONTROL, number, value))
        if number in self._controls:
            self._controls[number] = value
        elif number in self.pedals:
            self.pedals[number].move(tick, value >= 64)
        elif number in Tuning.CONTROLS:
            self.tuning.control(tick, number, value)
        elif number == RESET_CONTROLLERS:
            self._controls[EXPRESSION] = DEFAULTS[EXPRESSION]
            self.lift_pedals(tick)
            self.tuning.centre(tick)
        elif number == _SOUND_OFF or number in _NOTES_OFF:
            for note in (note for queue in self._sounding.values() for note in queue):
                note[1] = tick
            self._sounding.clear()
            self.cuts += [tick] if number == _SOUND_OFF else []

    def strike(self, tick: int, key: int, velocity: int) -> None:
        """Begin a note."""
        pitch = key if self.drums else _folded(key + self.tuning.coarse)
        state = (self._controls[number] for number in (VOLUME, EXPRESSION, PAN))
        note = [tick, OPEN, pitch, velocity, self.program, int(self.drums), *state]
        self.notes.append(note)
        self._sounding.setdefault(key, deque()).append(note)

    def release(self, tick: int, key: int) -> None:
        """End the oldest note of a key, if there is one."""
        if queue := self._sounding.get(key):
            queue.popleft()[1] = tick

    def bend(self, tick: int, low: int, high: int) -> None:
        """Move the wheel."""
        self.messages.append((tick, WHEEL, low, high))
        self.tuning.bend(tick, (high << 7 | low) - 8192)

    def press(self, tick: int, status: int, first: int, second: int) -> None:
        """Take note of pressure, of a key or of the channel."""
        self.messages.append((tick, status, first, second))

    def lift_pedals(self, tick: int) -> None:
        """Lift all pedals."""
        for pedal in self.pedals.values():
            pedal.move(tick, False)

    def end(self, tick: int) -> None:
        """End the piece, which lifts pedals."""
        for number, pedal in self.pedals.items():
            if pedal.down:
                self.control(tick, number, 0)


def _folded(pitch: int) -> int:
    """The nearest octave that lies within MIDI's range."""
    while not 0 <= pitch <= 127:
        pitch += 12 if pitch < 0 else -12
    return pitch
