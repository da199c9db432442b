"""Folders to share: what ``from_pretrained`` opens and ``save_pretrained`` writes."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn

from msgld.api.sharing.address import address_of
from msgld.api.sharing.card import card
from msgld.api.sharing.download import download
from msgld.api.sharing.verify import check_folder, file_of
from msgld.api.store import SHIPPED, hub_folder, model_folder
from msgld.checkpoint import modules_of, save_model
from msgld.description import FILE, read_description, written
from msgld.errors import ModelError, UsageError
from msgld.files import write_whole
from msgld.folders import CARDS, new_model_folder
from msgld.model import Model
from msgld.progress import CancelToken, OnProgress
from msgld.ranges import shown

LICENCE = "MIT"
"""Licence of the shipped models."""


def pretrained_folder(
    model: str | Path, revision: str | None, on_progress: OnProgress | None, cancel: CancelToken | None
) -> Path:
    """The folder of a model, verified; see :meth:`msgld.Msgld.from_pretrained`."""
    text = str(model)
    address = None if isinstance(model, Path) or Path(text).is_dir() else address_of(text, revision)
    if address is None:
        if revision is not None:
            raise UsageError(
                f"only a model on the Hugging Face Hub has a revision, and {shown(text)} is none"
            )
        folder = model_folder(model)
    else:
        folder = address.find(hub_folder()) or download(str(address), None, on_progress, cancel)
    check_folder(folder)
    return folder


def write_pretrained(
    model: Model, source: Path | None, folder: Path, licence: str | None, overwrite: bool
) -> Path:
    """Write a model and its card.

    Args:
        model: the networks.
        source: the folder that they were read from, which is copied; None to store them.
        folder: is made.
        licence: of the model.
        overwrite: replace a model that is there.

    Raises:
        ModelError: as of :meth:`msgld.Msgld.save_pretrained`.
        UsageError: the licence is no identifier.
    """
    if licence is not None and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,63}", str(licence)):
        raise UsageError(f"a licence is an identifier such as MIT or CC-BY-4.0, not {shown(licence)}")
    if source is not None and folder.resolve() == source.resolve():
        raise ModelError(f"{folder} is the folder that the model was opened from; choose another folder")
    with new_model_folder(folder, overwrite) as new:
        if source is None:
            _store(model, new)
        else:
            _copy(model, source, new)
        _complete(new, licence or (LICENCE if source and source.parent == SHIPPED else None))
    return folder


def _store(model: Model, new: Path) -> None:
    if model.quantised or any(value.dtype == torch.bfloat16 for value in model.denoiser.network.parameters()):
        raise ModelError("this model computes in fewer bits and cannot be saved: open it with half=False")
    save_model(model, new)


def _copy(model: Model, source: Path, new: Path) -> None:
    """Copy the files of a model that nobody has changed."""
    parts = check_folder(source)["parts"]
    modules = modules_of(model)
    for part in parts:
        if part in modules and _differs(modules[part], source / file_of(part)):
            raise ModelError(
                f"the {part} is no longer the one in {source}: to save what is in memory, open the model with "
                "half=False and save msgld.Msgld(model.model)"
            )
    for name in (FILE, *(page for page in CARDS if (source / page).is_file()), *map(file_of, parts)):
        shutil.copyfile(source / name, new / name)


def _differs(module: nn.Module, path: Path) -> bool:
    """Whether a module has other weights than a file, as far as they can be compared."""
    stored = load_file(path)
    mine = module.state_dict()
    same = (torch.equal(mine[key].cpu(), stored[key].to(mine[key].dtype)) for key in mine if key in stored)
    return not all(same)


def _complete(folder: Path, licence: str | None) -> None:
    """Write the licence into ``model.json``, and a card unless there is one that states it."""
    about = read_description(folder)
    readme = folder / CARDS[0]
    stated = licence in (None, about["info"].get("licence"))
    if not stated:
        about["info"]["licence"] = licence
        write_whole(folder / FILE, _text(about).encode())
    if not (stated and readme.is_file()):
        sizes = {part: (folder / file_of(part)).stat().st_size for part in about["parts"]}
        write_whole(readme, card(about, sizes, (folder / CARDS[1]).is_file()).encode())


def _text(about: dict[str, Any]) -> str:
    return written({key: value for key, value in about.items() if key != "format"})
