"""Where to compute."""

from __future__ import annotations

import torch

from msgld.errors import UsageError
from msgld.ranges import shown


def choose_device(name: str = "auto") -> torch.device:
    """The device of that name; never another one than was asked for.

    Args:
        name: ``auto`` (a CUDA device where there is one, else the CPU), ``cpu``, ``cuda``, ``cuda:1``, ``mps``.

    Raises:
        UsageError: no such device.
    """
    if not isinstance(name, str):
        raise UsageError(f"a device is named: auto, cpu, cuda, cuda:1 or mps, not {shown(name)}")
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except (RuntimeError, TypeError) as error:
        raise UsageError(f"no device {name!r}; choose auto, cpu, cuda, cuda:1 or mps") from error
    if device.type not in ("cpu", "cuda", "mps"):
        raise UsageError(f"no device {name!r}; choose auto, cpu, cuda, cuda:1 or mps")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise UsageError("this machine (or this build of PyTorch) has no CUDA; choose auto or cpu")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise UsageError(f"there is no {name}: this machine has {torch.cuda.device_count()} CUDA device(s)")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise UsageError("this machine (or this build of PyTorch) has no MPS; choose auto or cpu")
    return device
