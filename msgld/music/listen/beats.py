"""Scores of the beat tracker -> beats and bars, the likeliest ones, by two dynamic programs of our own.

The first one places beats: each counts by its score, and two intervals that follow each other differ at a cost, so that
a tempo holds where nothing is struck and still may change. The second one chooses which beats begin bars.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from msgld.music.played import Beats

TEMPOS = (40.0, 220.0)
"""Slowest and fastest tempo, beats a minute."""

USUAL, SPREAD = 110.0, 0.5
"""The likeliest tempo at the beginning, and the standard deviation of its logarithm."""


@dataclass(frozen=True)
class BeatRules:
    """How beats and bars go on.

    Attributes:
        tempos: slowest and fastest tempo, beats a minute.
        usual: the likeliest tempo at the beginning.
        least: fraction of the beats whose score has to be above 0; where fewer are, there is no beat.
        steady: cost of a change of tempo by a factor of e, from one beat to the next.
        lost: cost of a second before the first beat or after the last one.
        clear: largest score of a frame; scores below minus a quarter of it count as that.
        metres: beats of a bar -> cost of a bar that has so many.
        change: cost of another number of beats.
    """

    tempos: tuple[float, float] = TEMPOS
    usual: float = USUAL
    least: float = 0.3
    steady: float = 60.0
    lost: float = 5.0
    clear: float = 5.0
    metres: dict[int, float] = field(default_factory=lambda: {2: 0.6, 3: 0.2, 4: 0.0, 5: 1.5, 6: 0.8, 7: 1.5})
    change: float = 10.0

    def near(self, bpm: float) -> BeatRules:
        """Rules for music with a beat whose tempo is nearer to ``bpm`` (beats a minute) than to its half or double."""
        return replace(self, tempos=(bpm / 2**0.5, bpm * 2**0.5), usual=bpm, least=0.0)


RULES = BeatRules()


def decode_beats(
    beat: np.ndarray, first: np.ndarray, compound: np.ndarray, second: float, rules: BeatRules = RULES
) -> Beats:
    """The likeliest beats; none in a sound that has fewer than two, or in free time.

    Args:
        beat: score (a logit) of a beat in each frame, (T,).
        first: score of a bar's first beat, (T,).
        compound: score that beats are divided in three, (T,).
        second: frames in a second.
        rules: how they go on.
    """
    clipped = np.clip(beat, -rules.clear / 4, rules.clear)
    frames = place_beats(clipped, second, rules.steady, rules.lost, rules.tempos, rules.usual)
    if len(frames) < 2 or float((_near(beat, frames) > 0).mean()) < rules.least:
        return Beats.none()
    begins = begin_bars(_near(first, frames), rules)
    threes = _near(compound, frames)
    bars = np.cumsum(begins)
    mean = np.bincount(bars, threes) / np.maximum(np.bincount(bars), 1)
    return Beats((frames + _between(beat, frames)) / second, begins, mean[bars] > 0)


def place_beats(
    score: np.ndarray,
    second: float,
    steady: float,
    lost: float,
    tempos: tuple[float, float] = TEMPOS,
    usual: float = USUAL,
) -> np.ndarray:
    """Frames of the beats with the greatest sum of scores less the costs of changing tempo, ascending.

    Args:
        score: of a beat in each frame, (T,).
        second: frames in a second.
        steady: cost of a change of tempo by a factor of e.
        lost: cost of a second before the first beat or after the last one.
        tempos: slowest and fastest, beats a minute.
        usual: the likeliest tempo at the beginning.
    """
    spans = np.arange(int(np.ceil(60 * second / tempos[1])), int(60 * second / tempos[0]) + 1)
    logs = np.log(spans)
    cost = steady * np.abs(logs[:, None] - logs[None])
    start = -0.5 * ((logs - np.log(60 * second / usual)) / SPREAD) ** 2
    frames, longest = len(score), int(spans[-1])
    # Best sum up to a beat, if the next one is so far away; of the last frames only, in turn.
    ahead = np.full((longest, len(spans)), -np.inf)
    came = np.zeros((frames, len(spans)), np.int16)  # the interval before that, -1 where beats begin
    best, last = -np.inf, (0, 0)
    columns = np.arange(len(spans))
    for frame in range(frames):
        before = ahead[(frame - spans) % longest, columns]
        sums = score[frame] + before
        top = int(sums.argmax())
        whole = float(sums[top]) - lost * (frames - 1 - frame) / second
        if whole > best:
            best, last = whole, (frame, top)
        going = sums[None] - cost
        came[frame] = going.argmax(1)
        reached = going[columns, came[frame]]
        begun = score[frame] + start - lost * frame / second
        came[frame][begun > reached] = -1
        ahead[frame % longest] = np.maximum(reached, begun)
    if not np.isfinite(best):
        return np.zeros(0, int)
    frame, span = last
    path = [frame]
    while span >= 0:
        frame -= int(spans[span])
        path.append(frame)
        span = int(came[frame, span])
    return np.array(path[::-1])


def begin_bars(score: np.ndarray, rules: BeatRules = RULES) -> np.ndarray:
    """Which beats begin a bar, bool (n,); the first bar and the last one may be cut.

    Args:
        score: of each beat, that it is a bar's first, (n,).
        rules: of how bars go on.
    """
    states = [(metre, place) for metre in rules.metres for place in range(metre)]
    index = {state: number for number, state in enumerate(states)}
    clear = np.clip(score, -rules.clear, rules.clear)
    costs = np.array([rules.metres[metre] / metre for metre, _ in states])
    opens = np.array([place == 0 for _, place in states])
    ends = np.array([index[metre, metre - 1] for metre in rules.metres])
    heads = np.array([index[metre, 0] for metre in rules.metres])
    following = np.array([index[metre, max(place - 1, 0)] for metre, place in states])
    sums = -costs + opens * clear[0]
    back = np.zeros((len(clear), len(states)), np.int64)
    for beat in range(1, len(clear)):
        came, reached = following.copy(), sums[following]
        own = sums[ends]
        other = int(ends[own.argmax()])
        changes = own < sums[other] - rules.change
        came[heads] = np.where(changes, other, ends)
        reached[heads] = np.where(changes, sums[other] - rules.change, own)
        back[beat], sums = came, reached - costs + opens * clear[beat]
    state, path = int(sums.argmax()), list[int]()
    for beat in range(len(clear) - 1, -1, -1):
        path.append(state)
        state = int(back[beat, state])
    return opens[np.array(path[::-1])]


def _near(score: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """The largest score within two frames of each."""
    padded = np.pad(score, 2, constant_values=-np.inf)
    return np.max([padded[frames + step] for step in range(5)], axis=0)


def _between(score: np.ndarray, frames: np.ndarray) -> np.ndarray:
    """How far from each frame the top of the parabola through it and its neighbours lies, in frames, at most a half."""
    chance = -np.logaddexp(0, -score)
    inner = np.clip(frames, 1, max(1, len(score) - 2))
    below, at, above = chance[inner - 1], chance[inner], chance[inner + 1]
    bend = below - 2 * at + above
    top = np.where(bend < -1e-6, 0.5 * (below - above) / np.where(bend < -1e-6, bend, -1.0), 0.0)
    return np.where(frames == inner, np.clip(top, -0.5, 0.5), 0.0)
