"""The process that decodes one file: ``python -m msgld.audio.decode PATH`` writes :mod:`messages` to its output.

A process of its own, as a damaged file may kill the decoder, and with it whatever else goes on in the process.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import av

from msgld.audio.container import RefusedError, changed
from msgld.audio.extent import Extent, extent
from msgld.audio.messages import End, Message, Note, Refusal, Silence, Sound, Start, packed
from msgld.audio.mpeg_stream import mpeg_stream
from msgld.audio.ogg import Link, Slice, links
from msgld.audio.streams import Stream

_MEMORY = 8 << 30  # bytes of address space; a decoder that asks for more follows a damaged number
_BLOCK = 1 << 16  # frames of silence at once


class _Source(Protocol):
    def start(self) -> Start: ...

    def messages(self) -> Iterator[Message]: ...


def decoded(path: Path, data: memoryview) -> Iterator[Message]:
    """A file as messages, from its start to its end or a refusal."""
    try:
        found = extent(data)
        if found is Extent.CUT:
            raise RefusedError("is cut short: bytes are missing at its end; export or copy it again")
        if found is Extent.SEVERAL:
            raise RefusedError("holds several files, one after the other; split it first")
        if bytes(data[:4]) == b"OggS":
            yield from _chain(path, links(data))
        else:
            yield from _one(_source(path, data))
        yield End()
    except RefusedError as refused:
        yield refused.refusal


def _one(source: _Source) -> Iterator[Message]:
    yield source.start()
    yield from source.messages()


def _source(path: Path, data: memoryview) -> _Source:
    """The stream of a file that is not Ogg."""
    try:
        stream = Stream(lambda: path.open("rb"))
    except RefusedError:
        for name in ("mp3", "aac"):  # FFmpeg may not see what begins with damage
            with contextlib.suppress(RefusedError):
                return mpeg_stream(data, name)
        raise
    return mpeg_stream(data, stream.format) if stream.format in ("mp3", "aac") else stream


def _chain(path: Path, found: list[Link]) -> Iterator[Message]:
    """Ogg recordings one after the other, as one sound."""
    if found[-1].cut:
        raise RefusedError("is cut short: its last page is not whole; export or copy it again")
    first: Start | None = None
    for link in found:
        stream = Stream(partial(_slice, path, link.start, link.stop), link)
        facts = stream.start()
        if first is None:
            first = facts
            yield facts if len(found) == 1 else replace(facts, frames=0, exact=False)
        elif (facts.rate, facts.channels) != (first.rate, first.channels):
            raise RefusedError(changed((first.rate, first.channels), (facts.rate, facts.channels)))
        yield from stream.messages()
        if not link.ended and link is not found[-1]:
            raise RefusedError("has a recording in it whose end is missing; export or copy it again")
    if not found[-1].ended:
        yield Note("the mark of its end is missing or damaged: it may have been cut short")


def _slice(path: Path, start: int, stop: int) -> BinaryIO:
    return cast(BinaryIO, Slice(path.open("rb"), start, stop))


def _limit_memory() -> None:
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _send(out: BinaryIO, message: Message) -> None:
    if isinstance(message, Sound) and len(message.samples) > _BLOCK:
        for start in range(0, len(message.samples), _BLOCK):
            out.write(packed(Sound(message.samples[start : start + _BLOCK])))
    elif not (isinstance(message, Silence) and not message.frames):
        out.write(packed(message))
    out.flush()


def main() -> int:
    """Decode the file that is named in the arguments."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nothing else may write between the messages
    os.dup2(1, 2)
    _limit_memory()
    av.logging.set_level(None)
    path = Path(sys.argv[1])
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            for message in decoded(path, memoryview(mapped)):
                _send(out, message)
    except BrokenPipeError:
        os._exit(1)  # nobody reads any more
    except (MemoryError, Exception) as error:
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:200]
        _send(out, Refusal(f"cannot be decoded ({reason})"))
    out.flush()
    os._exit(0)  # decoders need not be taken down


if __name__ == "__main__":
    main()
