"""The command ``msgld``: all commands, and how a function becomes one."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, get_type_hints

import typer
from typer.core import TyperCommand, TyperGroup

from msgld.cli import (
    convert,
    daw,
    demo,
    doctor,
    evaluate,
    finetune,
    keeping,
    make,
    models,
    prepare,
    separate,
    studio,
    train,
    transcribe,
)
from msgld.cli.deprecated import current
from msgld.cli.errors import finished, guarded, prepare_process, take_debug
from msgld.cli.options import From
from msgld.errors import UsageError


def expanded(build: Callable[..., Any]) -> Callable[..., Any]:
    """The function with the options of its :class:`From` arguments one by one, as Typer needs them."""
    hints = get_type_hints(build, include_extras=True)
    parts: dict[str, Callable[..., Any]] = {}
    parameters: list[Parameter] = []
    for name, parameter in signature(build).parameters.items():
        marks = [mark for mark in getattr(hints[name], "__metadata__", ()) if isinstance(mark, From)]
        if marks:
            parts[name] = expanded(marks[0].build)
            parameters += signature(parts[name]).parameters.values()
        else:
            parameters.append(parameter.replace(annotation=hints[name], kind=Parameter.KEYWORD_ONLY))

    def call(**values: Any) -> Any:
        for name, part in parts.items():
            values[name] = part(**{option: values.pop(option) for option in signature(part).parameters})
        return build(**values)

    call.__doc__ = build.__doc__
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    call.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return call


class Command(TyperCommand):
    """A command whose help puts options with a ``rich_help_panel`` below a heading of that name.

    Typer itself does so only in the help that it draws with frames.
    """

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments, options, and the further sections, in the order in which they come up."""
        sections: dict[str, list[tuple[str, str]]] = {"Arguments": [], "Options": []}
        for parameter in self.get_params(ctx):
            usual = "Arguments" if parameter.param_type_name == "argument" else "Options"
            heading = getattr(parameter, "rich_help_panel", None) or usual
            record = parameter.get_help_record(ctx)
            if record is not None:
                sections.setdefault(heading, []).append(record)
        for heading, records in sections.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the command line.

        Raises:
            UsageError: an empty value, or two values for an option that takes one. Typer takes the last of them.
        """
        values, _, named = self.make_parser(ctx).parse_args(list(args))
        for parameter in self.get_params(ctx):
            if _is_empty(values.get(parameter.name)):
                raise UsageError(f"{_name(parameter)} is empty: give it a value, or leave it out")
        order: list[Any] = list(named)
        times = Counter(id(parameter) for parameter in order)
        for parameter in order:
            if times[id(parameter)] > 1 and not (parameter.multiple or parameter.is_flag):
                raise UsageError(f"{_name(parameter)} is given {times[id(parameter)]} times: give it once")
        return super().parse_args(ctx, args)


def _is_empty(value: Any) -> bool:
    return any(_is_empty(one) for one in value) if isinstance(value, list | tuple) else value == ""


def _name(parameter: Any) -> str:
    """An option as it is written in full, an argument as the help calls it."""
    options = [text for text in parameter.opts if text.startswith("--")]
    return options[0] if options else str(parameter.metavar or parameter.name.upper())


class Commands(TyperGroup):
    """The commands, also under their old names and with their old options."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the command line, brought into today's spelling."""
        return super().parse_args(ctx, current(args))


app = typer.Typer(cls=Commands, no_args_is_help=True, add_completion=False, rich_markup_mode=None)


def print_version(wanted: bool) -> None:
    """Print the version and end the command, where it is wanted."""
    if wanted:
        from msgld.api.record import own_version

        typer.echo(f"msgld {own_version()}")
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
) -> None:
    """One model of all stems of a piece of music: separate a song, generate one, play the missing parts.

    \b
    Examples:
      msgld demo
      msgld separate song.mp3
      msgld generate --seconds 20
      msgld arrange --given bass=b.wav --given drums=d.wav --make guitar,piano
    """


COMMANDS: dict[str, Callable[..., Any]] = {
    "separate": separate.separate,
    **make.TASKS,
    "transcribe": transcribe.transcribe,
    "daw": daw.daw,
    "studio": studio.studio,
    "styles": models.styles,
    "prepare": prepare.prepare,
    "train": train.train,
    "finetune": finetune.finetune,
    "convert": convert.convert,
    "demo": demo.demo,
    "doctor": doctor.doctor,
}
evaluating = typer.Typer(cls=evaluate.Tasks, callback=evaluate.evaluate, rich_markup_mode=None)
keeping_models = typer.Typer(cls=keeping.Verbs, callback=keeping.models, rich_markup_mode=None)
for parent, commands in (
    (app, COMMANDS),
    (evaluating, evaluate.TASKS),
    (keeping_models, keeping.VERBS),
):
    for name, command in commands.items():
        parent.command(name, cls=Command)(expanded(command))
app.add_typer(evaluating, name="evaluate")
app.add_typer(keeping_models, name="models")


def main() -> None:
    """Run the command line and exit with its code."""
    prepare_process()
    arguments = take_debug(sys.argv[1:])
    code = guarded(lambda: app(arguments, prog_name="msgld", standalone_mode=False))
    finished()
    sys.exit(code)
