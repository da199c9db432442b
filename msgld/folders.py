"""A model's folder appears when it is whole, or not at all."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from msgld.errors import ModelError

CARDS = ("README.md", "MODEL_CARD.md")
"""Files beside those of a model that say what it is."""


@contextmanager
def new_model_folder(folder: Path, overwrite: bool) -> Iterator[Path]:
    """A temporary folder beside ``folder``, renamed to it when the block succeeds and deleted when it fails.

    Raises:
        ModelError: the folder exists and may not be replaced, holds anything but a model, or cannot be written.
    """
    _check_free(folder, overwrite)
    temporary = folder.parent / f".{folder.name[:40]}-{uuid.uuid4().hex[:12]}.part"
    try:
        temporary.mkdir(parents=True)
        yield temporary
        _check_free(folder, overwrite)
        _put_in_place(temporary, folder)
    except OSError as error:
        raise ModelError(f"cannot write to {folder}: {error.strerror or error}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _check_free(folder: Path, overwrite: bool) -> None:
    """Raise ModelError unless a model may be written to ``folder``; only models are ever overwritten."""
    if not folder.exists():
        return
    if not folder.is_dir():
        raise ModelError(f"{folder} is a file; choose another folder")
    names = [path.name for path in folder.iterdir()]
    if names and not overwrite:
        raise ModelError(f"{folder} exists already; choose another folder, or add --overwrite")
    others = [
        name for name in names if name not in ("model.json", *CARDS) and not name.endswith(".safetensors")
    ]
    if others:
        raise ModelError(f"{folder} holds more than a model ({sorted(others)[0]}); choose another folder")


def _put_in_place(temporary: Path, folder: Path) -> None:
    if not folder.exists():
        os.rename(temporary, folder)
        return
    # Two renames, so that there is a whole model under one of the names at every moment.
    former = temporary.with_name(temporary.name.removesuffix(".part") + "-former.part")
    os.rename(folder, former)
    try:
        os.rename(temporary, folder)
    except OSError:
        os.rename(former, folder)
        raise
    shutil.rmtree(former, ignore_errors=True)
