"""``msgld doctor``: what this machine has and lacks."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from msgld.api.store import cache_folder
from msgld.cli import options as o
from msgld.cli.models import default_weights
from msgld.errors import MsgldError

Status = Literal["ok", "warn", "fail"]

_LEAST_FREE = 2e9  # bytes; a song's stems take some hundred megabytes
_SOUNDFILE = "run pip install soundfile (Linux: apt install libsndfile1)"
_TINYSOUNDFONT = "only for rendering music: pip install --no-deps tinysoundfont"
_COLOURS = {"ok": "green", "warn": "yellow", "fail": "red"}


def doctor(console: o.Printing) -> int:
    """Check this machine. The exit code is 1 where msgld cannot work.

    \b
    Examples:
      msgld doctor
      msgld doctor --json
    """
    checks = diagnose(default_weights)
    for check in checks:
        advice = f"  ->  {check.advice}" if check.advice else ""
        line = f"{check.status:<4}  {check.name:<12} {check.detail}{advice}"
        console.say(line, fg=_COLOURS[check.status])
        console.record(**asdict(check))
    return int(any(check.status == "fail" for check in checks))


@dataclass(frozen=True)
class Check:
    """One finding.

    Attributes:
        name: of the check.
        status: ``ok``; ``warn`` where something optional is missing; ``fail`` where msgld cannot work.
        detail: the finding in words.
        advice: what to do about it; empty where all is well.
    """

    name: str
    status: Status
    detail: str
    advice: str = ""


def check_python() -> Check:
    """The interpreter and the machine."""
    version = platform.python_version()
    fits = (3, 11) <= sys.version_info[:2] < (3, 15)
    advice = "" if fits else "use Python 3.11 to 3.14"
    return Check("python", "ok" if fits else "fail", f"{version} on {platform.platform()}", advice)


def check_import(name: str, advice: str, describe: Callable[[Any], str]) -> Check:
    """Whether a Python package can be imported, and what ``describe`` says of it."""
    try:
        return Check(name, "ok", describe(importlib.import_module(name)))
    except (ImportError, OSError) as error:
        return Check(name, "fail", str(error), advice)


def check_av() -> Check:
    """The library that decodes mp3, m4a, video and the like, with FFmpeg's libraries in it."""

    def describe(av: Any) -> str:
        versions = (
            f"{name} {'.'.join(map(str, av.library_versions[name]))}"
            for name in ("libavcodec", "libavformat")
        )
        return ", ".join([av.__version__, *versions])

    return check_import("av", "run pip install av", describe)


def has_fast_bf16() -> bool:
    """Whether the processor has instructions for bfloat16 (AVX512-BF16 or AMX on x86, BF16 on Arm)."""
    flags = {"avx512_bf16", "amx_bf16", "bf16"}
    try:
        info = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return _sysctl("hw.optional.arm.FEAT_BF16") == "1"
    lines = (line for line in info.splitlines() if line.startswith(("flags", "Features")))
    return bool(flags & set(next(lines, "").split()))


def _sysctl(name: str) -> str:
    if sys.platform != "darwin":
        return ""
    import subprocess

    answer = subprocess.run(["sysctl", "-n", name], capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def check_accelerator() -> Check:
    """The graphics processor that would be used, if there is one."""
    if importlib.util.find_spec("torch") is None:
        return Check("accelerator", "warn", "unknown without torch", "run pip install torch")
    import torch

    if torch.cuda.is_available():
        memory = torch.cuda.get_device_properties(0).total_memory / 1e9
        return Check("accelerator", "ok", f"CUDA: {torch.cuda.get_device_name(0)}, {memory:.0f} GB")
    if torch.backends.mps.is_available():
        return Check("accelerator", "ok", "MPS (Apple)")
    return Check("accelerator", "warn", "none: msgld runs on the processor", "slower, but everything works")


def check_package(name: str, status_if_missing: Status, advice: str) -> Check:
    """Whether a Python package is installed, and which version; it is not imported."""
    import importlib.metadata

    try:
        return Check(name, "ok", importlib.metadata.version(name))
    except importlib.metadata.PackageNotFoundError:
        return Check(name, status_if_missing, "not installed", advice)


def check_soundfonts() -> Check:
    """The soundfonts that rendering would use."""
    from msgld.data.fonts import find_soundfonts

    try:
        fonts = find_soundfonts()
    except MsgldError as error:
        return Check("soundfonts", "warn", "none found", f"only for the built-in band: {error}")
    return Check("soundfonts", "ok", ", ".join(str(font) for font in fonts))


def check_cache(folder: Path) -> list[Check]:
    """Whether the cache folder is writable, and the free space on its disk."""
    import shutil

    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    writable = existing.is_dir() and os.access(existing, os.W_OK)
    remark = "" if folder.exists() else " (made when needed)"
    advice = "" if writable else "set MSGLD_CACHE to a folder you may write to"
    free = shutil.disk_usage(existing).free
    enough = free >= _LEAST_FREE
    space = "" if enough else "free some space"
    return [
        Check("cache", "ok" if writable else "warn", f"{folder}{remark}", advice),
        Check("disk", "ok" if enough else "warn", f"{free / 1e9:.1f} GB free", space),
    ]


def check_model(find_model: Callable[[], Path]) -> Check:
    """The model's weights and the start of their SHA-256."""
    import hashlib

    try:
        path = find_model()
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
    except (MsgldError, OSError) as error:
        return Check("model", "fail", "not found", str(error))
    megabytes = path.stat().st_size / 1e6
    return Check("model", "ok", f"{path} ({megabytes:.1f} MB, sha256 {digest.hexdigest()[:16]})")


def diagnose(find_model: Callable[[], Path] | None = None, cache: Path | None = None) -> list[Check]:
    """All findings, in the order of reading. Nothing is written, nothing is downloaded.

    Args:
        find_model: returns the path of the default model's weights, or raises a MsgldError; None skips it.
        cache: the cache folder; None is ``cache_folder()``.
    """
    fast = f"{'' if has_fast_bf16() else 'no '}fast bfloat16"
    return [
        check_python(),
        check_import(
            "torch",
            "run pip install torch",
            lambda it: f"{it.__version__}, {it.get_num_threads()} threads, {fast}",
        ),
        check_accelerator(),
        check_av(),
        check_import("soundfile", _SOUNDFILE, lambda it: f"{it.__version__}, {it.__libsndfile_version__}"),
        check_package("soxr", "fail", "run pip install soxr"),
        check_package("symusic", "warn", "only for the built-in band: pip install 'msgld[band]'"),
        check_package("tinysoundfont", "warn", _TINYSOUNDFONT),
        check_package("huggingface_hub", "warn", "only to download models: pip install 'msgld[hub]'"),
        check_soundfonts(),
        *check_cache(cache or cache_folder()),
        *([check_model(find_model)] if find_model else []),
    ]
