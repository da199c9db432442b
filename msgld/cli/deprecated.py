"""Old spellings on the command line: they work until the release ``REMOVED_IN``, with a warning.

Each is a row of a table with its successor, so the commands do not know it. Only options that have
no successor on the command line are still among a command's options, hidden.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgld.cli.console import warn
from msgld.errors import UsageError

REMOVED_IN = "0.3"

COMMANDS = {"continue": "extend", "--list-models": "models"}
"""Old first words of a command line -> today's."""

_RESEARCH = {
    "--sampler": "msgld.Options(sampling={'sampler': 'ddim'}), for ddpm with 'eta': 1.0",
    "--eta": "msgld.Options(sampling={'eta': 0.5})",
    "--iterations": "msgld.Options(sampling={'iterations': 2})",
}
_MAKING = {
    **_RESEARCH,
    **{f"--{ext}": f"--format {ext}" for ext in ("flac", "mp3", "ogg")},
    "--int24": "msgld.Encoding(); the results have 24 bits in any case",
    "--int16": "msgld.Encoding(subtype='PCM_16')",
    "--float32": "msgld.Encoding(subtype='FLOAT')",
}
_CONDITIONED = {
    **{f"--{stem}": f"--instrument {stem}={{}}" for stem in ("bass", "drums", "guitar", "piano", "other")},
    "--brief-guidance": "--style-guidance {}",
}
OPTIONS: Mapping[str, Mapping[str, str]] = {
    "separate": {
        **_RESEARCH,
        "--consistency": "msgld.Options(consistency='residual')",
        "--mixture-level": "Msgld.separate(..., noise=0.2)",
        **{f"--{ext}": f"--format {ext}" for ext in ("flac", "mp3", "ogg")},
    },
    "generate": {**_MAKING, **_CONDITIONED},
    "arrange": {**_MAKING, **_CONDITIONED, "--softness": "--noise {}"},
    "vary": {**_MAKING, "--level": "--noise {}"},
    "extend": _MAKING,
    "evaluate": _RESEARCH,
    "train": {"--preset": "--recipe {}"},
}
"""Command -> old option -> the arguments that replace it, with ``{}`` for its value; or its successor in Python."""

STAYING = {"separate": ("--flac", "--mp3")}
"""Demucs' spellings, which need no warning: people bring scripts."""


def current(arguments: Sequence[str]) -> list[str]:
    """A command line in today's spelling; warns about each old one once.

    Raises:
        UsageError: a value for an old flag, which takes none.
    """
    arguments = list(arguments)
    start = next((i for i, text in enumerate(arguments) if text in COMMANDS or text[:1] != "-"), None)
    if start is None:
        return arguments
    for words in (1, 2):
        old = " ".join(arguments[start : start + words])
        if old in COMMANDS:
            arguments[start : start + words] = [COMMANDS[old]]
            _warn(old, COMMANDS[old])
    command = arguments[start]
    renewed = _renewed(arguments[start + 1 :], OPTIONS.get(command, {}), STAYING.get(command, ()))
    return [*arguments[: start + 1], *renewed]


def _renewed(arguments: Sequence[str], new: Mapping[str, str], silent: Sequence[str]) -> list[str]:
    renewed: list[str] = []
    seen: dict[str, str] = {}  # today's option -> the one that is on the command line
    rest = list(arguments)
    while rest and rest[0] != "--":
        word = rest.pop(0)
        name, equals, value = word.partition("=")
        today, again = new.get(name, name), name in seen.values()
        replaced = today != name and today.startswith("-")
        if replaced and equals and "{}" not in today:
            raise UsageError(f"{name} takes no value: leave out ={value}")
        option = today.split()[0] if replaced and "=" not in today else name
        if seen.setdefault(option, name) != name:
            raise UsageError(f"choose one of {seen[option]} and {name}")
        if today != name and not again and name not in silent:
            _warn(name, today)
        if today == name or "(" in today:
            renewed.append(word)
        elif "{}" in today:
            renewed += _with_value(today, value if equals else rest.pop(0) if rest else None)
        elif not again:  # a flag may be repeated
            renewed += today.split()
    return renewed + rest


def _with_value(today: str, value: str | None) -> list[str]:
    """Today's arguments; where the value is missing the option alone, of which the parser then complains."""
    words = today.split()
    return words[:1] if value is None else [word.replace("{}", value) for word in words]


def _warn(old: str, today: str) -> None:
    if "(" in today:
        advice = f"leaves the command line; in Python use {today}"
    else:
        advice = f"is now {today.replace(' {}', '').format('NAME')}"
    warn(f"{old} {advice}; the old spelling works until {REMOVED_IN}")
