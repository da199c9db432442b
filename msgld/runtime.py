"""The machine: which device computes, in which precision, and how the process holds memory."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Callable

import torch

from msgld.errors import UsageError
from msgld.ranges import shown

TRIM_THRESHOLD, MMAP_MAX = -1, -4
"""Names of glibc's settings (mallopt(3))."""

KEPT = 1 << 30
"""Bytes of freed memory that are kept."""


def keep_freed_memory() -> bool:
    """Keep freed memory for later allocations, up to a GiB; returns whether that could be arranged.

    glibc gives large blocks back at once, and the pages of the next ones are cleared one by one as they are first
    touched, which took a quarter of a separation's time. Whoever has set ``MALLOC_`` variables is left alone, and so
    are other C libraries.
    """
    if any(name.startswith("MALLOC_") for name in os.environ):
        return False
    mallopt = _of_glibc("mallopt")
    return mallopt is not None and bool(mallopt(MMAP_MAX, 0)) and bool(mallopt(TRIM_THRESHOLD, KEPT))


def give_memory_back() -> bool:
    """Give all freed memory back, once, before something else needs memory; returns whether that could be done."""
    malloc_trim = _of_glibc("malloc_trim")
    return malloc_trim is not None and bool(malloc_trim(0))


def _of_glibc(name: str) -> Callable[..., int] | None:
    """A function of glibc, where that is the C library."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        found: Callable[..., int] = getattr(ctypes.CDLL(None), name)
    except (OSError, AttributeError):
        return None
    return found


def choose_device(name: str = "auto") -> torch.device:
    """The device of that name; never a substitute.

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


def bf16_is_fast(device: torch.device) -> bool:
    """Whether bfloat16 is faster than 32 bits: on most GPUs, on CPUs with AVX512-BF16 or AMX."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    has = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return device.type == "cpu" and bool(has and has())
