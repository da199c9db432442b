"""Compares results of earlier runs with those that a command would make, and finds which to make again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from msgld.aliases import current_record
from msgld.api.encoding import Encoding
from msgld.api.folder import former_record
from msgld.api.naming import Names
from msgld.errors import AudioWriteError

_ELSEWHERE = ("known", "known_sha256", "excerpt", "stems", "windows", "quality")
"""Settings that are compared in ways of their own."""


def changed(
    folder: Path, names: Names, plan: Mapping[str, Any], encoding: Encoding, files: Collection[str]
) -> str | None:
    """Why the result in a folder is not the one that a command would make; None where it is.

    Args:
        folder: of the result.
        names: of its files.
        plan: entries of the record of a new result, see ``Msgld.plan``.
        encoding: of a new result.
        files: of a new result, as stem and ending: ``bass.wav``.

    Raises:
        AudioWriteError: there is no result, or one of another song, or a file was cut short.
    """
    record = folder / names.record
    if not record.exists():
        raise AudioWriteError(f"{folder} is no finished result: it has no {names.record}; use --overwrite")
    former = current_record(former_record(folder, names))
    if former is None:
        return "its record cannot be read"
    if former.get("task", "separate") != "separate" or _is_of_another(former, plan):
        where = folder if names.alone else record
        raise AudioWriteError(f"{where} holds the stems of another song; choose another --out or --overwrite")
    old, new = _part(former, "settings"), plan["settings"]
    return (
        _song(former, plan)
        or _settings(old, new)
        or _files(_part(former, "files"), files, old.get("stems") != new["stems"])
        or _format(former, encoding)
        or _lost(folder, former)
    )


def _part(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A part of a record; nothing where it has none."""
    part = record.get(key)
    return part if isinstance(part, dict) else {}


def _is_of_another(former: Mapping[str, Any], plan: Mapping[str, Any]) -> bool:
    """Whether a record is of another song, which is still there; not where the same song has changed."""
    path = former.get("input")
    if former.get("input_sha256") == plan["input_sha256"] or not isinstance(path, str):
        return False
    try:
        return Path(path).exists() and not Path(path).samefile(plan["input"])
    except (OSError, ValueError):
        return False


def _song(former: Mapping[str, Any], plan: Mapping[str, Any]) -> str | None:
    if not isinstance(former.get("input_sha256"), str):
        return "its record does not say of which song it is"
    if former["input_sha256"] != plan["input_sha256"]:
        return "the song has changed"
    if former.get("weights") != plan["weights"]:
        return f"it was made by another model ({former.get('model', 'unknown')})"
    return None if former.get("seed") == plan["seed"] else "another seed"


def _settings(old: Mapping[str, Any], new: Mapping[str, Any]) -> str | None:
    if old.get("quality") != new["quality"]:
        return f"another quality ({old.get('quality', 'unknown')}, now {new['quality']})"
    if "excerpt" not in old or old["excerpt"] != new["excerpt"]:
        return "another excerpt"
    for name in (name for name in new if name not in _ELSEWHERE):
        if name not in old or old[name] != new[name]:
            return f"another {name.replace('_', ' ')} ({old.get(name, 'unknown')}, now {new[name]})"
    if old.get("known_sha256", {} if old.get("known") == {} else None) != new["known_sha256"]:
        return "other known stems"
    return (
        None if _unbatched(old.get("windows")) == _unbatched(new.get("windows") or []) else "other segments"
    )


def _unbatched(windows: Any) -> Any:
    """How the song was cut; how many segments were computed together does not matter."""
    if not isinstance(windows, list):
        return None
    return [{**window, "batch": None} if isinstance(window, dict) else window for window in windows]


def _files(former: Mapping[str, Any], files: Collection[str], other_stems: bool) -> str | None:
    made = {f"{stem}{Path(str(path)).suffix}" for stem, path in former.items()}
    missing = sorted(set(files) - made)
    if missing:
        return f"it lacks {missing[0]}"
    # The residual depends on which stems there are.
    rest = any(name.startswith("residual.") for name in files)
    return "other stems" if rest and other_stems else None


def _format(former: Mapping[str, Any], encoding: Encoding) -> str | None:
    try:
        gain, peak = float(former["gain"]), float(former["peak"])
    except (KeyError, TypeError, ValueError):
        return "its record lacks its gain or peak"
    encoding = encoding.holding(peak)
    subtype = None if encoding.lossy else encoding.subtype
    if former.get("subtype", "unknown") != subtype:
        return f"another sample format ({former.get('subtype', 'unknown')}, now {subtype})"
    if encoding.ext == "mp3" and former.get("bitrate") != encoding.bitrate:
        return f"another bit rate ({former.get('bitrate', 'unknown')}, now {encoding.bitrate})"
    return None if abs(encoding.gain(peak) - gain) < 1e-3 else "another clip mode"


def _lost(folder: Path, former: Mapping[str, Any]) -> str | None:
    """Whether a file that the record lists has vanished.

    Raises:
        AudioWriteError: one is shorter than it was written; it may be damaged, or cut on purpose.
    """
    sizes = _part(former, "bytes")
    for name, path in _part(former, "files").items():
        if not (isinstance(path, str) and (folder / path).is_file() and (folder / path).stat().st_size):
            return f"{path} is missing"
        size = sizes.get(name, 0)
        if isinstance(size, int) and (folder / path).stat().st_size < size:
            raise AudioWriteError(
                f"{folder / path} is shorter than it was written; use --overwrite to make it again"
            )
    return None
