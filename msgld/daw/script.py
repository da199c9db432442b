"""The script that runs msgld inside REAPER, ``msgld.lua``."""

from __future__ import annotations

from pathlib import Path

_WITHOUT = 'local PYTHON = "python3"'


def script_text(python: str) -> str:
    """The script.

    Args:
        python: path of the Python interpreter that has msgld.
    """
    text = Path(__file__).with_name("msgld.lua").read_text("utf-8")
    assert _WITHOUT in text
    return text.replace(_WITHOUT, f"local PYTHON = {lua_text(python)}", 1)


def lua_text(text: str) -> str:
    """A text as Lua writes it, with everything but printable ASCII as bytes of UTF-8."""
    raw = text.encode("utf-8", "surrogateescape")
    return (
        '"'
        + "".join(chr(one) if 32 <= one < 127 and one not in b'"\\' else f"\\{one:03}" for one in raw)
        + '"'
    )
