"""``msgld styles``; opening a model, and what models there are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from msgld.api.store import known_models, model_folder, tasks_of
from msgld.cli import options as o
from msgld.cli.console import Console
from msgld.cli.errors import loading
from msgld.description import read_description
from msgld.errors import ModelError
from msgld.stems import about

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld


@dataclass(frozen=True)
class Source:
    """The model that a command runs, and its device: ``--name``, ``--device`` and ``--jobs``."""

    name: o.Model = None
    device: o.Device = "auto"
    jobs: o.Jobs = None

    def open(self, console: Console) -> Msgld:
        """Load the model and say on which device it runs."""
        with loading():
            import torch

            from msgld import load

            if self.jobs:
                torch.set_num_threads(self.jobs)
            model = load(self.name, device=self.device)
        console.remark(f"model {model.name} on {model.model.device}, {torch.get_num_threads()} threads")
        return model


Opened = Annotated[Source, o.From(Source)]


@dataclass(frozen=True)
class Described:
    """What a command knows of a model without opening it: ``name``, ``stems`` and the hashes of its files."""

    name: str
    stems: tuple[str, ...]
    weights: tuple[tuple[str, str], ...]


def described(name: str | None) -> Described:
    """A model's description. Raises ModelError where there is none."""
    about = read_description(model_folder(name))
    weights = tuple((part, str(facts.get("sha256", ""))) for part, facts in sorted(about["parts"].items()))
    return Described(str(about["info"].get("name", "model")), tuple(about["stems"]), weights)


def styles(name: o.Model = None, *, console: o.Printing) -> int:
    """List the styles that a model knows, and the instruments of each stem.

    \b
    Examples:
      msgld styles
      msgld styles --name runs/mine/model
    """
    model = read_description(model_folder(name))
    known = model["parts"].get("denoiser", {}).get("styles", ())
    named = {stem: list(about(stem).instruments) for stem in model["stems"]} if known else {}
    instruments = {stem: names for stem, names in named.items() if names}
    console.record(styles=known, instruments=instruments)
    console.say(f"{'--style':<20} {', '.join(known) or 'this model knows no styles'}")
    for stem, names in instruments.items():
        console.say(f"{f'--instrument {stem}=':<20} {', '.join(names)}")
    return 0


def list_models() -> list[dict[str, Any]]:
    """The models that ``--name`` takes: the shipped ones, then those in the cache.

    Returns:
        For each ``name``, ``stems``, ``tasks``, ``megabytes`` and ``folder``; or ``error`` where it is damaged.
    """
    return [_describe(name, folder) for name, folder in known_models()]


def _describe(name: str, folder: Path) -> dict[str, Any]:
    try:
        model = read_description(folder)
        stems, parts = list(model["stems"]), set(model["parts"])
        size = sum((folder / f"{part}.safetensors").stat().st_size for part in parts)
    except (OSError, ModelError):
        return {"name": name, "folder": folder, "error": "damaged; get it again"}
    megabytes = round(size / 1e6, 1)
    return {"name": name, "stems": stems, "tasks": tasks_of(parts), "megabytes": megabytes, "folder": folder}


def default_weights() -> Path:
    """The largest file of the shipped model; ModelError where there is none."""
    folder = model_folder()
    files = sorted(folder.glob("*.safetensors"), key=lambda file: file.stat().st_size)
    if not files:
        raise ModelError(f"no model in {folder}: get the model again")
    return files[-1]
