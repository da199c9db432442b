"""A worker without a model, for tests: it does what the letters of ``form`` say, and writes takes of sine waves.

A sleeps a tenth of a second, B sleeps a minute but can be cancelled, C sleeps and cannot, D dies, E fails, F dies once.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import soundfile

from msgld.errors import UsageError
from msgld.progress import Progress
from msgld.studio.jobs.order import Order
from msgld.studio.processes.talking import Line
from msgld.studio.worker.finishing import Done, finish
from msgld.studio.worker.growing import Growing
from msgld.studio.worker.process import Worker

RATE = 8000


def carry_out(order: Order) -> list[str]:
    began = time.time()
    act(getattr(order.settings, "form", None) or "", order)
    stems = getattr(order.settings, "stems", None) or ["bass", "drums"]
    if order.task == "separate":
        with Growing(order, began) as growing:
            song, _ = soundfile.read(order.place.song, dtype="float32", always_2d=True)
            for place in range(0, len(song), RATE):
                growing.add(dict.fromkeys(stems, song[place : place + RATE].T / 2))
                time.sleep(0.02)
        sounds = dict.fromkeys(stems, song / 2)
    else:
        wave = 0.1 * np.sin(np.arange(RATE) / 7 * (1 + getattr(order.settings, "seed", 0)))
        sounds = dict.fromkeys(stems, np.stack([wave, wave], 1)) | {"mix": np.stack([2 * wave, 2 * wave], 1)}
    order.folder.mkdir(exist_ok=True)
    rate = soundfile.info(order.place.song).samplerate if order.task == "separate" else RATE
    for name, sound in sounds.items():
        soundfile.write(order.folder / f"{name}.wav", sound, rate, subtype="FLOAT")
    (order.folder / "run.json").write_text("{}")
    files = {name: f"{name}.wav" for name in sounds}
    run = {"files": files, "remarks": ["done by no model"]}
    return finish(order, Done(SimpleNamespace(folder=order.folder, run=run), None, frozenset(stems)), began)


def act(form: str, order: Order) -> None:
    for number, letter in enumerate(form):
        order.on_progress(Progress(number, len(form), "steps", "composing", 1.0))
        if letter == "D" or (letter == "F" and first_time(order.place.folder / ".died")):
            os._exit(9)
        if letter == "E":
            raise UsageError("this cannot be done: choose something else")
        until = time.monotonic() + (0.1 if letter in "AF" else 60.0)
        while time.monotonic() < until:
            if letter != "C":
                order.cancel.check()
            time.sleep(0.02)


def first_time(mark: Path) -> bool:
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def main() -> None:
    line = Line()
    next(line.lines())
    line.send(ready=True)
    Worker(line, carry_out).work()


if __name__ == "__main__":
    main()
