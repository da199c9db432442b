"""Slakh2100: a folder a track, with ``metadata.yaml``, ``mix.flac`` and the instruments' sounds in ``stems/``.

The "redux" set has folders ``train``, ``validation``, ``test`` and ``omitted``. The original one has no ``omitted``:
its tracks that are the same music are told by ``UUID``, the checksum of the MIDI file that a track was made from.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

from msgld.audio.files import sounds
from msgld.data.stem_folders import Listed
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


_WITH_CHOIRS = ("ensemble", "strings (continued)")
"""Classes of strings and choirs, which only the program tells apart."""


def is_slakh(folder: Path) -> bool:
    """Whether a folder is a track of Slakh2100."""
    return (folder / _METADATA).is_file()


class SlakhTrack(NamedTuple):
    """A track.

    Attributes:
        instruments: its sounds.
        mixture: the file of its mixture; None where there is none.
        twin: the checksum of its MIDI file, which several tracks of the original set share.
    """

    instruments: list[Listed]
    mixture: Path | None
    twin: str


def slakh_track(folder: Path) -> SlakhTrack:
    """Read a track of Slakh2100.

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
        # The loader in C takes a tenth of the time.
        facts = yaml.load(path.read_text("utf-8"), getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        every = [_instrument(folder / "stems", str(name), about) for name, about in facts["stems"].items()]
        return SlakhTrack(
            every, next(iter(sorted(sounds(folder.glob("mix.*")))), None), str(facts.get("UUID") or "")
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
        raise DataError(f"{path} is no metadata of a Slakh2100 track: get it again, or remove it") from error


def _instrument(folder: Path, name: str, about: dict[str, Any]) -> Listed:
    if not _NAME.fullmatch(name):  # it becomes a file's name
        raise ValueError(name)
    program = int(about["program_num"]) % 128
    by_program = stem_of(program, bool(about["is_drum"]))
    stem, source = _by_name(about) or (by_program, "")
    if by_program == "vocals" and str(about.get("inst_class")).strip().lower() in _WITH_CHOIRS:
        stem = by_program
    dispute = f"{source}, but program {program} is {by_program}" if stem != by_program else ""
    file = next(iter(sorted(sounds(folder.glob(f"{name}.*")))), None)
    missing = bool(about.get("audio_rendered", False)) and file is None
    return Listed(f"stems/{name}", stem, file, dispute, missing)


def _by_name(about: dict[str, Any]) -> tuple[str, str] | None:
    """The stem that the class or the plug-in names, and its text; None where neither is clear."""
    for key, classes in (("inst_class", _CLASSES), ("plugin_name", {})):
        text = str(about.get(key) or "").strip()
        stem = classes.get(text.lower()) or vocabulary(STEMS).read(words_of(text)).stem
        if stem in STEMS:
            return stem, f"{key} {text!r} is {stem}"
    return None
