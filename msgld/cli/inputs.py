"""Arguments of the command line: stems and their files, and a stretch of a piece."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgld.api.checks import check_stems
from msgld.audio.files import is_midi, sounds
from msgld.errors import AudioReadError, UsageError
from msgld.ranges import shown

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld


def stem_list(text: str | None) -> tuple[str, ...] | None:
    """``"bass, drums"`` as names; None stays None."""
    if text is None:
        return None
    names = tuple(dict.fromkeys(name.strip().lower() for name in text.split(",") if name.strip()))
    if not names:
        raise UsageError("name at least one stem, such as bass,drums")
    return names


def pairs(texts: Sequence[str], option: str, form: str, example: str) -> dict[str, str]:
    """``["bass=b.wav"]`` as a mapping.

    Args:
        texts: the values of a repeated option.
        option: such as ``--given``.
        form: such as ``STEM=FILE``, for messages; so is ``example``.

    Raises:
        UsageError: not of that form, or a stem named twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, _, value = text.partition("=")
        name = name.strip().lower()
        if not (name and value):
            raise UsageError(f"{option} takes {form}, such as {option} {example}, not {text!r}")
        if name in found:
            raise UsageError(f"{option} names {name} twice")
        found[name] = value
    return found


def stem_files(texts: Sequence[str], option: str) -> dict[str, Path]:
    """``["bass=b.wav"]`` as stems and files.

    Raises:
        UsageError: not of that form, or a stem named twice.
        AudioReadError: there is no such file.
    """
    named = pairs(texts, option, "STEM=FILE", "bass=bass.wav")
    files = {stem: Path(os.path.expanduser(path)) for stem, path in named.items()}
    for file in files.values():
        if not file.is_file():
            raise AudioReadError(f"there is no file {file}")
    return files


def stems_in(folder: Path, stems: Sequence[str], composes: bool = False) -> dict[str, Path]:
    """The files named after a stem in a folder, as msgld writes them.

    Args:
        folder: with sounds, or the result of a task in notes.
        stems: names.
        composes: whether the model makes notes: of a result that was made in notes it takes these, not their sound.

    Raises:
        AudioReadError: there is no such folder, none in it, or two files of one stem.
    """
    if not folder.is_dir():
        raise AudioReadError(f"there is no folder {folder}")
    files: dict[str, Path] = {}
    notes = composes and _made_in_notes(folder)
    inside = [path for path in folder.iterdir() if is_midi(path)] if notes else sounds(folder.iterdir())
    for path in sorted(inside):
        stem = path.stem.lower()
        if stem in files:
            raise AudioReadError(f"{folder} holds {files[stem].name} and {path.name}: remove one of them")
        if stem in stems:
            files[stem] = path
    if not files:
        raise AudioReadError(f"no stems in {folder}: it holds no file named {stems[0]}.wav or the like")
    return {stem: files[stem] for stem in stems if stem in files}


def _made_in_notes(folder: Path) -> bool:
    """Whether the record of a folder is that of a result in notes to which no sound was given."""
    try:
        record = json.loads((folder / "run.json").read_bytes())
        given = record.get("input") or {}
        return record["latent"] == "score" and all(is_midi(one) or one == "score" for one in given.values())
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return False


Stems = Mapping[str, Path]
"""Stem -> its file."""


def music_in(
    place: Path | None, given: Sequence[str] | None, open_model: Callable[[], Msgld]
) -> tuple[Path | Stems, Msgld]:
    """A song, or stems from a folder and from ``--given``, and the model.

    Args:
        place: a song, or a folder of stems.
        given: values of ``--given``; mistakes in them are reported before the model loads.
        open_model: loads the model.

    Raises:
        UsageError: neither or both, or unknown stems.
        AudioReadError: there is no such file or folder, or no stem in the folder.
    """
    named = stem_files(given or (), "--given")
    if place is None and not named:
        raise UsageError(
            "give stems to start from: --given bass=bass.wav, or a folder with bass.wav; or a song"
        )
    if place is not None and not place.exists():
        raise AudioReadError(f"there is no file or folder {place}")
    if place is not None and named and not place.is_dir():
        raise UsageError("give a song, or stems by --given, not both")
    model = open_model()
    check_stems(named, model.makes)
    if place is not None and not place.is_dir():
        return place, model
    return {
        **(stems_in(place, model.makes, model.model.composer is not None) if place else {}),
        **named,
    }, model


_STRETCH = re.compile(r"(\d+(?:\.\d+)?)(s?)\s*(?:-|to)\s*(\d+(?:\.\d+)?)(s?)")


def read_stretch(replay: str | None, start: float | None, stop: float | None) -> dict[str, Any]:
    """The stretch of a piece that is made, as arguments of :meth:`msgld.Msgld.arrange`; empty for all of it.

    Args:
        replay: bars such as ``9-12``, or seconds such as ``8s-12s``.
        start: second; the old way.
        stop: likewise.

    Raises:
        UsageError: it cannot be read, or ends before it begins.
    """
    if replay is None:
        check_stretch(start, stop)
        given = {"start": start, "stop": stop}
        return {name: value for name, value in given.items() if value is not None}
    if start is not None or stop is not None:
        raise UsageError("choose one of --replay and --from, --to")
    found = _STRETCH.fullmatch(replay.strip())
    whole = found is not None and "." not in found[1] + found[3]
    if found is None or not (whole or (found[2] or found[4])):
        raise UsageError(f"--replay takes bars such as 9-12, or seconds such as 8s-12s, not {shown(replay)}")
    if found[2] or found[4]:
        first, last = float(found[1]), float(found[3])
        check_stretch(first, last, ("--replay", "its end"))
        return {"start": first, "stop": last}
    return {"replay": (int(found[1]), int(found[3]))}


def check_stretch(
    start: float | None, stop: float | None, names: tuple[str, str] = ("--from", "--to")
) -> None:
    """Raise UsageError where a stretch ends before it begins."""
    if stop is not None and stop <= (start or 0.0):
        raise UsageError(f"{names[1]} {stop:g} has to lie after {names[0]} {start or 0.0:g}")


def name_of(music: Path | Stems) -> str:
    """A name for a result: the song's; the stems' folder if files are called after stems, else the first file's."""
    if isinstance(music, Path):
        name = music.resolve().stem
    else:
        stem, first = next(iter(music.items()))
        path = first.resolve()
        name = path.parent.name if path.stem.lower() == stem else path.stem
    return name.strip().rstrip(". ") or "song"
