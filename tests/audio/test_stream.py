"""Every source of sound is one kind of stream: pieces make up the whole, and skipping is reading without looking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import numpy as np
import pytest
from encoded import encode
from inprocess import Decoding

from msgld.audio.sound import Excerpt, open_stream
from msgld.audio.stream import AudioStream, ResampledStream, Spool
from msgld.audio.write import write

RATE, FRAMES = 22_050, 9000
Opening = Callable[[Path], AbstractContextManager[AudioStream]]


def noise() -> np.ndarray:
    return np.random.default_rng(0).uniform(-0.5, 0.5, (2, FRAMES)).astype(np.float32)


def spool(folder: Path) -> AbstractContextManager[AudioStream]:
    (folder / "x.spool").unlink(missing_ok=True)
    kept = Spool(folder / "x.spool", RATE, 2)
    for block in np.split(noise(), 3, axis=1):
        kept.append(block)
    assert kept.peak == np.abs(noise()).max()
    return kept.open()


def file(folder: Path) -> AbstractContextManager[AudioStream]:
    write(folder / "x.wav", noise(), RATE, subtype="FLOAT", overwrite=True)
    return open_stream(folder / "x.wav")


def decoder(folder: Path) -> AbstractContextManager[AudioStream]:
    return open_stream(encode(folder / "x.m4a", noise(), RATE, "aac"))


@contextmanager
def resampled(_: Path) -> Iterator[AudioStream]:
    with open_stream((noise(), RATE)) as stream:
        yield ResampledStream(stream, 16_000, 1)


STREAMS: dict[str, Opening] = {
    "array": lambda _: open_stream((noise(), RATE)),
    "file": file,
    "decoder": decoder,
    "excerpt": lambda folder: open_stream(Excerpt((noise(), RATE), 0.05, 0.3)),
    "resampled": resampled,
    "spool": spool,
}


@pytest.fixture(autouse=True)
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msgld.audio.ffmpeg.subprocess.Popen", Decoding)


@pytest.mark.parametrize("kind", STREAMS)
def test_a_stream_keeps_the_protocol(tmp_path: Path, kind: str):
    with STREAMS[kind](tmp_path) as stream:
        whole = stream.read(10 * FRAMES)
        assert whole.dtype == np.float32
        assert whole.shape == (stream.channels, stream.frames)
        assert stream.read(1).shape == (stream.channels, 0) and stream.skip(1) == 0
        assert list(stream.remarks) == []
    with STREAMS[kind](tmp_path) as stream:
        pieces = [stream.read(700)]
        assert stream.skip(1111) == 1111
        while (piece := stream.read(999)).shape[1]:
            pieces.append(piece)
    got = np.concatenate(pieces, axis=1)
    assert np.abs(got - np.delete(whole, slice(700, 1811), axis=1)).max() < 1e-6
