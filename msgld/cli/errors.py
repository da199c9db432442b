"""From errors and signals to one line and an exit code. Imports nothing slow: it guards the imports, too."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType
from typing import Any

from msgld.cli.console import complain
from msgld.errors import Cancelled, MsgldError, UsageError

DONE, FAILED, USAGE, INTERRUPTED, TERMINATED = 0, 1, 2, 130, 143
"""Exit codes."""

_INTERRUPTION = "interrupted; nothing half-finished was kept"
_ADVICE = "run the command again with --debug to see where, and report it with what it prints"


def guarded(command: Callable[[], int | None]) -> int:
    """Run a command; an error becomes one line on standard error.

    Returns:
        The command's own code (None is 0); 1 for an error, 2 for wrong usage, 130 when interrupted.
    """
    try:
        code = command() or DONE
        if code != INTERRUPTED:
            return code
    except (KeyboardInterrupt, Cancelled):
        pass
    except BrokenPipeError:
        # The reader of our output has left, as ``head`` does: no one would see a message.
        _discard_output()
        return FAILED
    except Exception as error:
        if type(error).__name__ != "Abort":  # Typer's own form of Ctrl-C
            return _failed(error)
    # Newer releases of Typer turn Ctrl-C into this code without a word.
    complain(_INTERRUPTION)
    return INTERRUPTED


def _failed(error: Exception) -> int:
    if type(error).__name__ == "NoArgsIsHelpError":
        print(error, file=sys.stderr)
        return USAGE
    show_traceback()
    with suppress(OSError):
        complain(message(error))
    _discard_unwritten()
    return USAGE if isinstance(error, UsageError) or _is_usage(error) else FAILED


def show_traceback() -> None:
    """Print the traceback of the exception that is being handled, after ``--debug``."""
    if os.environ.get("MSGLD_DEBUG", "") not in ("", "0"):
        import traceback

        traceback.print_exc()


def _discard_output() -> None:
    """Write nothing from here on, so that the interpreter does not fail when it flushes at its end."""
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


def message(error: Any) -> str:
    """One line about an error, for people."""
    if _is_usage(error):
        text = str(error.format_message()).replace(": Value error, ", ": ")  # pydantic's words, in Typer 0.29
        return f"{text.rstrip('.')} (see msgld --help)"
    if isinstance(error, MsgldError):
        return str(error)
    if isinstance(error, MemoryError) or "out of memory" in str(error).lower():
        return "out of memory; close other programs, or try --quality draft or --device cpu"
    if isinstance(error, UnicodeError):
        return "a file, or its name, is not UTF-8: rename it, or save it as UTF-8"
    if isinstance(error, OSError) and error.strerror:
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror}"
    return f"unexpected {type(error).__name__}: {error}; {_ADVICE}"


def _is_usage(error: Exception) -> bool:
    # Typer's own errors come from click, or from a copy of it inside newer releases of Typer.
    return hasattr(error, "format_message") and hasattr(error, "exit_code")


def take_debug(arguments: list[str]) -> list[str]:
    """The arguments without ``--debug``, which may stand anywhere before ``--`` and switches tracebacks on."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    kept = [argument for argument in arguments[:end] if argument != "--debug"]
    if len(kept) < end:
        os.environ["MSGLD_DEBUG"] = "1"
    return kept + arguments[end:]


def prepare_process() -> None:
    """Let a request to terminate clean up as Ctrl-C does, and any file name be printed on any terminal."""
    signal.signal(signal.SIGTERM, _terminate)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _terminate(number: int, frame: FrameType | None) -> None:
    raise SystemExit(TERMINATED)


def finished() -> None:
    """The work is done and printed: from here on Ctrl-C could only spoil the exit code."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def loading() -> Iterator[None]:
    """While packages are imported or a model is loaded, and nothing is written yet, a signal ends the process at once.

    An exception would not do: torch and NumPy lose those that strike their import, and go on or fail strangely.
    """
    former = {}
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            if signal.getsignal(number) is not signal.SIG_IGN:  # as in the background of a shell
                former[number] = signal.signal(number, _leave)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def _leave(number: int, frame: FrameType | None) -> None:
    if number == signal.SIGINT:
        os.write(2, f"msgld: {_INTERRUPTION}\n".encode())
    os._exit(128 + number)
