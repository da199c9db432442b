"""Published data sets with a layout of their own: Slakh2100 is read, MUSDB18 and MoisesDB have to be converted.

Slakh2100 has a folder a track, with ``metadata.yaml`` and the instruments' sounds in ``stems/``.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgld.audio.files import sounds
from msgld.data.stem_folders.words import vocabulary, words_of
from msgld.errors import DataError
from msgld.stems import STEMS, stem_of

_METADATA = "metadata.yaml"
_NAME = re.compile(r"[\w-]{1,64}")
_FAMILIES = (
    "piano", "chromatic percussion", "organ", "guitar", "bass", "strings", "ensemble", "brass", "reed", "pipe",
    "synth lead", "synth pad", "synth effects", "ethnic", "percussive", "sound effects",
)  # fmt: skip
"""General MIDI's families of eight programs, which ``inst_class`` names."""

_CLASSES = {name: stem_of(8 * i) for i, name in enumerate(_FAMILIES)} | {
    "strings (continued)": stem_of(8 * _FAMILIES.index("ensemble")),
    "drums": "drums",
}

_STEM_FILE = ".stem.mp4"
"""Ending of the files of MUSDB18, which hold the mixture and four stems as streams of one file."""


@dataclass(frozen=True)
class Instrument:
    """One instrument of a track of Slakh2100.

    Attributes:
        name: such as ``S03``.
        stem: the stem it belongs to.
        file: None where it was not rendered.
        dispute: a contradiction in its metadata; empty where there is none.
        missing: whether the metadata list a file that does not exist.
    """

    name: str
    stem: str
    file: Path | None
    dispute: str = ""
    missing: bool = False


def is_slakh(folder: Path) -> bool:
    """Whether a folder is a track of Slakh2100."""
    return (folder / _METADATA).is_file()


def is_moises(folder: Path) -> bool:
    """Whether a folder is a song of MoisesDB, whose stems are folders of tracks."""
    try:
        content = json.loads((folder / "data.json").read_text("utf-8"))
        return all("stemName" in stem for stem in content["stems"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def foreign(folder: Path) -> str | None:
    """How to convert a data set that cannot be read as it is; None for other folders."""
    if any(file.name.lower().endswith(_STEM_FILE) for file in folder.iterdir()):
        return (
            f"{folder} holds MUSDB18 in {_STEM_FILE} files: convert it with musdbconvert (pip install musdb), "
            "or get MUSDB18-HQ, then name that folder"
        )
    if is_moises(folder):
        return (
            f"{folder} is a song of MoisesDB, a folder of tracks for each stem: write one file a stem first, such as "
            "SONG/bass.wav (mix_stems of its Python package), then name that folder"
        )
    return None


def slakh_instruments(folder: Path) -> list[Instrument]:
    """The instruments of a track of Slakh2100.

    The class decides, else the name of the plug-in where it is clear, else the General MIDI program.

    Raises:
        DataError: the metadata is damaged, or PyYAML is not installed.
    """
    try:
        import yaml  # type: ignore[import-untyped]
    except ImportError as error:
        raise DataError("Slakh2100 needs PyYAML: pip install 'msgld[eval]'") from error
    path = folder / _METADATA
    try:
        stems = yaml.safe_load(path.read_text("utf-8"))["stems"]
        return [_instrument(folder / "stems", str(name), about) for name, about in stems.items()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise DataError(f"{path} is no metadata of a Slakh2100 track: get it again, or remove it") from error


def _instrument(folder: Path, name: str, about: dict[str, Any]) -> Instrument:
    if not _NAME.fullmatch(name):  # it becomes a file's name
        raise ValueError(name)
    program = int(about["program_num"]) % 128
    by_program = stem_of(program, bool(about["is_drum"]))
    stem, source = _by_name(about) or (by_program, "")
    dispute = f"{source}, but program {program} is {by_program}" if stem != by_program else ""
    file = next(iter(sorted(sounds(folder.glob(f"{name}.*")))), None)
    missing = bool(about.get("audio_rendered", False)) and file is None
    return Instrument(name, stem, file, dispute, missing)


def _by_name(about: dict[str, Any]) -> tuple[str, str] | None:
    """The stem that the class or the plug-in names, and its text; None where neither is clear."""
    for key, classes in (("inst_class", _CLASSES), ("plugin_name", {})):
        text = str(about.get(key) or "").strip()
        stem = classes.get(text.lower()) or vocabulary(STEMS).read(words_of(text)).stem
        if stem in STEMS:
            return stem, f"{key} {text!r} is {stem}"
    return None
