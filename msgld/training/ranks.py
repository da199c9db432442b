"""The processes of one run, as ``torchrun`` starts them: each computes the gradient of crops of its own.

Our networks have 0.3 to 14 million parameters, the published one 305 million. So every process holds the whole network,
and one sum over one flat tensor of gradients is all that they exchange in a step, besides a few numbers.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import torch
from torch import Tensor
from torch import distributed as dist

from msgld.errors import TrainingError, UsageError

STEP_LIMIT = timedelta(minutes=10)
"""Longest time that a process waits for the others within a step: for their clips, or for what compiles."""

LIMIT = timedelta(hours=24)
"""The same while data are checked, the first clips rendered, or the model is written."""

LOST = (
    "another process of this run has ended or cannot be reached: see what it said, if it could; "
    "the same command goes on from the last saved step"
)

_NEEDED = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")


@dataclass(frozen=True)
class Ranks:
    """One process among those of a run.

    Attributes:
        rank: its number; the first process has 0, and alone it writes and speaks.
        count: number of processes.
        patient: group of processes that wait for each other as long as ``LIMIT``.
    """

    rank: int = 0
    count: int = 1
    patient: Any = None

    @property
    def first(self) -> bool:
        """Whether this is the process that writes and speaks."""
        return self.rank == 0

    def total(self, values: Sequence[float]) -> list[float]:
        """Sums over all processes; TrainingError if one of them has ended."""
        if self.count == 1:
            return list(values)
        sums = torch.tensor(values, dtype=torch.float64)
        with _together():
            dist.all_reduce(sums)
        return list(sums.tolist())

    def average_gradients(self, parameters: Sequence[Tensor], finite: bool) -> bool:
        """Replace gradients by their means over all processes; whether ``finite`` holds in all of them.

        A gradient that only some processes have counts as 0 in the others.
        """
        if self.count == 1:
            return finite
        spoilt, *used = self.total([not finite, *(one.grad is not None for one in parameters)])
        chosen = [one for one, count in zip(parameters, used, strict=True) if count]
        for one in chosen:
            if one.grad is None:
                one.grad = torch.zeros_like(one)
        gradients = [one.grad for one in chosen if one.grad is not None]
        if gradients:
            flat = torch.cat([one.flatten() for one in gradients])
            with _together():
                dist.all_reduce(flat)
            flat /= self.count
            parts = flat.split([one.numel() for one in gradients])
            torch._foreach_copy_(gradients, [p.view_as(g) for p, g in zip(parts, gradients, strict=True)])
        return not spoilt

    def of_first(self, value: Any) -> Any:
        """What the first process has, in all of them: tensors, numbers, texts, and dictionaries and lists of these."""
        if self.count == 1:
            return value
        data = io.BytesIO()
        if self.first:
            torch.save(value, data)
        box = [data.getvalue()]
        with _together():
            dist.broadcast_object_list(box, 0, self.patient)
        return value if self.first else torch.load(io.BytesIO(box[0]), "cpu", weights_only=True)

    def gathered(self, value: Mapping[Any, Any]) -> dict[Any, Any]:
        """The entries of all processes."""
        if self.count == 1:
            return dict(value)
        boxes: list[Any] = [None] * self.count
        with _together():
            dist.all_gather_object(boxes, value, self.patient)
        return {key: one for box in boxes for key, one in box.items()}

    def wait(self) -> None:
        """Wait until all processes are here."""
        if self.count > 1:
            with _together():
                dist.barrier(self.patient)

    @contextmanager
    def first_before_others(self) -> Iterator[None]:
        """The block is for the first process, then for the others, which find what it has kept."""
        if not self.first:
            self.wait()
        yield
        if self.first:
            self.wait()

    def check_same(self, parameters: Sequence[Tensor]) -> None:
        """Raise TrainingError unless all processes have the same weights, to the last bit of their sums."""
        if self.count == 1:
            return
        own = [float(sum(one.detach().double().sum() for one in parameters)),
               float(sum(one.detach().double().abs().sum() for one in parameters))]  # fmt: skip
        sums = self.gathered({self.rank: own})
        if any(one != own for one in sums.values()):
            raise TrainingError(
                "the weights of the run's processes have drifted apart: start the command again"
            )


ALONE = Ranks()


def launched() -> bool:
    """Whether this process is one of several, started by ``torchrun`` or by hand in its way."""
    return all(os.environ.get(name) for name in _NEEDED)


def first_launched() -> bool:
    """Whether this process is to speak: the first one, or the only one."""
    return not launched() or os.environ["RANK"] == "0"


def processes() -> int:
    """How many processes the run has."""
    return int(os.environ["WORLD_SIZE"]) if launched() else 1


def on_this_machine() -> int:
    """How many processes of the run are on this machine."""
    return int(os.environ.get("LOCAL_WORLD_SIZE", "1")) if launched() else 1


def fair(cores: int | None = None) -> int:
    """Cores of this machine for each process on it, at least one."""
    if cores is None:
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // on_this_machine())


def device_of_rank(name: str) -> str:
    """The device of that name, for this process: of ``auto`` or ``cuda`` each gets a GPU of its own.

    Raises:
        UsageError: a machine has fewer GPUs than processes.
    """
    if not launched() or name not in ("auto", "cuda") or not torch.cuda.is_available():
        return name
    place = int(os.environ.get("LOCAL_RANK", "0"))
    if place >= torch.cuda.device_count():
        raise UsageError(
            f"this machine has {torch.cuda.device_count()} GPUs: start no more processes than that"
        )
    return f"cuda:{place}"


@contextmanager
def joined(device: torch.device) -> Iterator[Ranks]:
    """The processes of this run while the block lasts; within another such block the same ones.

    Args:
        device: where this process trains; gradients are exchanged by NCCL on GPUs, by Gloo on CPUs.

    Raises:
        UsageError: a device on which nothing can be exchanged.
        TrainingError: the others cannot be reached.
    """
    if not launched():
        yield ALONE
        return
    begun = dist.is_initialized()
    if not begun:
        _begin(device)
    with _together():
        patient = dist.new_group(backend="gloo", timeout=LIMIT)
    yield Ranks(dist.get_rank(), dist.get_world_size(), patient)
    # Not after an error: others may be gone, and what is open ends with the process.
    if not begun:
        dist.destroy_process_group()


def _begin(device: torch.device) -> None:
    if device.type not in ("cpu", "cuda"):
        raise UsageError(f"several processes train on CPUs or GPUs, not on {device.type}: start one")
    backend = "gloo"
    if device.type == "cuda":
        torch.cuda.set_device(device)
        backend = "cpu:gloo,cuda:nccl"
    with _together():
        dist.init_process_group(backend, timeout=STEP_LIMIT)


@contextmanager
def _together() -> Iterator[None]:
    """Turn a failed exchange into one line."""
    try:
        yield
    except RuntimeError as error:
        raise TrainingError(LOST) from error
