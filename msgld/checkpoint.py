"""A checkpoint is a folder: ``model.json`` and one safetensors file a part, each named with its sha256.

Loading executes no code from it. All files are written to temporary names, then renamed, the JSON last: an
interrupted save leaves the old model.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor, nn

from msgld.description import FILE, read_description, unusable, written
from msgld.diffusion.denoise import StemDenoiser
from msgld.errors import ModelError
from msgld.files import write_together
from msgld.later import Deferred
from msgld.model import Model
from msgld.music.conditioning import features_of
from msgld.music.conditions import PROGRAMS
from msgld.music.score import SCORE_STEMS
from msgld.registry import config_of, kind_of, settings_of
from msgld.runtime import bf16_is_fast
from msgld.schema import same
from msgld.score_model import ScoreModel
from msgld.tensors import check_file, fill, unfilled

SCORE_PARTS = ("score_codec", "composer", "guide")
"""Parts of the score model, which fit each other and not the codec of sound."""

AT_ONCE = ("codec", "denoiser", "refiner")
"""Parts that separate."""

LATER = {"vocoder": "vocoder", "note_reader": "notes", "listener": "listener", "beat_tracker": "beats"}
"""Attributes of a model that are read when they are first used, and the names of their parts."""


def save_model(model: Model, folder: Path, dtype: torch.dtype = torch.float16) -> None:
    """Write a model.

    Args:
        model: to write.
        folder: is made.
        dtype: of the networks; the statistics of the linear codec keep 32 bits.
    """
    save_parts(
        modules_of(model),
        folder,
        {"stems": model.stems, "level": model.reference_rms, "info": model.info},
        dtype,
    )


def modules_of(model: Model) -> dict[str, nn.Module]:
    """Part -> module of all the parts that a model has; those that are read later are read."""
    modules: dict[str, nn.Module] = {"codec": model.codec, "denoiser": model.denoiser.network}
    further = {"vocoder": model.vocoder, "refiner": model.refiner, "notes": model.note_reader}
    if model.score is not None:
        further |= {
            "score_codec": model.score.codec,
            "composer": _network(model.score),
            "guide": _network(model.score.guide),
        }
    further |= {"listener": model.listener, "beats": model.beat_tracker}
    return modules | {name: module for name, module in further.items() if module is not None}


def _network(score: ScoreModel | None) -> nn.Module | None:
    """The composer of a score model, if it has one."""
    return None if score is None or score.denoiser is None else score.denoiser.network


def save_parts(
    modules: Mapping[str, nn.Module], folder: Path, about: Mapping[str, Any], dtype: torch.dtype
) -> None:
    """Write parts of a model, all or a first stage (codec and vocoder) alone.

    Args:
        modules: part -> module; of the denoiser its network.
        folder: is made.
        about: stems, level and info, for the JSON.
        dtype: as for :func:`save_model`.

    Raises:
        ModelError: it could not be loaded again because of its names, or because its parts do not match.
    """
    parts: dict[str, Any] = {}
    files: dict[Path, bytes] = {}
    for name, module in modules.items():
        settings = settings_of(module)
        data = save(_stored(module, torch.float32 if settings["kind"] == "patch" else dtype))
        files[folder / f"{name}.safetensors"] = data
        parts[name] = {**settings, "sha256": hashlib.sha256(data).hexdigest()}
    text = described(about, parts)
    folder.mkdir(parents=True, exist_ok=True)
    write_together({**files, folder / FILE: text.encode()})


def described(about: Mapping[str, Any], parts: Mapping[str, Mapping[str, Any]]) -> str:
    """The text of ``model.json``: stems, level and info, and each part's settings and sha256.

    Raises:
        ModelError: a model of that description could not be loaded.
    """
    content = {**about, "stems": list(about["stems"] or ()), "parts": dict(parts)}
    text = written(content)
    try:
        check_parts(content)
    except ValueError as error:
        raise ModelError(f"this model cannot be saved: {error}") from error
    return text


def _stored(module: nn.Module, dtype: torch.dtype) -> dict[str, Tensor]:
    return {
        key: (value.to(dtype) if value.is_floating_point() else value).cpu().contiguous()
        for key, value in module.state_dict().items()
    }


def load_model(folder: Path, device: torch.device | str = "cpu", half: bool | None = None) -> Model:
    """Read a model: what separation needs at once, the other parts when they are first used.

    Every file's hash is verified when it is read.

    Args:
        folder: of the checkpoint.
        device: of the model.
        half: compute in bfloat16; by default if that is faster.

    Raises:
        ModelError: something is missing, damaged or of another kind, in one line that names the file.
    """
    description = read_description(folder)
    if "denoiser" not in description["parts"]:
        raise ModelError(f"{folder} is a first stage alone (codec and vocoder): train a denoiser on it")
    parts = _parts(folder, description, AT_ONCE)
    codec, refiner = parts["codec"].to(device), parts.get("refiner")
    half = bf16_is_fast(torch.device(device)) if half is None else half
    denoiser = parts["denoiser"].denoiser(codec).eval().requires_grad_(False).to(device)
    stems, level, info = tuple(description["stems"]), description["level"], description["info"]
    model = Model(codec, denoiser, None, stems, half, level, info, refiner and refiner.to(device))
    for name in description["parts"]:
        check_file(folder / f"{name}.safetensors")
    reads = {
        attribute: partial(_part, folder, description, name, device)
        for attribute, name in LATER.items()
        if name in description["parts"]
    }
    if "score_codec" in description["parts"]:
        reads["score"] = partial(_score, folder, description, half, device)
    for attribute, read in reads.items():
        setattr(model, attribute, Deferred(read))
    return model


def _part(folder: Path, description: dict[str, Any], name: str, device: torch.device | str) -> Any:
    """One part on the device."""
    return _parts(folder, description, (name,))[name].to(device)


def _score(folder: Path, description: dict[str, Any], half: bool, device: torch.device | str) -> ScoreModel:
    """The score model."""
    parts = _parts(folder, description, SCORE_PARTS)
    codec = parts["score_codec"].to(device)
    composer, guide = (
        StemDenoiser(parts[name]).eval().requires_grad_(False).to(device) if name in parts else None
        for name in ("composer", "guide")
    )
    return ScoreModel(codec, composer, half, guide=ScoreModel(codec, guide, half) if guide else None)


def load_first_stage(folder: Path) -> tuple[Any, Any]:
    """Codec and vocoder (None if there is none) of a model or of a first stage alone; errors as :func:`load_model`."""
    parts = _parts(folder, read_description(folder), ("codec", "vocoder"))
    return parts["codec"], parts.get("vocoder")


def _parts(folder: Path, description: dict[str, Any], wanted: Collection[str]) -> dict[str, Any]:
    """The wanted parts with their weights, in evaluation mode. All descriptions are checked before any is built."""
    path = folder / FILE
    try:
        configs = check_parts(description)
    except ValueError as error:
        raise unusable(path, error) from error
    parts = {}
    for name in (name for name in configs if name in wanted):
        about = description["parts"][name]
        build = partial(kind_of(name, about).build, configs[name])
        parts[name] = unfilled(build, folder, partial(unusable, path))
        fill(parts[name], folder / f"{name}.safetensors", about["sha256"])
        parts[name].eval().requires_grad_(False)
    return parts


def check_parts(description: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration of each part of a description; ValueError if one is wrong or does not match the others."""
    stems = len(description["stems"])
    configs = {
        name: config_of(name, {key: value for key, value in part.items() if key != "sha256"})
        for name, part in description["parts"].items()
    }
    _check_score(configs)
    for name, config in configs.items():
        if name not in ("codec", *SCORE_PARTS):
            try:
                config.check_fit(configs["codec"], stems)
                _check_conditions(config)
            except ValueError as error:
                raise ValueError(f"the {name} does not fit: {error}") from error
    return configs


def _check_score(configs: Mapping[str, Any]) -> None:
    """Raise ValueError unless the parts of the score model match."""
    if "score_codec" in configs:
        same(stems=(configs["score_codec"].stems, len(SCORE_STEMS)))
    for part, needed in (("composer", "score_codec"), ("guide", "composer")):
        if part in configs:
            if needed not in configs:
                raise ValueError(f"there is a {part} without a {needed}")
            configs[part].check_fit(configs["score_codec"])


def _check_conditions(config: Any) -> None:
    """Raise ValueError if a network takes other conditions than this version."""
    features, styles = getattr(config, "frame_features", 0), getattr(config, "styles", ())
    if features or styles:
        same(frame_features=(features, features_of(len(styles))), programs=(config.programs, PROGRAMS))
        same(styles=(len(set(styles)), len(styles)))
