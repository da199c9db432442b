"""Pictures of sound: peaks and spectrograms, made once and kept beside the takes."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np

from msgld.studio.library.peaks import BLOCK, Peaks, columns, extremes
from msgld.studio.library.projects import ProjectFolder
from msgld.studio.library.records import replacing
from msgld.studio.library.sound import SONG, Source, source_of

WIDTH, HEIGHT = 2048, 192
"""Pixels of a spectrogram at most."""

LOWEST, RANGE_DB = 40.0, 80.0
"""Hertz at the bottom of a spectrogram, and decibels from the loudest to black."""

_READ = 1 << 18

_drawing = threading.Semaphore(2)  # pictures that are made at the same time


def peaks_of(place: ProjectFolder, take: str, track: str, count: int) -> np.ndarray:
    """Peaks of a track in ``count`` columns over its whole length, int8 (count, 2); 0 where nothing is ready."""
    source = source_of(place, take, track)
    _, _, ready, total = source.facts()
    if 0 < total <= count * BLOCK and ready == total:
        return _exact(source, total, count)
    with _drawing:
        blocks = _all(source) if source.raw is not None else _kept(place, take, track, source)
    whole = -(-total // BLOCK)
    padded = np.concatenate([blocks[:whole], np.zeros((max(0, whole - len(blocks)), 2), np.int8)])
    return columns(padded, count)


def _exact(source: Source, total: int, count: int) -> np.ndarray:
    """Peaks of a short track, from its samples."""
    samples = source.read(0, total).T
    edges = np.linspace(0, total, count + 1).astype(np.int64)
    spans = zip(edges[:-1], np.maximum(edges[1:], edges[:-1] + 1), strict=True)
    return np.concatenate([extremes(samples[:, None, min(low, total - 1) : high]) for low, high in spans])


def _kept(place: ProjectFolder, take: str, track: str, source: Source) -> np.ndarray:
    path = _cached(place, take, track, "peaks.npy")
    try:
        found = np.load(path, allow_pickle=False)
        if found.dtype == np.int8 and found.ndim == 2 and found.shape[1] == 2:
            return found
    except (OSError, ValueError):
        pass
    found = _all(source)
    with replacing(path) as unfinished:
        np.save(unfinished, found)
    return found


def _all(source: Source) -> np.ndarray:
    gathered, place = Peaks(), 0
    while len(block := source.read(place, _READ)):
        gathered.add(block.T)
        place += len(block)
    return gathered.all()


def _cached(place: ProjectFolder, take: str, track: str, ending: str) -> Path:
    """Where something about a track is kept. Names of tracks come from records, so they are spelled out in hex."""
    own = "song" if track == SONG else take
    name = track if track.isascii() and track.isalnum() else track.encode().hex()
    return place.takes.cache(own, f"{name}.{ending}")


def spectrogram_of(place: ProjectFolder, take: str, track: str) -> Path:
    """A picture of a finished track: a PNG, frequencies on a scale of octaves from below, dark to light."""
    source = source_of(place, take, track)
    path = _cached(place, take, track, "spectrogram.png")
    if source.raw is None and path.is_file():
        return path
    with _drawing:
        _draw(path, brightness(source))
    return path


def brightness(source: Source) -> np.ndarray:
    """A track's spectrogram, 0 to 1, (HEIGHT from the lowest band, columns); black where nothing is ready."""
    rate, _, _, total = source.facts()
    size = 1 << max(9, round(np.log2(0.093 * rate)))
    count = max(1, min(WIDTH, -(-total // (size // 4))))
    window, edges = np.hanning(size).astype(np.float32), _edges(rate, size)
    power = np.zeros((HEIGHT, count), np.float32)
    step = total / count
    for column in range(count):
        spans = np.linspace(column * step, (column + 1) * step, 3)[:2] if step > 2 * size else [column * step]
        for first in spans:
            block = source.read(max(0, int(first)), size).mean(axis=1)
            if not len(block):
                break
            spectrum = np.abs(np.fft.rfft(np.pad(block, (0, size - len(block))) * window)) ** 2
            power[:, column] += np.maximum.reduceat(spectrum, edges[:-1])[:HEIGHT]
    loudest = float(power.max())
    if not loudest:
        return power
    return np.clip(1 + 10 * np.log10(power / loudest + 1e-12) / RANGE_DB, 0, 1)


def _edges(rate: int, size: int) -> np.ndarray:
    """First bins of the bands, (HEIGHT + 1,), ascending; low bands may have a bin in common."""
    highest = rate / 2
    hertz = np.geomspace(min(LOWEST, highest / 4), highest, HEIGHT + 1)
    return np.minimum((hertz * size / rate).astype(np.int64), size // 2)


def _draw(path: Path, rows: np.ndarray) -> None:
    from PIL import Image

    from msgld.api.drawing import coloured

    with replacing(path) as unfinished:
        Image.fromarray(coloured(rows[::-1])).save(unfinished, format="PNG", compress_level=3)
