"""``msgld models``: the models on this machine, and others from the Hugging Face Hub."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from msgld.api.sharing.verify import faults
from msgld.api.store import cache_folder, known_models, model_folder
from msgld.cli import options as o
from msgld.cli.console import complain, shown, track
from msgld.cli.models import list_models
from msgld.description import read_description
from msgld.errors import ModelError

Model = Annotated[
    str | None,
    typer.Argument(metavar="[MODEL]", help="Name or folder of a model; by default the shipped one."),
]
Models = Annotated[
    list[str] | None,
    typer.Argument(metavar="[MODEL]...", help="Names or folders; by default all on this machine."),
]
Address = Annotated[
    str, typer.Argument(metavar="OWNER/NAME[@REVISION]", help="On the Hugging Face Hub; main is the default.")
]


class Verbs(TyperGroup):
    """What can be done with models; ``list`` is the default."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the command line, with ``list`` in front where no command is."""
        named = args[:1] == ["--help"] or (args and not args[0].startswith("-"))
        return super().parse_args(ctx, args if named else ["list", *args])


def models() -> None:
    """List, verify and download models.

    \b
    Examples:
      msgld models
      msgld models verify
      msgld models download owner/name
      msgld separate song.mp3 --name owner/name
    """


def list_all(console: o.Printing) -> int:
    """List the models on this machine, and the tasks of each.

    Add models to the folder "models" in the cache; msgld doctor shows where the cache is.

    \b
    Examples:
      msgld models list
      msgld models --json
    """
    found = list_models()
    for model in found:
        console.record(**model)
        does = model.get("error") or f"{', '.join(model['tasks'])}; {model['megabytes']} MB"
        console.say(f"{model['name']:<12} {does}  ({shown(model['folder'])})")
    if not found:
        console.say(f"no models: install msgld again, or put one into {cache_folder() / 'models'}")
    return 0


def path(name: Model = None, *, console: o.Printing) -> int:
    """Print the folder of a model.

    \b
    Examples:
      msgld models path
      msgld models path owner/name
    """
    folder = model_folder(name)
    read_description(folder)
    console.record(name=name or folder.name, folder=folder)
    console.say(str(folder))
    return 0


def verify(names: Models = None, *, console: o.Printing) -> int:
    """Read every file of models and compare it with the sha256 in model.json.

    \b
    Examples:
      msgld models verify
      msgld models verify small runs/mine/model
    """
    wanted = [(name, model_folder(name)) for name in names] if names else list(known_models())
    return max([_verify(name, folder, console) for name, folder in wanted], default=0)


def _verify(name: str, folder: Path, console: o.Printing) -> int:
    """Verify one model; 1 where anything is wrong with it."""
    try:
        description = read_description(folder)
        with track(name) as on_progress:
            found = list(faults(folder, description, on_progress).values())
        good = f"{name}: all {len(description['parts'])} files are as they should be"
    except ModelError as error:
        found = [str(error)]
    console.record(name=name, folder=folder, faults=found)
    for line in found:
        complain(line)
    if not found:
        console.say(good)
    return 1 if found else 0


def download(address: Address, *, console: o.Printing) -> int:
    """Download a model from the Hugging Face Hub into the cache, or bring it up to date.

    Needs pip install 'msgld[hub]'. The model then works without a network: --name OWNER/NAME.

    \b
    Examples:
      msgld models download owner/name
      msgld models download owner/name@v1
    """
    from msgld.api.sharing.download import download

    with track(address) as on_progress:
        folder = download(address, on_progress=on_progress)
    console.record(name=address, folder=folder, commit=folder.name)
    console.say(f"{address} is in {folder}")
    return 0


VERBS: dict[str, Callable[..., int]] = {
    "list": list_all,
    "path": path,
    "verify": verify,
    "download": download,
}
