"""Whatever a song comes in, it is decoded to the sample: no encoder's delay, no padding, nothing missing.

What each container can state was looked up in its own bytes. Where one states no exact length, what is promised
is tested instead: all of the sound is there, in order, and what surrounds it is less than three codec frames.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from encoded import encode
from inprocess import Decoding

from msgld.audio.read import open_file


@pytest.fixture(autouse=True)
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msgld.audio.ffmpeg.subprocess.Popen", Decoding)


RATES = (22_050, 44_100, 48_000, 96_000)
MP3 = (22_050, 44_100, 48_000)
OPUS = (48_000,)
ONE, TWO = (44_100,), (22_050, 48_000)


@dataclass(frozen=True)
class Kind:
    """A format: by ``container`` and ``subtype`` of libsndfile, or by ``codec`` and ``options`` of PyAV."""

    name: str
    container: str = ""
    subtype: str = ""
    codec: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    rates: tuple[int, ...] = RATES
    noise_db: float = -8.0  # of the error that the codec makes of noise
    delay: int = 0  # of the encoder, where the container does not tell
    frame: int = 0  # samples that the codec packs together

    def write(self, path: Path, samples: np.ndarray, rate: int) -> None:
        """Encode samples (channels, n)."""
        if self.container:
            level = 0.1 if self.frame else None
            soundfile.write(
                path, samples.T, rate, self.subtype, format=self.container, compression_level=level
            )
            return
        encode(path, samples, rate, self.codec, **self.options)


BY_LIBSNDFILE = [
    Kind("16.wav", "WAV", "PCM_16", noise_db=-70),
    Kind("24.wav", "WAV", "PCM_24", noise_db=-110),
    Kind("float.wav", "WAV", "FLOAT", noise_db=-140),
    Kind("rf64.wav", "RF64", "PCM_24", noise_db=-110),
    Kind("24.w64", "W64", "PCM_24", noise_db=-110),
    Kind("16.flac", "FLAC", "PCM_16", noise_db=-70),
    Kind("24.flac", "FLAC", "PCM_24", noise_db=-110),
    Kind("24.aiff", "AIFF", "PCM_24", noise_db=-110),
    Kind("16.caf", "CAF", "PCM_16", noise_db=-70),
    Kind("vorbis.ogg", "OGG", "VORBIS", frame=1024),
    Kind("opus.opus", "OGG", "OPUS", rates=OPUS, frame=960),
    Kind("lame.mp3", "MP3", "MPEG_LAYER_III", rates=MP3, frame=1152),
]
BIT_RATE = {"bit_rate": 160_000}
VIDEO = {"video": True, "bit_rate": 128_000}
BY_FFMPEG = [
    Kind("ffmpeg.wav", codec="pcm_s24le", noise_db=-110),
    Kind("ffmpeg.flac", codec="flac", noise_db=-70),
    Kind("ffmpeg.opus", codec="libopus", options={"bit_rate": 128_000}, rates=OPUS),
    Kind("ffmpeg.mp3", codec="libmp3lame", options=BIT_RATE, rates=MP3),
    Kind("aac.m4a", codec="aac", options=BIT_RATE),
    Kind("fast.m4a", codec="aac", options={**BIT_RATE, "muxer": {"movflags": "+faststart"}}, rates=ONE),
    Kind("fine.m4a", codec="aac", options={**BIT_RATE, "muxer": {"movie_timescale": "352800"}}, rates=ONE),
    Kind("coarse.m4a", codec="aac", options={**BIT_RATE, "muxer": {"movie_timescale": "600"}}, rates=ONE),
    Kind("alac.m4a", codec="alac", rates=TWO, noise_db=-70),
    Kind("alac.caf", codec="alac", rates=ONE, noise_db=-70),
    Kind("x.wv", codec="wavpack", rates=TWO, noise_db=-70),
    Kind("x.tta", codec="tta", rates=ONE, noise_db=-35),
    Kind("aac.mov", codec="aac", options=VIDEO, rates=ONE),
    Kind("aac.mp4", codec="aac", options=VIDEO, rates=TWO),
    Kind("opus.mp4", codec="libopus", options=VIDEO, rates=OPUS),
    Kind("opus.mkv", codec="libopus", options=VIDEO, rates=OPUS),
    Kind("flac.mkv", codec="flac", options={"video": True}, rates=TWO, noise_db=-70),
    Kind("opus.webm", codec="libopus", options=VIDEO, rates=OPUS),
]
WITHOUT_LENGTH = [
    Kind("adts.aac", codec="aac", options=BIT_RATE, rates=TWO, delay=1024, frame=1024),
    Kind("aac.mkv", codec="aac", options=VIDEO, rates=TWO, frame=1024),
    Kind(
        "untagged.mp3",
        codec="libmp3lame",
        options={"bit_rate": 192_000, "muxer": {"write_xing": "0"}},
        rates=TWO,
        delay=1105,
        frame=1152,
    ),
    Kind("x.ac3", codec="ac3", options={"bit_rate": 320_000}, rates=OPUS, delay=256, frame=1536),
]


def cases(kinds: list[Kind]) -> list:
    """Every kind at each rate that it can have, mono and stereo, with a name."""
    combinations = [(kind, rate, channels) for kind in kinds for rate in kind.rates for channels in (1, 2)]
    return [pytest.param(*case, id=f"{case[0].name}-{case[1]}-{case[2]}") for case in combinations]


def song(rate: int, channels: int, samples: int) -> np.ndarray:
    """Swelling noise of less than 3 kHz, other in each channel: what it lies on is seen to the sample."""
    spectrum = np.fft.rfft(np.random.default_rng(0).standard_normal((channels, samples)))
    spectrum[:, np.fft.rfftfreq(samples, 1 / rate) > 3000] = 0
    noise = np.fft.irfft(spectrum, samples) * (0.6 - 0.4 * np.cos(np.arange(samples) * 14 / rate))
    return (0.4 * noise / np.abs(noise).max()).astype(np.float32)


def decoded(path: Path, block: int = 1000) -> tuple[np.ndarray, int, int]:
    """All samples (channels, n), the rate, and the length that was foretold."""
    with open_file(path) as file:
        blocks = [file.read(block)]
        while blocks[-1].shape[1]:
            blocks.append(file.read(block))
        return np.concatenate(blocks, axis=1), file.rate, file.frames


def lag(heard: np.ndarray, sung: np.ndarray) -> int:
    """By how many samples ``heard`` (n,) comes late."""
    size = len(heard) + len(sung)
    correlation = np.fft.irfft(np.fft.rfft(heard, size) * np.fft.rfft(sung, size).conj(), size)
    best = int(correlation.argmax())
    return best if best < len(heard) else best - size


def error_db(heard: np.ndarray, sung: np.ndarray) -> float:
    """Power of the difference to that of the song."""
    return float(10 * np.log10(((heard - sung) ** 2).sum() / (sung**2).sum() + 1e-20))


def check_exact(folder: Path, kind: Kind, rate: int, channels: int) -> None:
    """The song comes back in its length, at its place and as close as the codec lets it."""
    sung = song(rate, channels, (rate // 3) | 1)
    kind.write(folder / kind.name, sung, rate)
    heard, heard_rate, foretold = decoded(folder / kind.name)
    assert (heard_rate, heard.shape) == (rate, sung.shape)
    assert foretold == sung.shape[1] or kind.name.endswith((".mkv", ".webm"))
    assert [lag(one, other) for one, other in zip(heard, sung, strict=True)] == [0] * channels
    assert error_db(heard, sung) < kind.noise_db


@pytest.mark.parametrize(("kind", "rate", "channels"), cases(BY_LIBSNDFILE))
def test_formats_of_libsndfile_are_exact(tmp_path: Path, kind: Kind, rate: int, channels: int):
    check_exact(tmp_path, kind, rate, channels)


@pytest.mark.parametrize(("kind", "rate", "channels"), cases(BY_FFMPEG))
def test_what_other_programs_write_is_exact(tmp_path: Path, kind: Kind, rate: int, channels: int):
    check_exact(tmp_path, kind, rate, channels)


@pytest.mark.parametrize("samples", [100, 1023, 1024, 1025, 9999])
def test_no_length_of_an_m4a_is_lost(tmp_path: Path, samples: int):
    for kind in BY_FFMPEG:
        if kind.name in ("aac.m4a", "fine.m4a", "coarse.m4a"):
            kind.write(tmp_path / kind.name, song(44_100, 1, samples), 44_100)
            assert decoded(tmp_path / kind.name)[0].shape[1] == samples, kind.name


@pytest.mark.parametrize(("kind", "rate", "channels"), cases(WITHOUT_LENGTH))
def test_without_a_stated_length_all_of_the_sound_is_there(
    tmp_path: Path, kind: Kind, rate: int, channels: int
):
    sung = song(rate, channels, (rate // 3) | 1)
    kind.write(tmp_path / kind.name, sung, rate)
    heard, heard_rate, _ = decoded(tmp_path / kind.name)
    assert (heard_rate, heard.shape[0]) == (rate, channels)
    assert sung.shape[1] <= heard.shape[1] - kind.delay < sung.shape[1] + 2 * kind.frame
    assert [lag(one, other) for one, other in zip(heard, sung, strict=True)] == [kind.delay] * channels
    assert error_db(heard[:, kind.delay :][:, : sung.shape[1]], sung) < kind.noise_db


def test_the_end_of_an_m4a_is_the_same_however_it_is_read(tmp_path: Path):
    kind = next(kind for kind in BY_FFMPEG if kind.name == "aac.m4a")
    kind.write(tmp_path / "a.m4a", song(44_100, 2, 30_001), 44_100)
    whole = decoded(tmp_path / "a.m4a", 1 << 20)[0]
    for block in (7777, 30_001):
        np.testing.assert_array_equal(decoded(tmp_path / "a.m4a", block)[0], whole)
