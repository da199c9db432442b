"""The file format of results, from the flags that choose it."""

from __future__ import annotations

from dataclasses import dataclass

from msgld.errors import UsageError

_CONTAINERS = ("flac", "mp3", "ogg")
_SUBTYPES = {"float32": "FLOAT", "int24": "PCM_24", "int16": "PCM_16"}


@dataclass(frozen=True)
class Format:
    """How sound is written: the file's ending and libsndfile's name of the sample format."""

    ext: str = "wav"
    subtype: str = "PCM_24"


def choose_format(**flags: bool) -> Format:
    """The format that the flags ``flac mp3 ogg float32 int24 int16`` ask for; WAV of 24 bits without any.

    Raises:
        UsageError: flags that exclude each other.
    """
    chosen = [name for name in _CONTAINERS if flags.get(name)]
    depth = [name for name in _SUBTYPES if flags.get(name)]
    if len(chosen) > 1 or len(depth) > 1:
        raise UsageError(f"choose one of {' and '.join('--' + name for name in max(chosen, depth, key=len))}")
    ext = chosen[0] if chosen else "wav"
    if depth and ext in ("mp3", "ogg"):
        raise UsageError(f"--{ext} has no bit depth: leave --{depth[0]} out")
    if ext == "flac" and depth == ["float32"]:
        raise UsageError("FLAC holds whole numbers only: choose --int24, or --float32 without --flac")
    return Format(ext, _SUBTYPES[depth[0]] if depth else "PCM_24")
