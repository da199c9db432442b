"""Whole files of shapes that programs really write, and that were once taken for damaged or cut."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from encoded import encode
from whole import read

from msgld.audio.decoder.ogg import pages
from msgld.audio.write import write

RATE = 48_000
LATE = {"muxer": {"output_ts_offset": "2.5"}}
SHAPES: list[tuple[str, str, dict[str, Any], int]] = [
    ("sound alone.avi", "pcm_s16le", {}, 0),
    ("mp3 in.wav", "libmp3lame", {}, 1105),
    ("mp3.mka", "libmp3lame", {}, 0),
    ("late.mkv", "aac", {**LATE, "video": True}, 0),
    ("late.mka", "flac", LATE, 0),
    ("late.webm", "libopus", LATE, 0),
    ("late.ogg", "flac", {**LATE, "container": "ogg"}, 0),
    ("dvd.vob", "pcm_dvd", {"container": "vob"}, 0),
]


def noise(samples: int = RATE + 77, channels: int = 2) -> np.ndarray:
    """Noise below 3 kHz, (channels, samples)."""
    spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal((channels, samples)))
    spectrum[:, np.fft.rfftfreq(samples, 1 / RATE) > 3000] = 0
    made = np.fft.irfft(spectrum, samples)
    return (0.4 * made / np.abs(made).max()).astype(np.float32)


def agrees(got: np.ndarray, sound: np.ndarray, delay: int = 0) -> bool:
    """Whether the sound is there, ``delay`` samples late."""
    inner = slice(3000, 40_000)
    heard = got[:, delay:][:, inner]
    return bool(np.corrcoef(heard.ravel(), sound[:, inner].ravel())[0, 1] > 0.97)


@pytest.mark.parametrize(("name", "codec", "options", "delay"), SHAPES, ids=[shape[0] for shape in SHAPES])
def test_it_is_read_whole_and_without_a_note(
    tmp_path: Path, name: str, codec: str, options: dict[str, Any], delay: int
):
    sound = noise()
    got = read(encode(tmp_path / name, sound, RATE, codec, **options))
    assert -1 <= got.samples.shape[1] - sound.shape[1] < 2400
    assert agrees(got.samples, sound, delay)
    assert got.remarks == ()


@pytest.mark.parametrize("codec", ["libopus", "flac", "vorbis"])
@pytest.mark.parametrize("missing", [1, 4])
def test_a_recording_of_a_stream_begins_where_it_was_begun(tmp_path: Path, codec: str, missing: int):
    """A radio station sends the headers, and then pages from the middle of what it plays."""
    sound = noise(4 * RATE)
    path = tmp_path / "x.ogg"
    if codec == "vorbis":
        write(path, sound, RATE)
    else:
        encode(path, sound, RATE, codec, container="ogg", muxer={"page_duration": "200000"})
    data = path.read_bytes()
    every = list(pages(data))
    headers = sum(page.granule == 0 for page in every)
    kept = every[:headers] + every[headers + missing :]
    path.write_bytes(b"".join(data[page.start : page.stop] for page in kept))
    got, begin = read(path), every[headers + missing - 1].granule
    begin += 1024 if codec == "vorbis" else 0  # its first packet needs the one before
    assert agrees(got.samples, sound[:, begin:])
    assert got.remarks == ()
    assert abs(got.samples.shape[1] - (sound.shape[1] - begin)) <= 1024


def test_floats_of_any_loudness_are_no_damage_where_all_samples_are_kept(tmp_path: Path):
    sound = 30_000 * noise()
    got = read(encode(tmp_path / "x.wv", sound, RATE, "wavpack"))
    np.testing.assert_array_equal(got.samples, sound)
