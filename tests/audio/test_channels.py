"""Three to eight channels are the same loudspeakers in as out, in all formats."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from encoded import decode, encode
from inprocess import Decoding
from whole import read

from msgld.audio.write import write
from msgld.errors import AudioReadError

RATE = 48_000


@pytest.fixture(autouse=True)
def in_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msgld.audio.ffmpeg.subprocess.Popen", Decoding)


def sines(channels: int) -> np.ndarray:
    """One sine in each channel, 40 Hz apart: low ones, as the LFE channel has no highs. (channels, 1 s)."""
    time = np.arange(RATE) / RATE
    return np.stack([0.3 * np.sin(2 * np.pi * 40 * (1 + channel) * time) for channel in range(channels)])


def order(samples: np.ndarray) -> list[int]:
    """Which sine each channel holds."""
    inner = samples[:, 4800:-4800]
    peaks = np.abs(np.fft.rfft(inner * np.hanning(inner.shape[1]))).argmax(axis=1)
    return [round(peak * RATE / inner.shape[1] / 40) - 1 for peak in peaks.tolist()]


@pytest.mark.parametrize("channels", range(1, 9))
@pytest.mark.parametrize("ending", ["wav", "flac", "ogg"])
def test_what_is_written_comes_out_of_the_same_loudspeakers(tmp_path: Path, ending: str, channels: int):
    path = tmp_path / f"x.{ending}"
    write(path, sines(channels).astype(np.float32), RATE)
    assert order(decode(path)[0]) == list(range(channels))  # as a player hears it
    assert order(read(path).samples) == list(range(channels))


@pytest.mark.parametrize("channels", range(3, 9))
def test_vorbis_and_opus_are_read_in_the_order_of_wav(tmp_path: Path, channels: int):
    for name, subtype in (("x.ogg", "VORBIS"), ("x.opus", "OPUS")):
        soundfile.write(tmp_path / name, sines(channels).T, RATE, subtype, format="OGG")
        samples, _ = decode(tmp_path / name)
        assert order(read(tmp_path / name).samples) == order(samples)


@pytest.mark.parametrize(
    ("ending", "codec"), [("m4a", "aac"), ("ac3", "ac3"), ("opus", "libopus"), ("mka", "flac")]
)
def test_surround_of_other_programs_is_read_as_it_was(tmp_path: Path, ending: str, codec: str):
    path = encode(tmp_path / f"x.{ending}", sines(6), RATE, codec, bit_rate=384_000)
    assert order(read(path).samples) == list(range(6))


def test_more_than_eight_channels_are_refused(tmp_path: Path):
    path = tmp_path / "x.wav"
    soundfile.write(path, np.zeros((100, 9)), RATE)
    with pytest.raises(AudioReadError, match="9 channels"):
        read(path)
