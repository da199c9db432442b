"""Runs in processes of their own, some of them killed: what :mod:`test_launched` looks at.

python launched.py FOLDER

The processes are copies of this one, so that torch is imported once.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from running import train
from test_training import RECIPE, Tones

from msgld.training.denoiser.part import DenoiserPart, DenoiserTrainer
from msgld.training.ranks import Ranks, joined
from msgld.training.recipe import OptimConfig
from msgld.training.validation import Validation

STEPS, KILLS = 30, 3
SAVING = replace(
    RECIPE, save_minutes=0.02, log_steps=3, pool=replace(RECIPE.pool, reuse=3.0), optim=OptimConfig(rate=1e-3)
)
"""Clips come and go, the rate is that of a run, and the state is saved every few steps."""


class Validated(Tones):
    """Tones, others of which are to measure on."""

    def validation(self) -> Tones:
        return Tones()


def run(folder: Path, steps: int = STEPS) -> Path:
    return train("denoiser", SAVING, Validated(), folder, steps=steps)


def child(do: Callable[[], object], said: Path | None = None) -> int:
    """A copy of this process that does something and ends; its number."""
    number = os.fork()
    if number:
        return number
    code = 1
    try:
        do()
        code = 0
    except Exception as error:
        if said is not None:
            said.write_text(f"{type(error).__name__}: {error}")
    finally:
        os._exit(code)


def ended(number: int) -> bool:
    return os.waitpid(number, os.WNOHANG)[0] == number


def changed(path: Path) -> int:
    return path.stat().st_mtime_ns if path.exists() else 0


def killed(folder: Path) -> int:
    """Train, killed some times at random, and the rest; how many processes were killed before their end."""
    dice, kills = random.Random(0), 0
    while kills < KILLS:
        before = changed(folder / "state.pt")
        number = child(lambda: run(folder))
        over = False
        while not over and changed(folder / "state.pt") == before:
            over = ended(number)
            time.sleep(0.01)
        time.sleep(dice.uniform(0, 0.1))
        if over or ended(number):
            break
        os.kill(number, signal.SIGKILL)
        os.waitpid(number, 0)
        kills += 1
    os.waitpid(child(lambda: run(folder)), 0)
    return kills


def launch(do: Callable[[int], object], folder: Path) -> list[int]:
    """Two processes as ``torchrun`` starts them."""
    folder.mkdir()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def one(rank: int) -> Callable[[], object]:
        def begin() -> object:
            os.environ |= {
                "RANK": str(rank),
                "LOCAL_RANK": str(rank),
                "WORLD_SIZE": "2",
                "LOCAL_WORLD_SIZE": "2",
            }
            os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
            return do(rank)

        return begin

    return [child(one(rank), folder / f"said{rank}") for rank in range(2)]


def together(folder: Path, steps: int, do: Callable[[int], object] | None = None) -> list[int]:
    """Two processes until they end; their codes."""
    codes = launch(do or (lambda rank: kept(folder, rank, steps)), folder)
    return [os.waitstatus_to_exitcode(os.waitpid(number, 0)[1]) for number in codes]


def kept(folder: Path, rank: int, steps: int) -> None:
    """Train, and keep the gradients of the first step before and after they are averaged, and the last weights."""
    plain, held = Ranks.average_gradients, list[list[torch.Tensor]]()

    def average(self: Ranks, parameters: list[torch.Tensor], finite: bool) -> bool:
        held.append([torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in parameters])
        answer = plain(self, parameters, finite)
        held.append([torch.zeros_like(p) if p.grad is None else p.grad.clone() for p in parameters])
        return answer

    step = DenoiserTrainer.step

    def watched(self: DenoiserTrainer) -> dict[str, float]:
        losses = step(self)
        torch.save([list(self.network.parameters()), held[:2]], folder / f"rank{rank}.pt")
        return losses

    Ranks.average_gradients, DenoiserTrainer.step = average, watched  # type: ignore[method-assign]
    run(folder / "run", steps)


def measured(path: Path) -> None:
    """Losses of validation of an untrained network, in all processes."""
    part = DenoiserPart(SAVING, path)
    with joined(part.device) as ranks:
        part.begin(Tones())
        pool = part.pool(Tones(), SAVING.pool)
        pool.fill()
        trainer = part.trainer(pool, 1.0, False)
        trainer.ranks = ranks
        before = trainer.rng.bit_generator.state, int(pool.drawn)
        losses = Validation(part, Tones()).measure(trainer)
        same = before == (trainer.rng.bit_generator.state, int(pool.drawn)) and trainer.recipe is SAVING
        path.write_text(json.dumps({**losses, "same": same}))


def lost(folder: Path) -> dict[str, object]:
    """The second of two processes is killed; how the first one ends."""
    first, second = launch(lambda rank: run(folder / "run", 100_000), folder)
    while not (folder / "run" / "state.pt").exists() and not ended(first):
        time.sleep(0.02)
    os.kill(second, signal.SIGKILL)
    os.waitpid(second, 0)
    begun = time.monotonic()
    code = os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])
    return {"code": code, "seconds": time.monotonic() - begun, "said": (folder / "said0").read_text()}


def main() -> None:
    folder = Path(sys.argv[1])
    torch.set_num_threads(1)
    DenoiserTrainer.draw = lambda trainer, path: None  # type: ignore[method-assign]
    os.waitpid(child(lambda: run(folder / "whole"), folder / "said"), 0)
    found: dict[str, object] = {"kills": killed(folder / "killed")}
    found["codes"] = together(folder / "two", 8)
    os.waitpid(child(lambda: measured(folder / "one.json")), 0)
    together(folder / "both", 0, lambda rank: measured(folder / f"of{rank}.json"))
    found["lost"] = lost(folder / "lost")
    (folder / "found.json").write_text(json.dumps(found))


if __name__ == "__main__":
    main()
