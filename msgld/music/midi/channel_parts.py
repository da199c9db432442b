"""What a MIDI channel played, as parts: one for each program and kind, percussion or melody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from msgld.music.midi.channel import OPEN, SOSTENUTO, SUSTAIN, Channel
from msgld.music.midi.clock import Clock
from msgld.music.midi.parts import Bend, Part, cut, gain_of, held, pan_of, struck_again
from msgld.music.midi.smf import MidiFile
from msgld.music.notes import Messages, Written
from msgld.stems import stem_of


def channel_parts(channel: Channel, clock: Clock, file: MidiFile) -> Iterator[Part]:
    """The parts of a channel that obeyed a file to its end; percussion is apart from melody."""
    channel.end(file.end)
    if not channel.notes:
        return
    table = np.array(channel.notes, dtype=np.int64)
    onset, last, pitch, velocity = table.T[:4]
    table = table[np.lexsort((velocity, last, pitch, onset))]
    ends = _ends(table, file.end)
    sounding = _sounding(channel, table, ends)
    kinds, messages = table[:, 4:6], _messages(channel, file)
    bend = Bend.of(channel.tuning.steps)
    bend = replace(bend, time=clock.at(bend.time))
    for program, drums in np.unique(kinds, axis=0).tolist():
        chosen = (kinds == (program, drums)).all(axis=1)
        start, _, pitch, velocity, _, _, volume, expression, pan = table[chosen].T
        onset, duration = clock.spans(start, start + sounding[chosen])
        part = Part(stem_of(program, bool(drums)), program, bool(drums), onset, duration, pitch, velocity,
                    gain_of(volume, expression), pan_of(pan), bend)  # fmt: skip
        if file.quarter is not None:
            beats = [ticks / file.quarter for ticks in (start, ends[chosen] - start, sounding[chosen])]
            columns = beats[0], beats[1], pitch, velocity, np.full(len(start), program), beats[2]
            part = replace(part, written=Written(*columns, messages, file.quarter))
        yield part


def _ends(table: np.ndarray, end: int) -> np.ndarray:
    """The ticks at which keys are let go; those of a key end in the order in which they began.

    A note without an end lasts until its key is struck again, or the piece is over.
    """
    start, last, pitch = table.T[:3]
    last = np.where(last == OPEN, np.minimum(struck_again(start, pitch), end), last).astype(np.int64)
    ends = np.empty_like(last)
    ends[np.lexsort((start, pitch))] = last[np.lexsort((last, pitch))]
    return ends


def _sounding(channel: Channel, table: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """How many ticks notes sound, pedals and cuts included."""
    start, pitch, drums = table[:, 0].astype(np.float64), table[:, 2], table[:, 5]
    keyed = melodic = ends - start
    for pedal in (SOSTENUTO, SUSTAIN):
        down, up = np.array(channel.pedals[pedal].spans, np.float64).reshape(-1, 2).T
        melodic = held(start, melodic, pitch, down, up - down, sostenuto=pedal == SOSTENUTO)
    return cut(start, np.where(drums, keyed, melodic), np.array(channel.cuts, np.float64))


def _messages(channel: Channel, file: MidiFile) -> Messages:
    quarter = file.quarter or 1
    return Messages.of(
        [(tick / quarter, status, first, second) for tick, status, first, second in channel.messages]
    )
