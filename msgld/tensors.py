"""The weights of a part: a safetensors file into a module that has no memory yet.

A file is read only if its size matches the module, so a description alone cannot make a program allocate memory.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from msgld.aliases import current_weights
from msgld.errors import ModelError
from msgld.ranges import shown

DTYPES = (torch.float16, torch.bfloat16, torch.float32, torch.float64)
"""Types of stored weights; computation is in 32 bits."""

LEAST, MOST = 2, 8
"""Bytes of a stored weight."""

HEADER = 1 << 20
"""Most bytes of names and shapes."""

LARGEST = 1 << 34
"""Most bytes of a part, 16 GiB: four times the largest published one."""


class _Unfilled(TorchFunctionMode):
    """Skips the initialisation of weights. The device ``meta`` does so too, but slowly and with many imports."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        if getattr(func, "__name__", "") in ("uniform_", "normal_", "zero_", "fill_"):
            return (*args, *(kwargs or {}).values())[0]
        return (torch.empty if func is torch.eye else func)(*args, **(kwargs or {}))


def unfilled(build: Callable[[], Any], owner: object, unfit: Callable[[Exception], ModelError]) -> Any:
    """The module that a function builds, without memory for its weights, for :func:`fill`.

    Args:
        build: of settings that need not fit each other.
        owner: of the module, for the error where a package is missing.
        unfit: the error for settings of which no module can be built.
    """
    try:
        with torch.device("meta"), _Unfilled():
            return build()
    except ImportError as error:
        raise ModelError(f"{owner} needs the package {error.name}: pip install 'msgld[published]'") from error
    except (TypeError, ValueError, LookupError, RuntimeError, AssertionError, ZeroDivisionError) as error:
        raise unfit(error) from error


def fill(module: nn.Module, path: Path, sha256: str) -> None:
    """Load the weights of an :func:`unfilled` module, on the CPU and in 32 bits.

    Args:
        module: gets the weights.
        path: of the safetensors file.
        sha256: of the file.

    Raises:
        ModelError: the file is missing, damaged, of another shape or dtype, or holds values that are not finite or
            not trained; one line that names the file.
    """
    data = _read(path, sum(value.numel() for value in module.state_dict().values()))
    if hashlib.sha256(data).hexdigest() != sha256:
        raise ModelError(f"{path} is damaged (its sha256 is not the one in model.json); get the model again")
    stored = current_weights(module, _loaded(path, data))
    del data
    module.load_state_dict(_matched(path, module.state_dict(), stored), assign=True)
    _check(module, path)


def check_file(path: Path) -> None:
    """Raise ModelError if there is no such file."""
    if not path.is_file():
        raise ModelError(f"cannot read {path}: there is no such file")


def _read(path: Path, numbers: int) -> bytes:
    """All bytes of a file whose size is that of ``numbers`` weights."""
    try:
        check_file(path)
        size = path.stat().st_size
        if not LEAST * numbers <= size <= min(MOST * numbers + HEADER, LARGEST):
            raise ModelError(
                f"{path} does not fit its description in model.json: {size:,} bytes for {numbers:,} numbers"
            )
        with open(path, "rb") as file:
            return file.read(size)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from error
    except MemoryError as error:
        raise ModelError(f"cannot read {path}: it is larger than the memory of this machine") from error


def _loaded(path: Path, data: bytes) -> dict[str, Tensor]:
    """The tensors of a file; no content of it is executed."""
    try:
        return load(data)
    except (SafetensorError, LookupError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        raise ModelError(
            f"{path} is no safetensors file that this version reads ({shown(str(error))})"
        ) from error


def _matched(path: Path, wanted: Mapping[str, Tensor], stored: dict[str, Tensor]) -> dict[str, Tensor]:
    """The stored tensors in 32 bits, in the order of ``wanted``."""
    left, over = [key for key in wanted if key not in stored], [key for key in stored if key not in wanted]
    if left or over:
        fault = (
            f"it lacks {shown(left[0])}" if left else f"nothing in model.json has a tensor {shown(over[0])}"
        )
        raise ModelError(f"{path} does not fit its description in model.json: {fault}")
    return {key: _converted(f"{key} in {path}", value, stored.pop(key)) for key, value in wanted.items()}


def _converted(name: str, wanted: Tensor, stored: Tensor) -> Tensor:
    if wanted.shape != stored.shape:
        shapes = f"{tuple(stored.shape)} instead of the {tuple(wanted.shape)} of model.json"
        raise ModelError(f"{name} has the shape {shapes}")
    if stored.dtype not in DTYPES:
        kind = str(stored.dtype).removeprefix("torch.")
        raise ModelError(f"{name} is stored as {kind}; weights are of 16, 32 or 64 bits floating-point")
    value = stored.to(torch.float32, copy=True)
    # A sum is not finite if one of its terms is not, and takes a fifth of the time of a test of each value.
    if not math.isfinite(float(value.sum())):
        raise ModelError(f"{name} holds values that are not numbers: the model is spoilt, get another one")
    return value


def _check(module: nn.Module, path: Path) -> None:
    """Raise ModelError if the module cannot work with its weights, although they are finite."""
    check = getattr(module, "check_weights", None)
    try:
        if check:
            check()
    except ValueError as error:
        raise ModelError(f"{path} cannot be used: {error}") from error
    starts = getattr(module, "answers", ("",))
    learned = [value for key, value in module.named_parameters() if key.startswith(starts)]
    if learned and not any(bool(value.any()) for value in learned):
        raise ModelError(
            f"{path} is not trained: all weights {'of its last layers ' * (starts != ('',))}are 0"
        )
