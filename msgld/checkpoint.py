"""A checkpoint is a folder: ``model.json`` and one safetensors file a part, each named with its sha256.

Nothing in it can execute code. All files are written to temporary names, then renamed, the JSON last: who is
interrupted while writing leaves the model that was there before.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from msgld.errors import ModelError
from msgld.kinds import KINDS, build_part, denoiser_of
from msgld.model import REFERENCE_RMS, Model


class Part(Protocol):
    """A module that can say how it is to be built again."""

    def settings(self) -> dict[str, Any]:
        """``kind`` and everything that its constructor needs, ready for JSON."""
        ...

    def state_dict(self) -> dict[str, Tensor]:
        """Its weights."""
        ...


FORMAT = 1


def save_model(model: Model, folder: Path, dtype: torch.dtype = torch.float16) -> None:
    """Write a model. Statistics keep 32 bits (they are small); networks are stored as ``dtype``."""
    modules: dict[str, Part] = {"codec": model.codec, "denoiser": model.denoiser.network}
    further = {"vocoder": model.vocoder, "refiner": model.refiner, "notes": model.notes}
    modules |= {name: module for name, module in further.items() if module is not None}
    save_parts(modules, folder, {"stems": model.stems, "level": model.level, "info": model.info}, dtype)


def save_parts(
    modules: Mapping[str, Part], folder: Path, about: Mapping[str, Any], dtype: torch.dtype
) -> None:
    """Write parts of a model, all or a first stage (codec and vocoder) alone.

    Args:
        modules: ``codec``, ``denoiser`` (its network), ``vocoder``. about: stems, level and info, for the JSON.
    """
    folder.mkdir(parents=True, exist_ok=True)
    parts: dict[str, Any] = {}
    files: dict[Path, bytes] = {}
    for name, module in modules.items():
        settings = module.settings()
        data = save(_stored(module, torch.float32 if settings["kind"] == "patch" else dtype))
        files[folder / f"{name}.safetensors"] = data
        parts[name] = {**settings, "sha256": hashlib.sha256(data).hexdigest()}
    text = json.dumps({"format": FORMAT, **about, "parts": parts}, indent=1)
    write_together({**files, folder / "model.json": text.encode()})


def _stored(module: Part, dtype: torch.dtype) -> dict[str, Tensor]:
    return {
        key: (value.to(dtype) if value.is_floating_point() else value).cpu().contiguous()
        for key, value in module.state_dict().items()
    }


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under a temporary name and rename it."""
    write_together({path: data})


def write_together(files: Mapping[Path, bytes]) -> None:
    """Write files that belong together under temporary names, and rename them, in their order, when all are there."""
    temporary = {path.with_name(path.name + ".partial"): path for path in files}
    for unfinished, path in temporary.items():
        with open(unfinished, "wb") as file:
            file.write(files[path])
            file.flush()
            os.fsync(file.fileno())
    for unfinished, path in temporary.items():
        os.replace(unfinished, path)


def read_description(folder: Path) -> dict[str, Any]:
    """The checked content of ``model.json``; ModelError if there is none or it is of another format."""
    path = folder / "model.json"
    if not path.is_file():
        raise ModelError(f"no model in {folder}: there is no model.json")
    try:
        description = json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from error
    except ValueError:
        description = None
    if not _known(description):
        raise ModelError(f"{path} is damaged or of another version of msgld; get the model again")
    return description


def _known(description: Any) -> bool:
    if not isinstance(description, dict) or description.get("format") != FORMAT:
        return False
    kinds = {"stems": list, "info": dict, "parts": dict}
    if not all(isinstance(description.get(key), kind) for key, kind in kinds.items()):
        return False
    parts = description["parts"]
    whole = all(isinstance(part, dict) and {"sha256", "kind"} <= set(part) for part in parts.values())
    return whole and "codec" in parts and isinstance(description.get("level", 0.0), float | int | None)


def bf16_is_fast(device: torch.device) -> bool:
    """Whether bfloat16 is faster than 32 bits: on most GPUs, on CPUs with AVX512-BF16 or AMX."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported()
    has = getattr(torch.cpu, "_is_avx512_bf16_supported", None)
    return device.type == "cpu" and bool(has and has())


def load_model(folder: Path, device: torch.device | str = "cpu", half: bool | None = None) -> Model:
    """Read a model, verifying every file's hash.

    Args:
        folder: of the checkpoint. device: where to.
        half: compute in bfloat16; by default where that is faster.

    Raises:
        ModelError: something is missing, damaged or of another kind, in one line that names the file.
    """
    description = read_description(folder)
    parts = description["parts"]
    if "denoiser" not in parts:
        raise ModelError(f"{folder} is a first stage alone (codec and vocoder): train a denoiser on it")
    codec, network = (_part(folder, name, parts) for name in ("codec", "denoiser"))
    stems = tuple(description["stems"])
    if network.tracks != len(stems) + 1:
        raise ModelError(f"{folder / 'model.json'} names {len(stems)} stems, its network has others")
    vocoder, refiner, notes = (
        _part(folder, name, parts) if name in parts else None for name in ("vocoder", "refiner", "notes")
    )
    half = bf16_is_fast(torch.device(device)) if half is None else half
    level = description.get("level", REFERENCE_RMS)
    denoiser = denoiser_of(network, codec).eval().requires_grad_(False)
    for module in (codec, denoiser, vocoder, refiner, notes):
        if module is not None:
            module.to(device)
    return Model(codec, denoiser, vocoder, stems, half, level, description["info"], refiner, notes)


def load_first_stage(folder: Path) -> tuple[Any, Any]:
    """Codec and vocoder (None if there is none) of a model or of a first stage alone; errors as :func:`load_model`."""
    parts = read_description(folder)["parts"]
    return _part(folder, "codec", parts), _part(folder, "vocoder", parts) if "vocoder" in parts else None


def _part(folder: Path, name: str, parts: dict[str, Any]) -> Any:
    """One part, built as its settings say, filled and in evaluation mode."""
    module = _build(name, parts[name], folder)
    _fill(module, folder, name, parts)
    return module.eval().requires_grad_(False)


def _build(name: str, part: dict[str, Any], folder: Path) -> Any:
    """The module that a part's settings describe, not yet filled."""
    if part["kind"] not in KINDS[name]:
        known = " and ".join(repr(kind) for kind in KINDS[name])
        raise ModelError(f"{folder} holds a part of kind {part['kind']!r}, this version reads {known}")
    try:
        return build_part(name, {key: value for key, value in part.items() if key != "sha256"})
    except ImportError as error:
        raise ModelError(
            f"{folder} needs the package {error.name}: pip install 'msgld[published]'"
        ) from error
    except (TypeError, ValueError, KeyError, RuntimeError, ZeroDivisionError) as error:
        raise ModelError(
            f"{folder / 'model.json'} does not describe a {part['kind']} of this version"
        ) from error


def _fill(module: nn.Module, folder: Path, name: str, parts: dict[str, Any]) -> None:
    path = folder / f"{name}.safetensors"
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from error
    if hashlib.sha256(data).hexdigest() != parts[name]["sha256"]:
        raise ModelError(f"{path} is damaged (its sha256 is not the one in model.json); get the model again")
    try:
        module.load_state_dict({key: value.float() for key, value in load(data).items()})
    except (RuntimeError, ValueError, SafetensorError) as error:
        raise ModelError(f"{path} does not fit its description in model.json") from error
