"""Makes soundfonts small enough to be carried to a rented machine: SF2 -> SF3, whose recordings are Ogg Vorbis.

    python tools/soundfonts/compress.py --quality 0.3 --out packed runs/fonts/*.sf2

SF3 is MuseScore's variant of SoundFont 2: places of a recording are bytes of the stream (first and after the last), its
loop counts samples from its beginning, and bit 4 of its type says so. Files that are SF3 already are encoded anew where
that makes them smaller.
"""

from __future__ import annotations

import argparse
import io
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import soundfile

from msgld.music.render.sf2 import chunk
from soundfonts.write import RECORDING

_VORBIS, _ROM = 0x10, 0x8000


def chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each chunk of a list. MuseScore's files leave out the byte that makes a size even."""
    at = 0
    while at + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, at)
        at += 8 + size
        yield name, data[at - size : at]
        at += size % 2 and data[at : at + 1] == b"\0"


def encoded(wave: np.ndarray, rate: int, quality: float) -> bytes:
    """A recording as a stream. Args: quality: 0 the smallest to 1 the best."""
    stream = io.BytesIO()
    soundfile.write(
        stream,
        wave,
        rate,
        format="OGG",
        subtype="VORBIS",
        compression_level=float(np.clip(1 - quality, 0, 1)),
    )
    return stream.getvalue()


def decoded(stream: bytes) -> np.ndarray:
    """A stream's samples (L,), 16 bits."""
    return soundfile.read(io.BytesIO(stream), dtype="int16")[0]


def recordings(
    samples: bytes,
    headers: bytes,
    quality: float,
    encode: Callable[[np.ndarray, int, float], bytes] = encoded,
) -> tuple[bytes, bytes]:
    """Samples (16 bits, or streams) and the table of recordings -> the same of an SF3 file."""
    wave = np.frombuffer(samples, "<i2", len(samples) // 2)
    streams, table, at = [], [], 0
    for name, first, after, loop, loop_end, rate, *pitch, kind in RECORDING.iter_unpack(headers):
        if kind & _ROM or after <= first:
            table.append(RECORDING.pack(name, 0, 0, 0, 0, rate, *pitch, kind))
            continue
        is_stream = kind & _VORBIS
        stream = encode(decoded(samples[first:after]) if is_stream else wave[first:after], rate, quality)
        base = 0 if is_stream else first
        table.append(
            RECORDING.pack(
                name, at, at + len(stream), loop - base, loop_end - base, rate, *pitch, kind | _VORBIS
            )
        )
        streams.append(stream)
        at += len(stream)
    streams.append(bytes(at % 2))  # not every synthesiser skips the byte after a chunk of odd size
    return b"".join(streams), b"".join(table)


def compressed(
    font: bytes, quality: float, encode: Callable[[np.ndarray, int, float], bytes] = encoded
) -> bytes:
    """An SF2 or SF3 file as SF3.

    Args:
        font: the file.
        quality: of the recordings, 0 to 1.
        encode: makes a stream of a recording, its rate and the quality.

    Raises:
        ValueError: it is neither.
    """
    lists = {data[:4]: dict(chunks(data[4:])) for name, data in chunks(font[12:]) if name == b"LIST"}
    if font[:4] != b"RIFF" or not {b"INFO", b"sdta", b"pdta"} <= set(lists):
        raise ValueError("not a SoundFont 2 file")
    info, sounds, tables = lists[b"INFO"], lists[b"sdta"], lists[b"pdta"]
    info[b"ifil"] = struct.pack("<HH", 3, 1)
    sounds[b"smpl"], tables[b"shdr"] = recordings(sounds[b"smpl"], tables[b"shdr"], quality, encode)
    sounds.pop(b"sm24", None)
    body = b"".join(
        chunk(b"LIST", kind + b"".join(chunk(name, data) for name, data in lists[kind].items()))
        for kind in (b"INFO", b"sdta", b"pdta")
    )
    return chunk(b"RIFF", b"sfbk" + body)


def smaller(path: Path, quality: float) -> bytes:
    """A soundfont as SF3; one that is SF3 already as it is, where that is shorter."""
    font = path.read_bytes()
    small = compressed(font, quality)
    return font if path.suffix.lower() == ".sf3" and len(font) < len(small) else small


def main() -> None:
    """Write a smaller copy of each file."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("fonts", nargs="+", type=Path)
    parser.add_argument("--quality", type=float, default=0.3, help="of the recordings, 0 to 1")
    parser.add_argument("--out", required=True, type=Path)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for path in options.fonts:
        small = smaller(path, options.quality)
        (options.out / path.name).with_suffix(".sf3").write_bytes(small)
        print(f"{path.name}: {path.stat().st_size / 1e6:.1f} -> {len(small) / 1e6:.1f} MB")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
