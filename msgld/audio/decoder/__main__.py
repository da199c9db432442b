"""Decodes a file: ``python -m msgld.audio.decoder PATH [STREAM]`` writes messages to its output.

STREAM is the number of the audio stream, 0 by default; the messages are in :mod:`msgld.audio.decoder.messages`.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO, NoReturn

import av
import numpy as np

from msgld.audio.binary import Data, Window
from msgld.audio.decoder.container import changed
from msgld.audio.decoder.extent import extent
from msgld.audio.decoder.messages import End, Message, Refusal, RefusedError, Remark, Silence, Start, packed
from msgld.audio.decoder.mpeg import PARSERS
from msgld.audio.decoder.mpeg_stream import MpegStream
from msgld.audio.decoder.ogg import Link, links
from msgld.audio.decoder.stream import Stream

_MEMORY = 8 << 30  # bytes of address space; a decoder that asks for more follows a damaged number
_BLOCK = 1 << 16  # frames of one message


def decoded(path: Path, data: Data, number: int = 0) -> Iterator[Message]:
    """An audio stream of a file as messages, from its start to its end or a refusal."""
    try:
        if problem := extent(data):
            raise RefusedError(problem)
        if data[:4] == b"OggS" and not number:
            yield from _chain(path, links(data))
        else:
            stream = _stream(path, data, number)
            yield stream.start()
            yield from stream.messages()
        yield End()
    except RefusedError as refused:
        yield refused.refusal


def _stream(path: Path, data: Data, number: int) -> Stream | MpegStream:
    """The stream of a file that is not Ogg."""
    try:
        stream = Stream(lambda: path.open("rb"), number=number)
    except RefusedError:
        for name in PARSERS:  # FFmpeg may not see what begins with damage
            with contextlib.suppress(RefusedError):
                return MpegStream(data, name)
        raise
    return MpegStream(data, stream.format) if stream.format in PARSERS else stream


def _chain(path: Path, found: list[Link]) -> Iterator[Message]:
    """Ogg recordings one after the other, as one sound."""
    if found[-1].cut:
        raise RefusedError("is cut short: its last page is not whole; export or copy it again")
    first: Start | None = None
    for link in found:
        stream = Stream(partial(Window, path, link.start, link.stop), link)
        facts = stream.start()
        if first is None:
            first = facts
            yield facts if len(found) == 1 else facts._replace(frames=0, exact=False)
        elif (facts.rate, facts.channels) != (first.rate, first.channels):
            raise RefusedError(changed((first.rate, first.channels), (facts.rate, facts.channels)))
        yield from stream.messages()
        if not link.ended and link is not found[-1]:
            raise RefusedError("has a recording in it whose end is missing; export or copy it again")
    if not found[-1].ended:
        yield Remark("the mark of its end is missing or damaged: it may have been cut short")


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _send(out: BinaryIO, message: Message) -> None:
    if isinstance(message, np.ndarray):
        for start in range(0, len(message), _BLOCK):
            out.write(packed(message[start : start + _BLOCK]))
    elif not (isinstance(message, Silence) and not message.frames):
        out.write(packed(message))
    out.flush()


def main() -> NoReturn:
    """Decode the file that is named in the arguments."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nothing else may write between the messages
    os.dup2(1, 2)
    _limit_memory()
    av.logging.set_level(None)
    path, number = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            for message in decoded(path, mapped, number):
                _send(out, message)
    except BrokenPipeError:
        os._exit(1)  # the reader has gone
    except (MemoryError, Exception) as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        _send(out, Refusal(f"cannot be decoded ({reason})"))
    out.flush()
    os._exit(0)  # decoders need not be taken down


if __name__ == "__main__":
    main()
