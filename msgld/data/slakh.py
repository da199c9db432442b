"""Slakh2100 as it is published: a folder a track, with ``metadata.yaml`` and the instruments' sounds in ``stems/``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgld.audio.files import sounds
from msgld.data.stem_names import read_words
from msgld.data.words import words_of
from msgld.errors import DataError
from msgld.stems import STEMS, stem_of

METADATA = "metadata.yaml"

_NAME = re.compile(r"[\w-]{1,64}")

CLASSES = {
    "piano": "piano", "guitar": "guitar", "bass": "bass", "drums": "drums",
    **dict.fromkeys(
        ("chromatic percussion", "organ", "strings", "strings (continued)", "ensemble", "brass", "reed", "pipe",
         "synth lead", "synth pad", "synth effects", "ethnic", "percussive", "sound effects"), "other"
    ),
}  # fmt: skip
"""Stems by ``inst_class``, which names a General MIDI family."""


@dataclass(frozen=True)
class Instrument:
    """One instrument of a track.

    Attributes:
        name: such as ``S03``. stem: that it belongs to. file: None where it was not rendered.
        dispute: how the metadata contradict themselves; empty where they do not.
        missing: whether the metadata list a file that does not exist.
    """

    name: str
    stem: str
    file: Path | None
    dispute: str = ""
    missing: bool = False


def slakh_instruments(folder: Path) -> list[Instrument]:
    """The instruments of a track.

    The class decides, else the name of the plug-in where it is clear, else the General MIDI program
    (:func:`msgld.stems.stem_of`).

    Raises:
        DataError: the metadata is damaged, or PyYAML is not installed.
    """
    found = []
    for name, about in _instruments(folder / METADATA).items():
        program = stem_of(about["program_num"], about["is_drum"])
        stem, source = _by_name(about) or (program, "")
        files = sorted(sounds((folder / "stems").glob(f"{name}.*")))
        dispute = f"{source}, but program {about['program_num']} is {program}" if stem != program else ""
        missing = about["rendered"] and not files
        found.append(Instrument(name, stem, files[0] if files else None, dispute, missing))
    return found


def _by_name(about: dict[str, Any]) -> tuple[str, str] | None:
    """The stem that the class or the plug-in names, and its text; None where neither is clear."""
    for key in ("inst_class", "plugin_name"):
        text = about[key].strip()
        stem = CLASSES.get(text.lower()) if key == "inst_class" else None
        stem = stem or read_words(words_of(text), STEMS).stem
        if stem in STEMS:
            return stem, f"{key} {text!r} is {stem}"
    return None


def _instruments(path: Path) -> dict[str, dict[str, Any]]:
    try:
        import yaml  # type: ignore[import-untyped]
    except ImportError as error:
        raise DataError("Slakh2100 needs PyYAML: pip install 'msgld[eval]'") from error
    try:
        stems = yaml.safe_load(path.read_text("utf-8"))["stems"]
        return {_checked(str(name)): _about(about) for name, about in stems.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise DataError(f"{path} is no metadata of a Slakh2100 track: get it again, or remove it") from error


def _checked(name: str) -> str:
    """A name that can be a file's without its ending, and nothing else."""
    if not _NAME.fullmatch(name):
        raise ValueError(name)
    return name


def _about(about: dict[str, Any]) -> dict[str, Any]:
    texts = {key: str(about.get(key) or "") for key in ("inst_class", "plugin_name")}
    return {
        "program_num": int(about["program_num"]) % 128,
        "is_drum": bool(about["is_drum"]),
        "rendered": bool(about.get("audio_rendered", False)),
        **texts,
    }
