"""What libsndfile cannot read (m4a, video, ...) is decoded by the ffmpeg program, through a pipe."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from msgld.errors import AudioReadError

INSTALL_HINT = "install ffmpeg (apt install ffmpeg, brew install ffmpeg or winget install ffmpeg)"


def find_ffmpeg() -> tuple[str, str] | None:
    """The paths of the programs ffmpeg and ffprobe, or None where one of them is missing."""
    programs = shutil.which("ffmpeg"), shutil.which("ffprobe")
    return None if None in programs else programs  # type: ignore[return-value]


def _probe(ffprobe: str, path: Path) -> dict[str, Any]:
    """ffprobe's answer about the first audio stream; the stream's keys and ``format_name``."""
    entries = "stream=codec_name,sample_rate,channels,duration:format=format_name"
    command = [ffprobe, "-v", "error", "-protocol_whitelist", "file", "-select_streams", "a:0"]
    command += ["-show_entries", entries, "-of", "json", f"file:{path}"]
    result = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    if result.returncode:
        raise AudioReadError(f"{path} is not audio that can be decoded: {_last_line(result.stderr, path)}")
    answer = json.loads(result.stdout)
    if not answer.get("streams"):
        raise AudioReadError(f"{path} holds no audio")
    return {**answer["streams"][0], **answer["format"]}


def _last_line(stderr: bytes, path: Path) -> str:
    lines = stderr.decode(errors="replace").strip().splitlines()
    return lines[-1].replace(f"file:{path}: ", "") if lines else "no reason given"


class FfmpegDecoder:
    """Samples of the first audio stream of a file, in order, at the stream's own rate and channels.

    Attributes:
        rate, channels: of the stream.
        frames: the length that the container states, an estimate; 0 where it states none.
        slack: frames by which the decoded length may stay below ``frames`` in a whole file.
        subtype: ffmpeg's name of the codec, such as ``aac``.
    """

    def __init__(self, path: Path, programs: tuple[str, str]) -> None:
        ffmpeg, ffprobe = programs
        facts = _probe(ffprobe, path)
        self._path = path
        self.rate = int(facts["sample_rate"])
        self.channels = int(facts["channels"])
        self.subtype = str(facts["codec_name"])
        self.frames = round(float(facts.get("duration") or 0) * self.rate)
        # Only this family states a length of its own; elsewhere it is guessed from the bit rate.
        self.slack = self.rate / 2 if facts["format_name"].startswith("mov,mp4") else float("inf")
        # A file, as a pipe that nobody reads would fill up and block.
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        command = [ffmpeg, "-nostdin", "-v", "error", "-protocol_whitelist", "file", "-i", f"file:{path}"]
        command += ["-map", "0:a:0", "-f", "f32le", "-c:a", "pcm_f32le"]
        command += ["-ac", str(self.channels), "-ar", str(self.rate), "pipe:1"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._stderr
        )

    def read(self, frames: int) -> np.ndarray:
        """The next ``frames`` frames, fewer only at the end: float32 (n, channels).

        Raises:
            AudioReadError: ffmpeg gave up.
        """
        assert self._process.stdout is not None
        data = self._process.stdout.read(frames * self.channels * 4)
        if len(data) < frames * self.channels * 4 and self._process.wait():
            self._stderr.seek(0)
            raise AudioReadError(f"{self._path} is damaged: {_last_line(self._stderr.read(), self._path)}")
        whole = len(data) // (4 * self.channels)
        return np.frombuffer(data, "<f4", whole * self.channels).reshape(whole, self.channels)

    def close(self) -> None:
        """End ffmpeg, also in the middle of a file."""
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process.kill()
        self._process.wait()
        self._stderr.close()
