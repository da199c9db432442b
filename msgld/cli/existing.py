"""Results that are there already: to be skipped, replaced, or left alone with a word."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgld.aliases import current_record
from msgld.api.encoding import Encoding
from msgld.api.folder import holds_result
from msgld.api.naming import Names
from msgld.errors import AudioWriteError

_ELSEWHERE = ("known", "known_sha256", "excerpt", "stems", "windows", "quality")
"""Settings that are compared in ways of their own."""


@dataclass(frozen=True)
class Wanted:
    """The result that is asked for.

    Attributes:
        plan: what its record says, see ``Msgld.plan``.
        encoding: of its files. files: their names, as stem and ending: ``bass.wav``.
    """

    plan: Mapping[str, Any]
    encoding: Encoding
    files: frozenset[str]

    @property
    def all_stems(self) -> bool:
        """Whether what the stems leave is a file, too, so that it matters which stems there are."""
        return any(name.startswith(("residual.", "no_")) for name in self.files)


def refuse(folder: Path, names: Names) -> None:
    """Raise AudioWriteError where there is a result, or anything else in a folder of its own."""
    if holds_result(folder, names):
        where = folder if names.alone else folder / names.record
        raise AudioWriteError(f"{where} exists already; use --skip-existing, --overwrite or another --out")


def changed(folder: Path, names: Names, wanted: Wanted) -> str | None:
    """Why the result in a folder is not the one asked for; None where it is.

    Raises:
        AudioWriteError: what is there is no result, or the stems of another song, or a file was cut short.
    """
    record = folder / names.record
    if not record.exists():
        raise AudioWriteError(f"{folder} is no finished result: it has no {names.record}; use --overwrite")
    former = _read(record)
    if former is None:
        return "its record cannot be read"
    if former.get("task", "separate") != "separate" or _is_of_another(former, wanted.plan):
        where = folder if names.alone else record
        raise AudioWriteError(f"{where} holds the stems of another song; choose another --out or --overwrite")
    checks = (_song, _settings, _known, _windows, _files, _format)
    return next((reason for check in checks if (reason := check(former, wanted))), None) or _lost(
        folder, former
    )


def _read(record: Path) -> Mapping[str, Any] | None:
    """The record; None where it cannot be read."""
    try:
        content = json.loads(record.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return current_record(content) if isinstance(content, dict) else None


def _is_of_another(former: Mapping[str, Any], plan: Mapping[str, Any]) -> bool:
    """Whether a record is of another song, which is still there; not where the same song has changed."""
    path = former.get("input")
    if former.get("input_sha256") == plan["input_sha256"] or not isinstance(path, str):
        return False
    try:
        return Path(path).exists() and not Path(path).samefile(plan["input"])
    except (OSError, ValueError):
        return False


def _song(former: Mapping[str, Any], wanted: Wanted) -> str | None:
    if not isinstance(former.get("input_sha256"), str):
        return "its record does not say of which song it is"
    if former["input_sha256"] != wanted.plan["input_sha256"]:
        return "the song has changed"
    if former.get("weights") != wanted.plan["weights"]:
        return f"it was made by another model ({former.get('model', 'unknown')})"
    return None if former.get("seed") == wanted.plan["seed"] else "another seed"


def _settings(former: Mapping[str, Any], wanted: Wanted) -> str | None:
    old, new = _of(former, "settings"), wanted.plan["settings"]
    if old.get("quality") != new["quality"]:
        return f"another quality ({old.get('quality', 'unknown')}, now {new['quality']})"
    if "excerpt" not in old or old["excerpt"] != new["excerpt"]:
        return "another excerpt"
    for name in (name for name in new if name not in _ELSEWHERE):
        if name not in old or old[name] != new[name]:
            return f"another {name.replace('_', ' ')} ({old.get(name, 'unknown')}, now {new[name]})"
    return None


def _known(former: Mapping[str, Any], wanted: Wanted) -> str | None:
    old, new = _of(former, "settings"), wanted.plan["settings"]
    hashes = old.get("known_sha256", {} if old.get("known") == {} else None)
    return None if hashes == new["known_sha256"] else "other known stems"


def _windows(former: Mapping[str, Any], wanted: Wanted) -> str | None:
    """How the song was cut; how many segments went together does not matter."""
    old, new = (_of(told, "settings").get("windows") for told in (former, wanted.plan))
    if not isinstance(old, list) or [_unbatched(one) for one in old] != [
        _unbatched(one) for one in new or ()
    ]:
        return "other segments"
    return None


def _unbatched(window: Any) -> Any:
    return (
        {name: value for name, value in window.items() if name != "batch"}
        if isinstance(window, dict)
        else window
    )


def _files(former: Mapping[str, Any], wanted: Wanted) -> str | None:
    made = {f"{stem}{Path(str(path)).suffix}" for stem, path in _of(former, "files").items()}
    missing = sorted(wanted.files - made)
    if missing:
        return f"it lacks {missing[0]}"
    stems = _of(former, "settings").get("stems")
    return "other stems" if wanted.all_stems and stems != wanted.plan["settings"]["stems"] else None


def _format(former: Mapping[str, Any], wanted: Wanted) -> str | None:
    try:
        gain, peak = float(former["gain"]), float(former["peak"])
    except (KeyError, TypeError, ValueError):
        return "its record lacks its level"
    encoding = wanted.encoding.holding(peak)
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
    sizes = _of(former, "bytes")
    for name, path in _of(former, "files").items():
        if not (isinstance(path, str) and (folder / path).is_file() and (folder / path).stat().st_size):
            return f"{path} is missing"
        size = sizes.get(name, 0)
        if isinstance(size, int) and (folder / path).stat().st_size < size:
            raise AudioWriteError(
                f"{folder / path} is shorter than it was written; use --overwrite to make it again"
            )
    return None


def _of(record: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A part of a record; nothing where it has none."""
    part = record.get(key)
    return part if isinstance(part, dict) else {}
