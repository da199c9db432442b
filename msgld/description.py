"""``model.json``: read within bounds, and checked before anything is built from it.

The checks here are of names, hashes and types. :mod:`msgld.schema` checks the settings of the parts.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from msgld.errors import ModelError
from msgld.names import check_path_part, check_stem_names
from msgld.ranges import shown
from msgld.schema import Between, read_settings

FILE = "model.json"

FORMAT = 1
"""Format of the models that this version reads and writes."""

LARGEST = 1_000_000
"""Most bytes of a description; that of the shipped model has 10,000."""

DEEPEST = 100
"""Deepest nesting; that of the shipped model is 6, and each run that starts from another adds one."""


@dataclass(frozen=True)
class Description:
    """The entries of ``model.json``; ``level`` is the reference RMS, None for any loudness."""

    format: int
    stems: tuple[str, ...]
    level: Annotated[float, Between(1e-4, 10.0)] | None
    info: dict[str, Any]
    parts: dict[str, Any]


def read_description(folder: Path) -> dict[str, Any]:
    """The checked content of ``model.json``.

    Raises:
        ModelError: it is missing, damaged or of another version; one line.
    """
    path = folder / FILE
    data = _data(path)
    try:
        return checked(_parsed(_text(data)))
    except ModelError as error:
        raise ModelError(f"{path} cannot be used: {error}") from error
    except ValueError as error:
        raise unusable(path, error) from error


def unusable(path: Path, why: Exception) -> ModelError:
    """The error for a description that cannot be used."""
    return ModelError(f"{path} is damaged or of another version of msgld; get the model again ({why})")


def written(about: dict[str, Any]) -> str:
    """The text of a description; numbers that are not finite become null.

    Raises:
        ModelError: the text could not be read again.
    """
    text = json.dumps(_finite({"format": FORMAT, **about}), indent=1, allow_nan=False)
    try:
        checked(_parsed(text))
    except ValueError as error:
        raise ModelError(f"this model cannot be saved: {error}") from error
    return text


def _data(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise ModelError(f"no model in {path.parent}: there is no {FILE}")
        with open(path, "rb") as file:
            return file.read(LARGEST + 1)
    except OSError as error:
        raise ModelError(f"cannot read {path}: {error.strerror}") from error


def _text(data: bytes) -> str:
    if len(data) > LARGEST:
        raise ValueError(f"it has more than {LARGEST:,} bytes")
    return data.decode("utf-8")


def _parsed(text: str) -> Any:
    """The content of a text in JSON; ValueError if it is none, or has NaN or the same key twice."""
    try:
        value = json.loads(
            text, object_pairs_hook=_once, parse_float=_number, parse_constant=_no_number, parse_int=_whole
        )
    except RecursionError as error:
        raise ValueError(f"it is nested more than {DEEPEST} deep") from error
    _check_depth(value, DEEPEST)
    json.dumps(value, ensure_ascii=False).encode("utf-8")  # half a surrogate pair is no text
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content = dict(pairs)
    if len(content) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"it has {shown(next(key for key in keys if keys.count(key) > 1))} twice")
    return content


def _number(text: str) -> float:
    value = float(text)
    return value if math.isfinite(value) else _no_number(text)


def _whole(text: str) -> int:
    return int(text) if len(text) < 20 else int(_no_number(text))


def _no_number(text: str) -> float:
    raise ValueError(f"it has a number that is none or too large: {shown(text)}")


def _check_depth(value: Any, left: int) -> None:
    if not left:
        raise ValueError(f"it is nested more than {DEEPEST} deep")
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            _check_depth(item, left - 1)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def checked(about: Any) -> dict[str, Any]:
    """A description with valid names, hashes and reference RMS.

    Raises:
        ValueError: something in it is missing or of the wrong type.
        ModelError: the name of a stem or of the model is no name for a file.
    """
    if isinstance(about, dict) and about.get("format", FORMAT) != FORMAT:
        raise ValueError(f"its format is {shown(about['format'])}, this version reads {FORMAT}")
    read_settings(Description, about, "the description")
    check_stem_names(about["stems"])
    if "name" in about["info"]:
        check_path_part("a model", about["info"]["name"])
    for name, part in about["parts"].items():
        _check_part(check_path_part("a part", name), part)
    if "codec" not in about["parts"]:
        raise ValueError("it has no codec")
    return about


def _check_part(name: str, part: Any) -> None:
    if not isinstance(part, dict) or not isinstance(part.get("kind"), str):
        raise ValueError(f"the {name} is not described")
    digest = part.get("sha256")
    if not isinstance(digest, str) or not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise ValueError(f"the {name}'s sha256 is {shown(digest)}")
