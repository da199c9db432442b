"""Stem files for DJ software (``.stem.mp4``): a song and its four stems as the sound tracks of one MP4 file.

After the public Stem File Specification of Native Instruments, 2015: five stereo tracks, the mix first, and the names
and colours of the others as JSON in the box ``moov/udta/stem``.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import numpy as np

from msgld.audio.boxes import box_of, find_box
from msgld.audio.stream import AudioStream, as_channels
from msgld.stems import OTHER

STEMS = {"drums": "#009E73", "bass": "#D55E00", OTHER: "#CC79A7", "vocals": "#56B4E9"}
"""The stems in their order, and their colours; whatever is none of the others is in ``other``."""

Opened = Callable[[], AbstractContextManager[Mapping[str, AudioStream]]]
"""Opens sounds by name."""

BLOCK = 4096
"""Samples of a packet."""

KIND, FULL = "s16p", 2**15 - 1
"""Of the samples, and the largest one."""

_COMPRESSOR = {"enabled": False, "input_gain": 0.0, "output_gain": 0.0, "threshold": 0.0, "dry_wet": 100,
               "attack": 0.003, "release": 0.3, "ratio": 1.0, "hp_cutoff": 20}  # fmt: skip
_LIMITER = {"enabled": False, "threshold": 0.0, "ceiling": 0.0, "release": 0.3}


def group_of(stem: str) -> str:
    """The one of the four stems that a stem belongs to."""
    return stem if stem in STEMS else OTHER


def write_stem_mp4(path: Path, rate: int, opened: Opened) -> float:
    """Write a stem file, lossless (ALAC) in 16 bits.

    Args:
        path: of the file.
        rate: of all sounds.
        opened: opens the stems, equally long, at their beginning; called twice.

    Returns:
        The gain of all tracks, 1 unless one would clip.
    """
    peak = max((float(np.abs(block).max(initial=0.0)) for block in _blocks(opened)), default=0.0)
    gain = 1.0 / max(1.0, peak)
    _encode(path, rate, _blocks(opened), gain)
    _name(path)
    return gain


def _blocks(opened: Opened) -> Iterator[np.ndarray]:
    """The mix and the four stems, (5, 2, n), block by block."""
    order = list(STEMS)
    with opened() as stems:
        while True:
            read = {name: as_channels(stream.read(BLOCK), 2) for name, stream in stems.items()}
            size = max((block.shape[1] for block in read.values()), default=0)
            if not size:
                return
            tracks = np.zeros((1 + len(STEMS), 2, size), np.float32)
            for name, block in read.items():
                tracks[1 + order.index(group_of(name)), :, : block.shape[1]] += block
            tracks[0] = tracks[1:].sum(0)
            yield tracks


def _encode(path: Path, rate: int, blocks: Iterator[np.ndarray], gain: float) -> None:
    import av

    with av.open(path, "w", format="mp4") as file:
        tracks: list[Any] = [
            file.add_stream("alac", rate=rate, layout="stereo", format=KIND) for _ in range(1 + len(STEMS))
        ]
        place = 0
        for block in blocks:
            whole = np.rint(np.clip(block * gain, -1, 1) * FULL).astype(np.int16)
            for track, samples in zip(tracks, whole, strict=True):
                frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples), KIND, "stereo")
                frame.sample_rate, frame.pts = rate, place
                file.mux(track.encode(frame))
            place += block.shape[2]
        for track in tracks:
            file.mux(track.encode(None))


def _name(path: Path) -> None:
    """Put names and colours into a finished file, whose ``moov`` is its last box, so that no sound moves."""
    with path.open("r+b") as file:
        box = find_box(file, b"moov", 0, path.stat().st_size)
        assert box is not None
        file.seek(box.start)
        moov = file.read()
        file.seek(box.start)
        file.write(with_child(moov, [b"udta"], box_of(b"stem", json.dumps(_names()).encode())))


def with_child(box: bytes, way: Sequence[bytes], child: bytes) -> bytes:
    """A box, with a further box at the end of that one which ``way`` leads to; those on the way that lack are added."""
    kind, body = box[4:8], box[8:]
    if not way:
        return box_of(kind, body + child)
    place = find_box(io.BytesIO(body), way[0], 0, len(body))
    if place is None:
        return box_of(kind, body + with_child(box_of(way[0], b""), way[1:], child))
    inner = with_child(body[place.start : place.stop], way[1:], child)
    return box_of(kind, body[: place.start] + inner + body[place.stop :])


def _names() -> dict[str, object]:
    stems = [{"name": name.capitalize(), "color": colour} for name, colour in STEMS.items()]
    return {"version": 1, "mastering_dsp": {"compressor": _COMPRESSOR, "limiter": _LIMITER}, "stems": stems}
