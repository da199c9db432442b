"""Opening a model: :func:`load`, and the object that it returns."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Self

from msgld.api.arranging import SongArranger
from msgld.api.checks import as_path, check_function, check_type
from msgld.api.daw import ProjectWriter
from msgld.api.sharing.pretrained import pretrained_folder, write_pretrained
from msgld.api.store import model_folder
from msgld.checkpoint import load_model
from msgld.description import read_description
from msgld.model import Model
from msgld.nets.quantised import is_there
from msgld.progress import CancelToken, OnProgress
from msgld.ranges import check_flag
from msgld.runtime import choose_device, keep_freed_memory


class Msgld(ProjectWriter, SongArranger):
    """A model that separates, generates, arranges, varies, extends and transcribes.

    Attributes:
        name: of the model, which is also a folder's name in outputs.
        stems: the model's stems, in order.
        model: the networks.
        weights: part -> sha256 of its file.
        folder: that it was opened from; None for networks that are in memory only.
    """

    def __init__(
        self, model: Model, weights: Mapping[str, str] | None = None, folder: Path | None = None
    ) -> None:
        self.model = model
        self.name = model.name
        self.stems = model.stems
        self.weights = dict(weights or {})
        self.folder = folder

    @property
    def makes(self) -> tuple[str, ...]:
        """The stems that it makes: those of its composer, which has ``vocals`` besides, or its own."""
        return self.stems if self.model.composer is None else self.model.composer.stems

    @classmethod
    def from_pretrained(
        cls,
        model: str | Path,
        *,
        revision: str | None = None,
        device: str = "auto",
        half: bool | None = None,
        on_progress: OnProgress | None = None,
        cancel: CancelToken | None = None,
    ) -> Self:
        """Open a model from a folder, or from the Hugging Face Hub, after all its files were verified.

        The network is used only for a model that the cache lacks; ``msgld models download`` brings a newer state.

        Args:
            model: the path of a folder, ``owner/name``, ``owner/name@revision``, or a name as :func:`load` takes it.
            revision: a branch, a tag or a commit on the Hub; ``main`` by default.
            device: as of :func:`load`.
            half: as of :func:`load`.
            on_progress: called with the bytes of a download.
            cancel: stops a download.

        Raises:
            ModelError: missing, cut short, damaged or not to be had; one line.
            UsageError: the device is not there, or the revision of a folder is named.
            Cancelled: ``cancel`` was set.
        """
        check_type("model", model, str | PathLike, "owner/name or the path of a folder")
        check_function("on_progress", on_progress, "msgld.Progress")
        folder = pretrained_folder(model, revision, on_progress, cancel)
        opened = load(folder, device=device, half=half)
        return cls(opened.model, opened.weights, opened.folder)

    def save_pretrained(
        self, folder: str | Path, *, licence: str | None = None, overwrite: bool = False
    ) -> Path:
        """Write the model as a folder to share: its files and a ``README.md`` that says what it is.

        The files of a model that was opened are copied as they are. Networks in memory are stored in 16 bits.

        Args:
            folder: is made; it appears when it is whole.
            licence: identifier of the model's licence, such as ``MIT`` or ``CC-BY-4.0``, for ``model.json`` and the
                card; by default the one that the model states. A card that came with the model stays, unless this
                licence is another one.
            overwrite: replace a model that is there.

        Returns:
            The folder.

        Raises:
            ModelError: the folder is in use or cannot be written, the files that the model was opened from are
                damaged, or its networks have been changed since.
            UsageError: the licence is no identifier.
        """
        return write_pretrained(self.model, self.folder, as_path("folder", folder), licence, overwrite)


def load(model: str | Path | None = None, *, device: str = "auto", half: bool | None = None) -> Msgld:
    """Open a model. On a CPU the process then keeps freed memory, see :mod:`msgld.runtime`.

    Args:
        model: a name, the path of a folder, ``owner/name`` of a model that was downloaded, or None for the shipped
            one. Names are looked for in the package and in the cache (``MSGLD_CACHE``, else the user's cache folder).
            Nothing is downloaded.
        device: ``auto`` (a CUDA device where there is one, else the CPU), ``cpu``, ``cuda``, ``cuda:1``, ``mps``.
        half: compute in bfloat16; by default where that is faster; elsewhere with products of the denoiser in 8 bits,
            where the processor has them. False computes in 32 bits.

    Raises:
        ModelError: missing or damaged.
        UsageError: the device is not there.
    """
    if model is not None:
        check_type("model", model, str | PathLike, "a name or the path of a folder")
    half = None if half is None else check_flag("half", half)
    chosen = choose_device(device)
    if chosen.type == "cpu":
        keep_freed_memory()
    folder = model_folder(model)
    parts = read_description(folder)["parts"]
    weights = {name: str(part.get("sha256", "")) for name, part in parts.items()}
    loaded = load_model(folder, chosen, half)
    if half is None and chosen.type == "cpu" and not loaded.half and is_there():
        loaded.quantise()
    loaded.halve()
    return Msgld(loaded, weights, folder)
