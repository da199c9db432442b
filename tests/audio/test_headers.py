"""Headers of WAV, AIFF, W64, CAF and AU are believed neither way, and chunks are no sound."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from whole import read

from msgld.audio.headers import audit, sound_chunk
from msgld.audio.read import open_file
from msgld.audio.sound import Excerpt, read_all
from msgld.audio.write import write
from msgld.errors import AudioReadError

RATE = 44_100
KINDS = {
    "x.wav": ("WAV", "PCM_16"),
    "24.wav": ("WAV", "PCM_24"),
    "float.wav": ("WAV", "FLOAT"),
    "x.rf64": ("RF64", "PCM_16"),
    "x.w64": ("W64", "PCM_16"),
    "x.aiff": ("AIFF", "PCM_16"),
    "x.caf": ("CAF", "PCM_16"),
    "x.au": ("AU", "PCM_16"),
}


def noise(channels: int = 2, frames: int = 5000, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.9, 0.9, (channels, frames)).astype(np.float32)


def written(folder: Path, kind: str, samples: np.ndarray) -> Path:
    """A file of a kind, and nothing behind its sound."""
    container, subtype = KINDS[kind]
    path = folder / kind
    soundfile.write(path, samples.T, RATE, subtype, format=container)
    data = path.read_bytes()
    found = sound_chunk(data)
    assert found is not None and found.size is not None
    path.write_bytes(data[: found.start + (samples.size * {"PCM_16": 2, "PCM_24": 3, "FLOAT": 4}[subtype])])
    return path


def count(path: Path, change: float) -> None:
    """Multiply the bytes of sound that the header counts."""
    data = bytearray(path.read_bytes())
    found = sound_chunk(bytes(data))
    assert found is not None and found.size is not None
    size = int(found.size * change) // 24 * 24 + found.extra + found.lead
    data[found.field : found.field + found.width] = size.to_bytes(found.width, found.order)
    path.write_bytes(data)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("channels", [1, 2, 6])
def test_sound_behind_what_the_header_counts_is_read_and_noted(tmp_path: Path, kind: str, channels: int):
    path = written(tmp_path, kind, noise(channels))
    before = read(path)
    assert before.remarks == () and before.samples.shape == (channels, 5000)
    for change in (0.5, 0.9, 0.0):
        count(path, change)
        got = read(path)
        np.testing.assert_array_equal(got.samples, before.samples)
        assert len(got.remarks) == 1 and "header counts fewer" in got.remarks[0]
        written(tmp_path, kind, noise(channels))


@pytest.mark.parametrize("kind", KINDS)
def test_sound_that_is_promised_and_missing_is_refused(tmp_path: Path, kind: str):
    path = written(tmp_path, kind, noise())
    path.write_bytes(path.read_bytes()[:-4000])
    with pytest.raises(AudioReadError, match="cut short"):
        read(path)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF000, 0x80000000, 0xFFFFFFFF - 36])
def test_sizes_of_streams_promise_nothing(tmp_path: Path, size: int):
    path = written(tmp_path, "x.wav", noise())
    before, data = read(path).samples, bytearray(path.read_bytes())
    data[40:44] = size.to_bytes(4, "little")
    path.write_bytes(data)
    got = read(path)
    np.testing.assert_array_equal(got.samples, before)
    assert got.remarks == ()


CHUNK = st.tuples(
    st.sampled_from([b"LIST", b"id3 ", b"bext", b"cue ", b"xyzq", b"SAUR", b"_PMX", b"junk"]),
    st.binary(max_size=300),
)


@given(st.lists(CHUNK, max_size=4), st.integers(1, 400), st.booleans())
@settings(deadline=None, max_examples=80)
def test_chunks_are_never_taken_for_sound(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[tuple[bytes, bytes]], frames: int, padded: bool
):
    path = tmp_path_factory.mktemp("chunks") / "x.wav"
    samples = noise(1, frames)
    soundfile.write(path, samples.T, RATE, "PCM_U8")
    data = path.read_bytes()[: 44 + frames]
    data += b"\0" * (frames % 2 and padded)
    for name, body in chunks:
        data += name + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) % 2)
    found = sound_chunk(data)
    assert found is not None and found.size == frames
    assert audit(data, found).left == 0


@pytest.mark.parametrize("tail", [bytes(3000), b"TAG" + bytes(125), b"ID3\x03\0\0\0\0\0\x05hello"])
def test_padding_and_tags_are_no_sound(tmp_path: Path, tail: bytes):
    path = written(tmp_path, "x.wav", noise())
    path.write_bytes(path.read_bytes() + tail)
    got = read(path)
    assert got.samples.shape == (2, 5000) and got.remarks == ()


@given(st.integers(0, 6000), st.integers(1, 3000))
@settings(deadline=None, max_examples=30)
@pytest.mark.parametrize("ending", ["wav", "flac"])
def test_skipping_is_reading_without_looking(
    tmp_path_factory: pytest.TempPathFactory, ending: str, skipped: int, taken: int
):
    path = tmp_path_factory.getbasetemp() / f"skip.{ending}"
    if not path.exists():
        write(path, noise(2, 5000), RATE, subtype="PCM_16")
    samples = read(path).samples
    with open_file(path) as file:
        file.read(17)
        assert file.skip(skipped) == min(skipped, 5000 - 17)
        np.testing.assert_array_equal(file.read(taken), samples[:, 17 + skipped :][:, :taken])


@pytest.mark.parametrize("ending", ["ogg", "mp3"])
def test_an_excerpt_of_a_compressed_file_is_exact(tmp_path: Path, ending: str):
    path = tmp_path / f"x.{ending}"
    write(path, noise(2, RATE), RATE)
    samples = read(path).samples
    got, rate = read_all(Excerpt(path, 0.3, 0.7))
    np.testing.assert_array_equal(got, samples[:, round(0.3 * rate) : round(0.7 * rate)])


@given(
    st.sampled_from(["x.w64", "x.caf", "x.rf64"]),
    st.integers(0, 60),
    st.integers(0, 2**64 - 1),
    st.booleans(),
)
@settings(deadline=None, max_examples=150)
def test_chunks_of_any_size_lead_nowhere_outside_the_file(kind: str, place: int, size: int, big: bool):
    container, subtype = KINDS[kind]
    buffer = io.BytesIO()
    soundfile.write(buffer, noise(1, 50).T, RATE, subtype, format=container)
    data = bytearray(buffer.getvalue())
    data[place : place + 8] = size.to_bytes(8, "big" if big else "little")
    found = sound_chunk(bytes(data))
    if found is not None:
        seen = audit(bytes(data), found)
        assert seen.missing >= 0 and 0 <= seen.left <= len(data) and not (seen.missing and seen.left)
