"""What libsndfile cannot read (m4a, video, ...) is decoded by the ffmpeg program, through a pipe."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
import tempfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from msgld.errors import AudioReadError

INSTALL_HINT = "install ffmpeg (apt install ffmpeg, brew install ffmpeg or winget install ffmpeg)"

_MOVIE_TICKS = (600, 1000)
"""Ticks a second that movies are usually timed in; what one of them rounds away may be missing at the end."""

_APART: dict[str, Any] = {"creationflags": 0x200} if sys.platform == "win32" else {"start_new_session": True}
"""Ctrl-C is for us, who then end ffmpeg: struck itself it would look as if the file were damaged."""


def find_ffmpeg() -> tuple[str, str] | None:
    """The paths of the programs ffmpeg and ffprobe, or None where one of them is missing."""
    programs = shutil.which("ffmpeg"), shutil.which("ffprobe")
    return None if None in programs else programs  # type: ignore[return-value]


def _probe(ffprobe: str, path: Path, *options: str) -> dict[str, Any]:
    """ffprobe's answer about the first audio stream; its keys, ``format_name``, and ``first`` packet's time."""
    entries = "stream=codec_name,sample_rate,channels,time_base,start_pts,duration_ts,duration"
    command = [ffprobe, "-v", "error", "-protocol_whitelist", "file", *options, "-select_streams", "a:0"]
    command += [
        "-read_intervals",
        "%+#1",
        "-show_entries",
        f"{entries}:format=format_name,duration:packet=pts",
    ]
    command += ["-of", "json", f"file:{path}"]
    result = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    if result.returncode:
        raise AudioReadError(f"{path} is not audio that can be decoded: {_last_line(result.stderr, path)}")
    answer = json.loads(result.stdout)
    if not answer.get("streams"):
        raise AudioReadError(f"{path} holds no audio")
    packets = answer.get("packets") or [{}]
    facts = {**answer["format"], **answer["streams"][0], "first": packets[0].get("pts")}
    if not ("codec_name" in facts and int(facts.get("sample_rate", 0)) > 0):
        raise AudioReadError(f"{path} holds audio that ffmpeg cannot decode; export it as WAV or FLAC")
    return facts


def _last_line(stderr: bytes, path: Path) -> str:
    lines = stderr.decode(errors="replace").strip().splitlines()
    return lines[-1].replace(f"file:{path}: ", "") if lines else "no reason given"


def _movie_frames(ffprobe: str, path: Path, facts: dict[str, Any]) -> int:
    """The length of the sound of an MP4, MOV or M4A: that of its track less the encoder's delay.

    An edit list cuts off delay and padding, but states the length in ticks of the whole movie, which are
    often as coarse as a millisecond; and ffmpeg keeps whatever else the last packet decodes to.

    Returns:
        Samples; 0 where the file does not say.
    """
    unedited = _probe(ffprobe, path, "-ignore_editlist", "1")
    try:
        tick, edited = Fraction(facts["time_base"]), int(facts["duration_ts"])
        track = int(unedited["duration_ts"])
        coarse = any(abs(edited - round(edited * tick * unit) / tick / unit) < 1 for unit in _MOVIE_TICKS)
    except (KeyError, ZeroDivisionError):
        return 0
    if facts["first"] is not None:
        track -= max(0, int(facts.get("start_pts", 0)) - int(facts["first"]))
    rounded = coarse and abs(track - edited) * tick <= Fraction(1, min(_MOVIE_TICKS))
    return max(0, round((track if rounded else min(edited, track)) * tick * int(facts["sample_rate"])))


class FfmpegDecoder:
    """Samples of the first audio stream of a file, in order, at the stream's own rate and channels.

    Attributes:
        rate, channels: of the stream.
        frames: the length that the container states; 0 where it states none. The MP4 family states it to the
            sample, and what is decoded beyond it is padding and left out; elsewhere it is an estimate.
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
        # Only this family states a length of its own; elsewhere it is guessed from the bit rate.
        exact = _movie_frames(ffprobe, path, facts) if facts["format_name"].startswith("mov,mp4") else 0
        self.frames = exact or round(float(facts.get("duration") or 0) * self.rate)
        self.slack = self.rate / 2 if exact else math.inf
        self._left = exact or math.inf
        # A file, as a pipe that nobody reads would fill up and block.
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115
        command = [ffmpeg, "-nostdin", "-v", "error", "-protocol_whitelist", "file", "-i", f"file:{path}"]
        command += ["-map", "0:a:0", "-f", "f32le", "-c:a", "pcm_f32le"]
        command += ["-ac", str(self.channels), "-ar", str(self.rate), "pipe:1"]
        self._process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._stderr, **_APART
        )

    def read(self, frames: int) -> np.ndarray:
        """The next ``frames`` frames, fewer only at the end: float32 (n, channels).

        Raises:
            AudioReadError: ffmpeg gave up.
        """
        assert self._process.stdout is not None
        frames = int(min(frames, self._left))
        data = self._process.stdout.read(frames * self.channels * 4)
        if len(data) < frames * self.channels * 4 and self._process.wait():
            self._stderr.seek(0)
            raise AudioReadError(f"{self._path} is damaged: {_last_line(self._stderr.read(), self._path)}")
        whole = len(data) // (4 * self.channels)
        samples = np.frombuffer(data, "<f4", whole * self.channels).reshape(whole, self.channels)
        self._left -= whole
        if whole < frames and self._left <= math.ceil(self.rate / min(_MOVIE_TICKS)):
            samples = np.pad(samples, ((0, int(self._left)), (0, 0)))
            self._left = 0
        return samples

    def close(self) -> None:
        """End ffmpeg, also in the middle of a file."""
        assert self._process.stdout is not None
        self._process.stdout.close()
        self._process.kill()
        self._process.wait()
        self._stderr.close()
