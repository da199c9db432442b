"""Opening a model: :func:`load`, and the object that it returns."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path

from msgld.api.arranging import SongArranger
from msgld.api.checks import check_type
from msgld.api.daw import ProjectWriter
from msgld.api.store import model_folder
from msgld.checkpoint import load_model
from msgld.description import read_description
from msgld.model import Model
from msgld.nets.quantised import is_there
from msgld.ranges import check_flag
from msgld.runtime import choose_device, keep_freed_memory


class Msgld(ProjectWriter, SongArranger):
    """A model that separates, generates, arranges, varies, extends and transcribes.

    Attributes:
        name: of the model, which is also a folder's name in outputs.
        stems: the model's stems, in order.
        model: the networks.
        weights: part -> sha256 of its file.
    """

    def __init__(self, model: Model, weights: Mapping[str, str] | None = None) -> None:
        self.model = model
        self.name = model.name
        self.stems = model.stems
        self.weights = dict(weights or {})

    @property
    def makes(self) -> tuple[str, ...]:
        """The stems that it makes: those of its composer, which has ``vocals`` besides, or its own."""
        return self.stems if self.model.composer is None else self.model.composer.stems


def load(model: str | Path | None = None, *, device: str = "auto", half: bool | None = None) -> Msgld:
    """Open a model. On a CPU the process then keeps freed memory, see :mod:`msgld.runtime`.

    Args:
        model: a name, the path of a folder, or None for the shipped one. Names are looked for in the package and
            in the cache (``MSGLD_CACHE``, else the user's cache folder).
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
    return Msgld(loaded, weights)
