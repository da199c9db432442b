"""What a run's folder belongs to, so that another run's command is refused before any work."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from msgld.checkpoint import write_whole
from msgld.errors import UsageError

NAME = "run.json"
"""The record in a run's folder."""


def of_preset(part: str, preset: Any) -> dict[str, Any]:
    """What of a preset must stay the same when a run goes on: its name and the shapes of its networks."""
    shapes = {
        key: asdict(getattr(preset, key)) for key in ("network", "codec", "mel") if hasattr(preset, key)
    }
    return {"part": part, "preset": preset.name, **shapes}


def check_record(out: Path, **about: Any) -> None:
    """Compare what a command says with the record of the run that it would go on with, if there is one.

    Args:
        about: such as part, preset, stems, sources. What the record lacks is not compared.

    Raises:
        UsageError: it is another run's, in one line that says in what.
    """
    if not (out / "state.pt").exists():
        return
    record = read_record(out)
    for key, value in _plain(about).items():
        if key in record and record[key] != value:
            raise UsageError(
                f"{out} holds a run with {_told(key, record[key])}, not {_told(key, value)}: give the same, "
                f"or choose another folder (or remove {out / NAME} if only a path has changed)"
            )


def write_record(out: Path, **about: Any) -> None:
    """Note what the run in ``out`` is of: added to the record if it goes on or is about to begin."""
    if (out / "state.pt").exists():
        return
    out.mkdir(parents=True, exist_ok=True)
    merged = {**read_record(out), **_plain(about)}
    write_whole(out / NAME, json.dumps(merged, indent=1).encode())


def read_record(out: Path) -> dict[str, Any]:
    """The record of the run in ``out``; empty if there is none that can be read."""
    try:
        record = json.loads((out / NAME).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _plain(about: Mapping[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(about, default=str))


def _told(key: str, value: Any) -> str:
    """A value for people: shapes are not spelled out."""
    if value is None:
        return f"no {key}"
    if isinstance(value, dict):
        return f"the {key} of another size" if key in ("network", "codec", "mel") else _listed(value)
    return f"{key} {', '.join(map(str, value)) if isinstance(value, list) else value}"


def _listed(values: Mapping[str, Any]) -> str:
    return (
        "; ".join(_told(key, value) for key, value in values.items() if value not in ([], None)) or "nothing"
    )
