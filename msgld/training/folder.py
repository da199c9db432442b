"""The folder of a run: its state, its record, and the name of its model."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from msgld.errors import ModelError, UsageError
from msgld.files import write_whole
from msgld.names import LONGEST, as_path_part, fold
from msgld.training.recipe import SHAPES, AnyRecipe

RECORD, STATE, MODEL = "run.json", "state.pt", "model"
"""Names in a run's folder."""

_SHIPPED = Path(__file__).parent.parent / "weights"
_APPENDIX = "-tuned"


def save_state(state: dict[str, Any], path: Path) -> None:
    """Write ``state`` to ``path`` so that a crash leaves the old file or the new one, never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not straight into the file: torch's error on a full disk does not differ from its other errors.
    data = io.BytesIO()
    torch.save(state, data)
    write_whole(path, data.getvalue())


def load_state(path: Path) -> dict[str, Any] | None:
    """The state that :func:`save_state` wrote, None if there is no file; nothing in it is executed.

    Raises:
        ModelError: the file is damaged.
    """
    if not path.exists():
        return None
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ModelError(f"cannot resume from {path}: it is damaged; remove it to start afresh") from error
    # Version 0.1 kept a denoiser's training apart from its codec.
    return {**state.pop("training"), **state} if "training" in state else state


def model_name(out: Path) -> str:
    """Name of the model in a run's folder: that of the folder as one path part, never that of a shipped model."""
    plain = as_path_part(out.resolve().name[: LONGEST - len(_APPENDIX)], "trained")
    taken = {fold(folder.name) for folder in _SHIPPED.glob("*") if folder.is_dir()}
    return plain + _APPENDIX if fold(plain) in taken else plain


def of_recipe(part: str, recipe: AnyRecipe) -> dict[str, Any]:
    """The settings that a resumed run has to repeat: part, name of the recipe, and the shapes of its networks."""
    return {"part": part, "recipe": recipe.name, **recipe.shapes()}


def check_record(out: Path, **about: Any) -> None:
    """Compare a command with the record of the run that it would resume, if there is one.

    Args:
        about: such as part, recipe, stems, sources. What the record lacks is not compared.

    Raises:
        UsageError: it is another run's; the line says in what.
    """
    if not (out / STATE).exists():
        return
    record = read_record(out)
    for key, value in _plain(about).items():
        if key in record and record[key] != value:
            raise UsageError(
                f"{out} holds a run with {_spoken(key, record[key])}, not {_spoken(key, value)}: give the same, "
                f"or choose another folder (or remove {out / RECORD} if only a path has changed)"
            )


def check_length(out: Path, steps: int | None, minutes: float | None, processes: int) -> None:
    """Compare how long a run is to be with the record of the run that it would resume, if there is one.

    Args:
        out: the run's folder.
        steps: its length in steps; None for a run of minutes.
        minutes: its length in minutes, if it was named.
        processes: how many train; a run of steps gives each of them its own clips.

    Raises:
        UsageError: the run was begun with the other measure, or a run of steps with other processes.
    """
    if not (out / STATE).exists():
        return
    begun = read_record(out).get("processes")
    if begun is None and steps is not None:
        raise UsageError(
            f"{out} holds a run of minutes: go on with --minutes, or choose another folder for --steps"
        )
    if begun is not None and steps is None:
        instead = "choose another folder for --minutes" if minutes else "or choose another folder"
        raise UsageError(f"{out} holds a run of steps: go on with --steps, {instead}")
    if steps is not None and begun != processes:
        raise UsageError(
            f"{out} holds a run of steps with {begun} process(es), not {processes}: start as many, "
            "or choose another folder"
        )


def write_record(out: Path, **about: Any) -> None:
    """Add to the record of a run that has not begun yet."""
    if (out / STATE).exists():
        return
    out.mkdir(parents=True, exist_ok=True)
    merged = {**read_record(out), **_plain(about)}
    write_whole(out / RECORD, json.dumps(merged, indent=1).encode())


def read_record(out: Path) -> dict[str, Any]:
    """The record of the run in ``out``; empty if there is none, or it is damaged."""
    try:
        record = json.loads((out / RECORD).read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(record, dict):
        return {}
    if "preset" in record:  # version 0.1, which also called some settings of networks otherwise
        record["recipe"] = record.pop("preset")
        record.pop("network", None)
    return record


def _plain(about: Mapping[str, Any]) -> dict[str, Any]:
    return json.loads(json.dumps(about, default=str))


def _spoken(key: str, value: Any) -> str:
    """A value for people, without the details of shapes."""
    if value is None:
        return f"no {key}"
    if isinstance(value, dict):
        return f"the {key} of another size" if key in ("network", *SHAPES) else _listed(value)
    return f"{key} {', '.join(map(str, value)) if isinstance(value, list) else value}"


def _listed(values: Mapping[str, Any]) -> str:
    given = (_spoken(key, value) for key, value in values.items() if value not in ([], None))
    return "; ".join(given) or "nothing"
