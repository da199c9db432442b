"""A checkpoint is a folder: ``model.json`` and one safetensors file a part, each named with its sha256.

Nothing in it can execute code. Parts are written to temporary names and renamed, the JSON last, so a folder
with a JSON is whole.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn

from msgld.diffusion.denoise import StemDenoiser
from msgld.diffusion.noise import CosineSchedule
from msgld.errors import ModelError
from msgld.model import Model
from msgld.nets.transformer import StemTransformer, TransformerConfig
from msgld.nets.vocoder import Vocoder, VocoderConfig
from msgld.sound.codec import PatchCodec, PatchConfig

FORMAT = 1
PARTS = ("codec", "denoiser", "vocoder")
Part = TypeVar("Part", bound=nn.Module)


def save_model(model: Model, folder: Path, dtype: torch.dtype = torch.float16) -> None:
    """Write a model. The codec keeps 32 bits (it is small); networks are stored as ``dtype``."""
    folder.mkdir(parents=True, exist_ok=True)
    parts: dict[str, Any] = {}
    modules: dict[str, tuple[nn.Module, dict[str, Any]]] = {
        "codec": (model.codec, model.codec.settings()),
        "denoiser": (model.denoiser.network, model.denoiser.network.settings()),
    }
    if model.vocoder is not None:
        modules["vocoder"] = (model.vocoder, model.vocoder.settings())
    for name, (module, settings) in modules.items():
        data = save(_stored(module, torch.float32 if name == "codec" else dtype))
        write_whole(folder / f"{name}.safetensors", data)
        parts[name] = {**settings, "sha256": hashlib.sha256(data).hexdigest()}
    text = json.dumps({"format": FORMAT, "stems": model.stems, "info": model.info, "parts": parts}, indent=1)
    write_whole(folder / "model.json", text.encode())


def _stored(module: nn.Module, dtype: torch.dtype) -> dict[str, Tensor]:
    return {
        key: (value.to(dtype) if value.is_floating_point() else value).cpu().contiguous()
        for key, value in module.state_dict().items()
    }


def write_whole(path: Path, data: bytes) -> None:
    """Write a file under a temporary name and rename it."""
    temporary = path.with_name(path.name + ".partial")
    with open(temporary, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)


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
    whole = all(isinstance(part, dict) and "sha256" in part for part in parts.values())
    return whole and {"codec", "denoiser"} <= set(parts)


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
    codec = _build(lambda s: PatchCodec(PatchConfig.from_dict(s)), parts["codec"], "patch", folder)
    _fill(codec, folder, "codec", parts)
    network = _build(
        lambda s: StemTransformer(TransformerConfig(**s)), parts["denoiser"], "stem-transformer", folder
    )
    if network.config.tracks != len(description["stems"]) + 1:
        raise ModelError(
            f"{folder / 'model.json'} names {len(description['stems'])} stems, its network has others"
        )
    _fill(network, folder, "denoiser", parts)
    vocoder = _load_vocoder(folder, parts) if "vocoder" in parts else None
    denoiser = StemDenoiser(network, CosineSchedule()).eval().requires_grad_(False)
    half = bf16_is_fast(torch.device(device)) if half is None else half
    model = Model(codec, denoiser, vocoder, tuple(description["stems"]), half, description["info"])
    for module in (codec, denoiser, vocoder):
        if module is not None:
            module.to(device)
    return model


def _load_vocoder(folder: Path, parts: dict[str, Any]) -> Vocoder:
    vocoder = _build(lambda s: Vocoder(VocoderConfig(**s)), parts["vocoder"], "vocoder", folder)
    _fill(vocoder, folder, "vocoder", parts)
    return vocoder.eval().requires_grad_(False)


def _build(make: Callable[[dict[str, Any]], Part], part: dict[str, Any], kind: str, folder: Path) -> Part:
    """The module that a part's settings describe, not yet filled."""
    if part.get("kind") != kind:
        raise ModelError(f"{folder} holds a part of kind {part.get('kind')!r}, this version reads {kind!r}")
    try:
        return make({key: value for key, value in part.items() if key not in ("kind", "sha256")})
    except (TypeError, ValueError, KeyError, RuntimeError, ZeroDivisionError) as error:
        raise ModelError(f"{folder / 'model.json'} does not describe a {kind} of this version") from error


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
