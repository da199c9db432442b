"""A take that can be listened to while it is being made."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import BinaryIO

import numpy as np
import soundfile

from msgld.studio.jobs.order import Order
from msgld.studio.library.records import write_json
from msgld.studio.library.takes import RECORD, growing_file


class Growing:
    """Writes the stretches of a separation to files that the server reads, in a ``with`` block.

    Args:
        order: the job.
        created: in seconds since 1970.
    """

    def __init__(self, order: Order, created: float) -> None:
        self._order, self._created = order, created
        self._files: dict[str, BinaryIO] = {}
        self._stack, self._frames = ExitStack(), 0

    def __enter__(self) -> Growing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def add(self, stretch: Mapping[str, np.ndarray]) -> None:
        """The next stretch of all stems."""
        stems = {name: sound for name, sound in stretch.items() if name not in ("mixture", "residual")}
        if not self._files:
            self._open(list(stems), next(iter(stems.values())).shape[0])
        for name, sound in stems.items():
            self._files[name].write(np.ascontiguousarray(sound.T, "<f4").tobytes())
        self._frames += next(iter(stems.values())).shape[1]
        self._order.report(grown=self._frames)

    def _open(self, stems: list[str], channels: int) -> None:
        folder = self._order.growing
        folder.mkdir(exist_ok=True)
        for number, name in enumerate(stems):
            file = growing_file(folder, number).open("wb", buffering=0)
            self._files[name] = self._stack.enter_context(file)
        song = soundfile.info(self._order.place.song)
        stated = [{"name": name, "sound": True, "notes": False, "made": False} for name in stems]
        write_json(
            folder / RECORD,
            {
                "id": self._order.take,
                "task": self._order.task,
                "title": self._order.title,
                "created": self._created,
                "rate": song.samplerate,
                "channels": channels,
                "total": song.frames,
                "seconds": song.frames / song.samplerate,
                "stems": stated,
                "settings": self._order.small,
            },
        )
