"""The notes of a stem as the synthesiser plays them: each program of each channel by itself, in samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from msgld.music.bars import Timeline
from msgld.music.midi.channel import (
    CONTROL,
    DEFAULTS,
    EXPRESSION,
    PAN,
    RESET_CONTROLLERS,
    VOLUME,
    WHEEL,
    Tuning,
)  # fmt: skip
from msgld.music.midi.parts import gain_of
from msgld.music.notes import Messages, Notes
from msgld.stems import RATE

_USUAL = (1.0, 64.0, 0.0)
"""Gain, pan and bend that no message has set."""

Steps = tuple[tuple[int, float], ...]
"""(sample, value from there on), ascending, the first at 0."""


@dataclass(frozen=True)
class Voice:
    """What one channel plays with one program.

    Attributes:
        program: General MIDI program, or drum kit.
        start: first sample of each note, ascending, int64 (N,).
        end: sample at which each is let go, pedals included, int64 (N,).
        pitch: MIDI note numbers, int64 (N,).
        velocity: 1 to 127, int64 (N,).
        gain: amplitude that volume and expression give.
        pan: controller 10, 0 to 127.
        bend: semitones.
    """

    program: int
    start: np.ndarray
    end: np.ndarray
    pitch: np.ndarray
    velocity: np.ndarray
    gain: Steps
    pan: Steps
    bend: Steps


def voices_of(notes: Notes, timeline: Timeline) -> list[Voice]:
    """The voices of a stem, by program; samples are counted from 0 seconds."""
    voices = []
    for one in notes.channels:
        states = _states(one.messages, timeline)
        start, end = (_samples(timeline, beats) for beats in (one.onset, one.onset + one.sounding))
        for program in np.unique(one.program).tolist():
            at = one.program == program
            own = start[at], end[at], one.pitch[at], one.velocity[at]
            first = int(own[0].min())
            kept = (_from(first, steps, usual) for steps, usual in zip(states, _USUAL, strict=True))
            voices.append(Voice(program, *own, *kept))
    return sorted(voices, key=lambda voice: voice.program)


def _from(first: int, steps: Sequence[tuple[int, float]], usual: float) -> Steps:
    """Steps that begin with what holds when the first note begins."""
    held = [value for at, value in steps if at <= first]
    return ((0, (held or [usual])[-1]), *((at, value) for at, value in steps if at > first))


def _samples(timeline: Timeline, beats: np.ndarray) -> np.ndarray:
    return np.asarray(np.rint(timeline.at(beats) * RATE).astype(np.int64))


def _states(messages: Messages, timeline: Timeline) -> tuple[list[tuple[int, float]], ...]:
    """Steps of gain, pan and bend that messages ask for."""
    rows = list(zip(_samples(timeline, messages.beat).tolist(), messages.status.tolist(),
                    messages.first.tolist(), messages.second.tolist(), strict=True))  # fmt: skip
    tuning = Tuning()
    for at, status, first, second in rows:
        if status == WHEEL:
            tuning.bend(at, (second << 7 | first) - 8192)
        elif status == CONTROL and first in Tuning.CONTROLS:
            tuning.control(at, first, second)
        elif status == CONTROL and first == RESET_CONTROLLERS:
            tuning.centre(at)
    controls = [(at, first, second) for at, status, first, second in rows if status == CONTROL]
    pan = [(at, float(value)) for at, number, value in controls if number == PAN]
    return list(_gains(controls)), pan, [(int(at), bend) for at, bend in tuning.steps]


def _gains(controls: Sequence[tuple[int, int, int]]) -> Iterator[tuple[int, float]]:
    state = {VOLUME: DEFAULTS[VOLUME], EXPRESSION: DEFAULTS[EXPRESSION]}
    for at, number, value in controls:
        if number == RESET_CONTROLLERS:
            number, value = EXPRESSION, DEFAULTS[EXPRESSION]
        if number in state and state[number] != value:
            state[number] = value
            yield at, float(gain_of(np.array(state[VOLUME]), np.array(state[EXPRESSION])))
