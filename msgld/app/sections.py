"""Plain help with its options in sections."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand


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
