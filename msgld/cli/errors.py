"""From errors to one line and an exit code."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import typer

from msgld.cli.console import complain
from msgld.cli.signals import INTERRUPTED, INTERRUPTION, terminate
from msgld.errors import Cancelled, MsgldError, UsageError

DONE, FAILED, USAGE = 0, 1, 2
_ADVICE = "run the command again with --debug to see where, and report it with what it prints"


def guarded(command: Callable[[], int | None]) -> int:
    """Run a command; whatever goes wrong is said in one line on standard error.

    Returns:
        The command's own code (None is 0); 1 for an error, 2 for wrong usage, 130 when interrupted.
    """
    try:
        code = command() or DONE
        if code != INTERRUPTED:
            return code
    except (KeyboardInterrupt, typer.Abort, Cancelled):
        pass
    except BrokenPipeError:
        # Whoever read our output has left, as ``head`` does: there is nobody to tell.
        _discard_output()
        return FAILED
    except Exception as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            typer.echo(str(error), err=True)
            return USAGE
        if debugging():
            traceback.print_exc()
        with suppress(OSError):
            complain(message(error))
        _discard_unwritten()
        return exit_code(error)
    # Newer releases of Typer turn Ctrl-C into this code without a word.
    complain(INTERRUPTION)
    return INTERRUPTED


def _discard_output() -> None:
    """From here on nothing is written, so that the interpreter does not fail at it when it ends."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError, AttributeError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _discard_unwritten() -> None:
    """Where standard output takes nothing, as on a full disk, the interpreter must not try again."""
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except (OSError, ValueError):
        _discard_output()


def exit_code(error: Exception) -> int:
    """2 for wrong usage, 1 for everything else."""
    return USAGE if isinstance(error, UsageError) or _is_usage(error) else FAILED


def message(error: Exception) -> str:
    """One line about an error, for people."""
    if _is_usage(error):
        return f"{_usage_message(error)} (see msgld --help)"
    if isinstance(error, MsgldError):
        return str(error)
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return "out of memory; close other programs, or try --quality draft or --device cpu"
    if isinstance(error, UnicodeError):
        return "a file's name is not UTF-8, or it holds text that is not: rename it, or save it as UTF-8"
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}"
    return f"unexpected {type(error).__name__}: {error}; {_ADVICE}"


def _is_usage(error: Exception) -> bool:
    # Typer's own errors come from click, or from a copy of it inside newer releases of Typer.
    return hasattr(error, "format_message") and hasattr(error, "exit_code")


def _usage_message(error: Any) -> str:
    return str(error.format_message()).rstrip(".")


def debugging() -> bool:
    """Whether tracebacks are wanted."""
    return os.environ.get("MSGLD_DEBUG", "") not in ("", "0")


def take_debug(arguments: list[str]) -> list[str]:
    """The arguments without ``--debug``, which is understood anywhere before ``--`` and switches tracebacks on."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    kept = [argument for argument in arguments[:end] if argument != "--debug"]
    if len(kept) < end:
        os.environ["MSGLD_DEBUG"] = "1"
    return kept + arguments[end:]


def prepare_process() -> None:
    """Let a request to terminate clean up as Ctrl-C does, and any file name be printed on any terminal."""
    signal.signal(signal.SIGTERM, terminate)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
