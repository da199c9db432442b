"""Slakh2100 as it is published: a folder a track, with ``metadata.yaml`` and the instruments' sounds in ``stems/``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msgld.data.classes import stem_of
from msgld.errors import DataError

METADATA = "metadata.yaml"


def slakh_files(folder: Path) -> list[tuple[str, Path]]:
    """The stem and the file of every instrument of a track; of those that were not rendered there is no file.

    Instruments are told by their General MIDI program, as everywhere here (:func:`msgld.data.classes.stem_of`).

    Raises:
        DataError: the metadata is damaged, or PyYAML is not installed.
    """
    found = []
    for name, about in _instruments(folder / METADATA).items():
        files = sorted((folder / "stems").glob(f"{name}.*"))
        if files:
            found.append((stem_of(about["program_num"], about["is_drum"]), files[0]))
    return found


def _instruments(path: Path) -> dict[str, dict[str, Any]]:
    try:
        import yaml  # type: ignore[import-untyped]
    except ImportError as error:
        raise DataError("Slakh2100 needs PyYAML: pip install 'msgld[eval]'") from error
    try:
        stems = yaml.safe_load(path.read_text("utf-8"))["stems"]
        return {
            str(name): {"program_num": int(about["program_num"]) % 128, "is_drum": bool(about["is_drum"])}
            for name, about in stems.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise DataError(f"{path} is no metadata of a Slakh2100 track: get it again, or remove it") from error
