"""The time of a MIDI file: its tempos, and the seconds of its ticks."""

from __future__ import annotations

from dataclasses import dataclass
from operator import itemgetter

import numpy as np

from msgld.music.midi.smf import META, MidiFile

_TEMPO = 0x51
_TEMPO_BYTES = 3
_DEFAULT_TEMPO = 500_000  # microseconds in a quarter note of a file without tempos


@dataclass(frozen=True)
class Clock:
    """Seconds of ticks: from ``ticks[i]`` on, which is at ``seconds[i]``, a tick lasts ``pace[i]`` seconds.

    Seconds are sums in single precision, as symusic's, so that a file and the same score in memory have the same times.
    """

    ticks: np.ndarray
    seconds: np.ndarray
    pace: np.ndarray

    @classmethod
    def of(cls, file: MidiFile) -> Clock:
        """The clock of a file, whose tempo may change in any track."""
        if file.quarter is None:
            assert file.second is not None
            return cls(np.zeros(1), np.zeros(1, np.float32), np.array([1 / file.second]))
        changes = {0: _DEFAULT_TEMPO} | dict(tempos_of(file))
        ticks = np.array(list(changes), dtype=np.float64)
        pace = np.array(list(changes.values())) / (1e6 * file.quarter)
        lengths = np.append(0.0, np.diff(ticks) * pace[:-1]).astype(np.float32)
        return cls(ticks, np.cumsum(lengths, dtype=np.float32), pace)

    def at(self, ticks: np.ndarray) -> np.ndarray:
        """Seconds of ticks, float64 (N,)."""
        of = ticks.astype(np.float64)
        index = np.searchsorted(self.ticks, of, side="right") - 1
        since = (of - self.ticks[index]) * self.pace[index]
        return (self.seconds[index] + since.astype(np.float32)).astype(np.float64)

    def spans(self, first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Beginnings and lengths, in seconds, of spans of ticks."""
        begin = self.at(first)
        return begin, (self.at(last) - begin).astype(np.float32).astype(np.float64)


def tempos_of(file: MidiFile) -> list[tuple[int, int]]:
    """(tick, microseconds in a quarter note), ascending; of several at one tick the last counts."""
    changes = {
        tick: int.from_bytes(body[:_TEMPO_BYTES], "big")
        for tick, body in meta_of(file, _TEMPO)
        if len(body) >= _TEMPO_BYTES and any(body[:_TEMPO_BYTES])
    }
    return sorted(changes.items())


def meta_of(file: MidiFile, kind: int) -> list[tuple[int, bytes]]:
    """(tick, body) of all meta events of a kind, by tick, then track."""
    found = [(e[0], e[4]) for track in file.tracks for e in track if e[1] == META and e[2] == kind]
    return sorted(found, key=itemgetter(0))
