"""Commands whose help has sections, and that refuse options without a value or with two."""

from __future__ import annotations

from collections import Counter
from typing import Any

from typer.core import TyperCommand

from msgld.errors import UsageError


class Sectioned(TyperCommand):
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
