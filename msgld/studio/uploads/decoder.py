"""The process that reads one uploaded file: ``python -m msgld.studio.uploads.decoder``.

It takes one line of JSON, writes the sound as a WAV file of 32-bit floats, answers with one line, and ends. Its memory,
its time and the size of its files are limited. It imports no torch, so it is there at once.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from msgld.audio.sound import open_stream
from msgld.audio.stream import AudioStream, ResampledStream
from msgld.audio.write import AudioWriter
from msgld.errors import AudioReadError
from msgld.studio.errors import line_of
from msgld.studio.library.peaks import Peaks
from msgld.studio.processes.talking import Line

_BLOCK = 1 << 17


def decode(
    source: Path, target: Path, limits: dict[str, float], like: dict[str, int] | None
) -> dict[str, Any]:
    """Read a file and write its sound.

    Args:
        source: a file of any kind.
        target: the WAV file, whose peaks go to ``target`` with the ending ``.peaks.npy``.
        limits: ``seconds``, and ``decoded``, bytes of the sound.
        like: ``rate`` and ``channels`` that it shall have; None for its own.

    Raises:
        AudioReadError: no sound, damaged, or too long.
    """
    with open_stream(source) as own:
        _check(own, own.frames, limits)
        sound = own if like is None else ResampledStream(own, like["rate"], like["channels"])
        done, peaks = 0, Peaks()
        with AudioWriter(target, sound.rate, sound.channels, subtype="FLOAT") as writer:
            while (block := sound.read(_BLOCK)).shape[1]:
                done += block.shape[1]
                _check(sound, done, limits)
                writer.write(block)
                peaks.add(block)
        np.save(target.with_suffix(".peaks.npy"), peaks.all())
        remarks = list(own.remarks)
    return {"frames": done, "rate": sound.rate, "channels": sound.channels, "remarks": remarks,
            "seconds": round(done / sound.rate, 3)}  # fmt: skip


def _check(sound: AudioStream, frames: int, limits: dict[str, float]) -> None:
    if frames > limits["seconds"] * sound.rate:
        raise AudioReadError(f"it is longer than {limits['seconds'] / 60:g} minutes: cut it first")
    if 4 * frames * sound.channels > limits["decoded"]:
        most = limits["decoded"] / 1e9
        raise AudioReadError(f"it is larger than {most:g} GB as sound: cut it, or export it at a lower rate")


def limit_process(memory: float, seconds: float, largest: float) -> None:
    """Limit this process and those that it starts, where the system can: bytes, seconds of computing, bytes of a file.

    A process whose time is over is ended; memory and files beyond the limits are errors.
    """
    with suppress(ImportError, OSError, ValueError):
        import resource

        for kind, most in (
            (resource.RLIMIT_AS, memory),
            (resource.RLIMIT_CPU, seconds),
            (resource.RLIMIT_FSIZE, largest),
            (resource.RLIMIT_CORE, 0),
        ):
            hard = resource.getrlimit(kind)[1]
            least = int(most) if hard == resource.RLIM_INFINITY else min(int(most), hard)
            resource.setrlimit(kind, (least, least))


def main() -> NoReturn:
    """Read the file that the first line names."""
    line = Line()
    for order in line.lines():
        source, limits = Path(order["source"]), order["limits"]
        size = source.stat().st_size if source.is_file() else 0
        limit_process(limits["memory"] + size, limits["decode_seconds"], limits["decoded"] + (1 << 20))
        try:
            line.send(done=decode(source, Path(order["target"]), limits, order.get("like")))
        except Exception as error:
            text = "it takes too much memory to read: it is damaged, or export it as WAV or FLAC"
            line.send(failed=text if isinstance(error, MemoryError) else line_of(error))
        break
    os._exit(0)


if __name__ == "__main__":
    main()
