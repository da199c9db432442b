"""The encoding of results, from the flags that choose it."""

from __future__ import annotations

from msgld.api.encoding import Encoding
from msgld.errors import UsageError

_CONTAINERS = ("flac", "mp3", "ogg")
_SUBTYPES = {"float32": "FLOAT", "int24": "PCM_24", "int16": "PCM_16"}


def choose_encoding(bitrate: int | None = None, clip: str = "auto", **flags: bool) -> Encoding:
    """The encoding that the flags ``flac mp3 ogg float32 int24 int16`` ask for; WAV of 24 bits without any.

    Args:
        bitrate: of mp3, kbit/s. clip: see :class:`Encoding`.

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
    if bitrate is not None and ext != "mp3":
        raise UsageError("--mp3-bitrate goes with --mp3")
    if depth and clip == "auto":
        clip = "rescale"  # a depth that was asked for is kept
    return Encoding(
        ext, _SUBTYPES[depth[0]] if depth else "PCM_24", 320 if bitrate is None else bitrate, clip
    )
