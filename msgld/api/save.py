"""Results on the disk: stems at their loudness, and a null test of the written files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from msgld.api.encoding import Encoding
from msgld.api.folder import inside
from msgld.api.naming import PLAIN, Names
from msgld.api.picture import Sketch
from msgld.api.record import write_record
from msgld.audio.read import open_file
from msgld.audio.stream import AudioStream, as_channels
from msgld.audio.write import AudioWriter
from msgld.errors import AudioWriteError

BLOCK = 1 << 18
"""Frames that are held at once."""

Track = Callable[[], AbstractContextManager[AudioStream]]
"""Opens a track for reading from its start; may be called again."""


@dataclass(frozen=True)
class Saved:
    """A saved result.

    Attributes:
        folder: of the result.
        files: track name -> its sound file.
        run: content of ``run.json``.
    """

    folder: Path
    files: dict[str, Path]
    run: dict[str, Any]


@dataclass(frozen=True)
class Tracks:
    """Sound to be saved, each track as something that can be read again and again.

    Attributes:
        parts: written; with ``rest`` they sum to the whole.
        whole: their sum, not written.
        extra: also written, such as the mix of made stems.
        rest: the whole less the parts, where it is not written.
        rate: samples per second of all of them.
        frames: samples per channel of all of them.
    """

    parts: Mapping[str, Track]
    whole: Track
    rate: int
    frames: int
    extra: Mapping[str, Track] = field(default_factory=dict)
    rest: Track | None = None


def check_encoding(folder: Path, encoding: Encoding, rate: int, channels: int) -> None:
    """Write one frame and delete it, so that a format that cannot hold the result fails before the work.

    Raises:
        UsageError: no such format.
        AudioWriteError: it does not hold these channels or this rate.
    """
    path = folder / f"stem.{encoding.ext}"
    with AudioWriter(path, rate, channels, subtype=encoding.subtype, bitrate=encoding.bitrate) as writer:
        writer.write(np.zeros((channels, 1), np.float32))
    path.unlink()


def save_tracks(
    folder: Path,
    tracks: Tracks,
    encoding: Encoding,
    sketch: Sketch,
    peak: float,
    info: dict[str, Any],
    step: Callable[[], None] = lambda: None,
    names: Names = PLAIN,
    mix_peak: float = 0.0,
) -> dict[str, Any]:
    """Write sound files, picture and record into a folder.

    Args:
        peak: largest magnitude in the parts.
        mix_peak: in the extra tracks, which alone are turned down for it.
        info: goes to the record; its ``remarks`` are added to.
        step: called after each file; may raise to stop.
        names: of the files.

    Returns:
        The record.
    """
    encoding, chosen = encoding.holding(peak), encoding
    gain = encoding.gain(peak)
    mix_gain = encoding.gain(gain * mix_peak)
    listed = {name: names.file(name, encoding.ext) for name in (*tracks.parts, *tracks.extra)}
    files = {name: inside(folder, path) for name, path in listed.items()}
    for name, track in {**tracks.parts, **tracks.extra}.items():
        _write(files[name], track, tracks, encoding, gain * mix_gain if name in tracks.extra else gain)
        step()
    null = null_db([files[name] for name in tracks.parts], tracks, encoding, gain)
    _beside(inside(folder, names.picture), sketch.draw)
    run = {
        **info,
        "files": listed,
        "bytes": {name: path.stat().st_size for name, path in files.items()},
        "subtype": None if encoding.lossy else encoding.subtype,
        "bitrate": encoding.bitrate if encoding.ext == "mp3" else None,
        "gain": gain,
        "mix_gain": mix_gain if tracks.extra else None,
        "peak": round(peak, 6),
        "null_db": null,
        "remarks": [*info.get("remarks", ()), *_remarks(peak, gain * mix_peak, null, encoding, chosen)],
    }
    _beside(inside(folder, names.record), lambda path: write_record(path, run))
    return run


def _beside(path: Path, write: Callable[[Path], Any]) -> None:
    """Write a file whose folder may not be there yet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path)


def _remarks(
    peak: float, mix_peak: float, null: float, encoding: Encoding, chosen: Encoding
) -> Iterator[str]:
    """What was done to the sound; ``mix_peak`` is that of the mix once the parts' gain is applied."""
    above, gain = f"{20 * np.log10(max(peak, 1)):.1f} dB above full scale", encoding.gain(peak)
    if encoding != chosen:
        yield f"peaks reach {above}, so all files are 32-bit float, which keeps them"
    if peak > 1 and encoding.clips and gain == 1:
        yield f"peaks of up to {above} were cut off"
    if gain != 1:
        yield f"all tracks were turned down by {-20 * np.log10(gain):.1f} dB alike, so that none clips"
    if encoding.lossy:
        yield f"{encoding.ext} does not keep samples exactly: the tracks sum to the whole to {null:.0f} dB"
    if mix_peak > 1 and encoding.clips:
        over = f"{20 * np.log10(mix_peak):.1f} dB"
        if encoding.gain(mix_peak) == 1:
            yield f"peaks of the mix of up to {over} above full scale were cut off"
        else:
            yield f"the mix alone was turned down by {over}, so that it does not clip"


def _write(path: Path, track: Track, tracks: Tracks, encoding: Encoding, gain: float) -> None:
    with (
        track() as reader,
        AudioWriter(
            path,
            tracks.rate,
            reader.channels,
            subtype=encoding.subtype,
            frames=tracks.frames,
            bitrate=encoding.bitrate,
        ) as writer,
    ):
        while (block := reader.read(BLOCK)).shape[1]:
            block = block * np.float32(gain)
            writer.write(np.clip(block, -1, 1) if encoding.clips else block)


def null_db(files: list[Path], tracks: Tracks, encoding: Encoding, gain: float) -> float:
    """Read the files back: RMS of (sum of the parts - the whole) relative to the whole, in dB, -200 to 200.

    Raises:
        AudioWriteError: a file differs from the whole in length; never for lossy formats.
    """
    error = power = 0.0
    with ExitStack() as stack:
        readers: list[AudioStream] = [stack.enter_context(open_file(path)) for path in files]
        _check_lengths(files, readers, tracks.frames, encoding)
        rest = stack.enter_context(tracks.rest()) if tracks.rest else None
        song = stack.enter_context(tracks.whole())
        while (block := song.read(BLOCK)).shape[1]:
            total = block * -np.float64(gain)
            power += float((total**2).sum())
            if rest is not None:
                total += gain * read_like(rest, block)
            for reader in readers:
                total += read_like(reader, block)
            error += float((total**2).sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        decibels = 10 * np.log10(np.float64(error) / power) if error else -200.0
    return round(float(np.clip(decibels, -200.0, 200.0)), 1)


def read_like(reader: AudioStream, block: np.ndarray) -> np.ndarray:
    """The next samples, with the channels and the length of ``block``."""
    channels, samples = block.shape
    read = as_channels(reader.read(samples), channels)
    return np.pad(read, ((0, 0), (0, samples - read.shape[1])))


def _check_lengths(files: list[Path], readers: list[AudioStream], frames: int, encoding: Encoding) -> None:
    for path, reader in zip(files, readers, strict=True):
        if not encoding.lossy and reader.frames != frames:
            raise AudioWriteError(
                f"{path.name} came out with {reader.frames} of {frames} samples; nothing was kept"
            )
