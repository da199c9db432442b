"""Files that clients send: streamed to the disk within limits, then read in a process of its own."""

from __future__ import annotations

import asyncio
import shutil
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.requests import ClientDisconnect

from msgld.studio.errors import Refused
from msgld.studio.limits import Limits
from msgld.studio.uploads.decoding import Decoders


class Uploads:
    """Takes uploads in.

    Args:
        folder: of unfinished uploads; emptied at the beginning.
        limits: of a file.
    """

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.folder, self._limits = folder, limits
        self.decoders = Decoders(limits)
        self._busy = 0

    def open(self) -> None:
        """Remove what an earlier run left, and start the spare process."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.decoders.prepare()

    async def close(self) -> None:
        """End the processes."""
        await self.decoders.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    @asynccontextmanager
    async def received(
        self, stated: str | None, chunks: AsyncIterator[bytes]
    ) -> AsyncIterator[tuple[Path, Path]]:
        """An upload as a file, and the path of a WAV file for its sound; both are removed in the end.

        Args:
            stated: the length that the client states.
            chunks: of its body.

        Raises:
            Refused: too large, too slow, empty, or too many at the same time.
        """
        if stated is not None and stated.isdecimal() and int(stated) > self._limits.upload:
            raise self._too_large()
        if self._busy >= self._limits.uploads:
            raise Refused(503, f"{self._limits.uploads} files are being read at the moment: try again soon")
        self._busy += 1
        own = self.folder / uuid.uuid4().hex
        try:
            own.mkdir(parents=True)
            await self._receive(own / "upload", chunks)
            yield own / "upload", own / "sound.wav"
        finally:
            self._busy -= 1
            shutil.rmtree(own, ignore_errors=True)

    async def _receive(self, path: Path, chunks: AsyncIterator[bytes]) -> None:
        size, waiting = 0, aiter(chunks)
        with path.open("xb", buffering=1 << 20) as file:
            while True:
                try:
                    chunk = await asyncio.wait_for(anext(waiting), self._limits.idle_seconds)
                except StopAsyncIteration:
                    break
                except ClientDisconnect as error:
                    raise Refused(408, "the upload was broken off: send it again") from error
                except TimeoutError as error:
                    raise Refused(408, "the upload stopped half-way: send it again") from error
                size += len(chunk)
                if size > self._limits.upload:
                    raise self._too_large()
                file.write(chunk)
        if not size:
            raise Refused(422, "this file is empty (0 bytes)")

    def _too_large(self) -> Refused:
        most = self._limits.upload / (1 << 20)
        return Refused(413, f"this file has more than {most:g} MiB: export it as MP3 or FLAC")
