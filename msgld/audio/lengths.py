"""How much sound a movie or a Matroska file says that it holds."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, BinaryIO

from msgld.audio.container import open_container

_TICKS = (600, 1000)
COARSEST = min(_TICKS)
"""Ticks a second that movies are usually timed in; what one of them rounds away may be missing at the end."""


def matroska_length(container: Any, stream: Any, rate: int) -> float:
    """In samples: the track's own, or the file's where there is no video beside it; 0 where it is not stated."""
    text = stream.metadata.get("DURATION", "")
    try:
        hours, minutes, seconds = text.rstrip("\0").split(":")
        return (int(hours) * 3600 + int(minutes) * 60 + float(seconds)) * rate
    except ValueError:
        alone = len(container.streams) == 1 and container.duration
        return float(container.duration / 1e6 * rate) if alone else 0.0


def movie_frames(opened: Callable[[], BinaryIO], stream: Any, rate: int, first_time: Fraction | None) -> int:
    """The length of the sound of an MP4, MOV or M4A: that of its track less the encoder's delay.

    An edit list cuts off delay and padding, but states the length in ticks of the whole movie, which are
    often as coarse as a millisecond; and the last packet decodes to more.

    Args:
        opened: opens the file anew. first_time: of the first packet, in seconds.

    Returns:
        Samples; 0 where the file does not say.
    """
    edited, tick = stream.duration, Fraction(stream.time_base)
    with opened() as file, open_container(file, ignore_editlist="1") as unedited:
        track = unedited.streams.audio[0].duration
    if not edited or not track:
        return 0
    coarse = any(abs(edited - round(edited * tick * unit) / tick / unit) < 1 for unit in _TICKS)
    if first_time is not None and stream.start_time is not None:
        track -= max(0, stream.start_time - int(first_time / tick))
    rounded = coarse and abs(track - edited) * tick <= Fraction(1, COARSEST)
    return max(0, round((track if rounded else min(edited, track)) * tick * rate))
