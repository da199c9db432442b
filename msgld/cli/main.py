"""The command ``msgld``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from msgld.cli import convert, inform, separate, train
from msgld.cli import evaluate as measure
from msgld.cli import make as create
from msgld.cli.errors import guarded, prepare_process, take_debug
from msgld.cli.sections import Sectioned
from msgld.cli.signals import finished

app = typer.Typer(no_args_is_help=True, add_completion=False, rich_markup_mode=None)
models = typer.Typer(no_args_is_help=True, help="The models on this machine.")


def print_version(wanted: bool) -> None:
    """Print the version and end the command, where it is wanted."""
    if wanted:
        from msgld.api.record import own_version

        typer.echo(f"msgld {own_version()}")
        raise typer.Exit


def print_models(wanted: bool) -> None:
    """List the models and end the command, where it is wanted."""
    if wanted:
        inform.list_models()
        raise typer.Exit


@app.callback()
def root(
    debug: Annotated[
        bool, typer.Option("--debug", help="Show where an error comes from (also MSGLD_DEBUG=1).")
    ] = False,
    version: Annotated[
        bool,
        typer.Option("--version", callback=print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
    listing: Annotated[
        bool,
        typer.Option("--list-models", callback=print_models, is_eager=True, help="As: msgld models list."),
    ] = False,
) -> None:
    """One model of all stems of a piece of music: separate a song, invent one, play the missing parts.

    \b
    Examples:
      msgld demo
      msgld separate song.mp3
      msgld generate --seconds 20
      msgld arrange --given bass=b.wav --given drums=d.wav --make guitar,piano
    """


COMMANDS: dict[str, Callable[..., Any]] = {
    "separate": separate.separate,
    "generate": create.generate,
    "arrange": create.arrange,
    "vary": create.vary,
    "continue": create.extend,
    "train": train.train,
    "convert": convert.convert,
    "evaluate": measure.evaluate,
    "demo": inform.demo,
    "doctor": inform.doctor,
}
for name, command in COMMANDS.items():
    app.command(name, cls=Sectioned)(command)
models.command("list")(inform.list_models)
app.add_typer(models, name="models")


@models.callback()
def models_root() -> None:
    """The models on this machine."""


def main() -> None:
    """Run the command line and exit with its code."""
    prepare_process()
    arguments = take_debug(sys.argv[1:])
    code = guarded(lambda: app(arguments, prog_name="msgld", standalone_mode=False))
    finished()
    sys.exit(code)
