"""What this machine offers and lacks, as records; printing them is the caller's."""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from msgld.api.store import cache_folder
from msgld.errors import MsgldError

Status = Literal["ok", "warn", "fail"]

_LEAST_FREE = 2e9  # bytes; a song's stems take some hundred megabytes


@dataclass(frozen=True)
class Check:
    """One finding.

    Attributes:
        name: what was looked at.
        status: ``ok``; ``warn`` where something optional is missing; ``fail`` where msgld cannot work.
        detail: what was found.
        advice: what to do about it; empty where nothing has to be done.
    """

    name: str
    status: Status
    detail: str
    advice: str = ""


def check_python() -> Check:
    """The interpreter and the machine."""
    version = platform.python_version()
    fits = (3, 10) <= sys.version_info[:2] < (3, 15)
    advice = "" if fits else "use Python 3.10 to 3.14"
    return Check("python", "ok" if fits else "fail", f"{version} on {platform.platform()}", advice)


def check_torch() -> Check:
    """PyTorch, its threads, and whether this processor multiplies bfloat16 by itself."""
    try:
        import torch
    except ImportError:
        return Check("torch", "fail", "not installed", "run pip install torch")
    fast = "fast bfloat16" if has_fast_bf16() else "no fast bfloat16"
    return Check("torch", "ok", f"{torch.__version__}, {torch.get_num_threads()} threads, {fast}")


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
    answer = subprocess.run(["sysctl", "-n", name], capture_output=True, text=True, check=False)
    return answer.stdout.strip()


def check_accelerator() -> Check:
    """The graphics processor that would be used, if there is one."""
    try:
        import torch
    except ImportError:
        return Check("accelerator", "fail", "torch is not installed", "run pip install torch")
    if torch.cuda.is_available():
        memory = torch.cuda.get_device_properties(0).total_memory / 1e9
        return Check("accelerator", "ok", f"CUDA: {torch.cuda.get_device_name(0)}, {memory:.0f} GB")
    if torch.backends.mps.is_available():
        return Check("accelerator", "ok", "MPS (Apple)")
    return Check("accelerator", "warn", "none: runs on the processor", "slower, but all of it works")


def check_av() -> Check:
    """The library that decodes mp3, m4a, video and the like, with FFmpeg's libraries in it."""
    try:
        import av
    except (ImportError, OSError) as error:
        return Check("av", "fail", str(error), "run pip install av")
    names = ("libavcodec", "libavformat")
    parts = [f"{name} {'.'.join(map(str, av.library_versions[name]))}" for name in names]
    return Check("av", "ok", f"{av.__version__}, {', '.join(parts)}")


def check_soundfile() -> Check:
    """The library that reads and writes sound files."""
    try:
        import soundfile
    except (ImportError, OSError) as error:
        advice = "run pip install soundfile (Linux: apt install libsndfile1)"
        return Check("soundfile", "fail", str(error), advice)
    return Check("soundfile", "ok", f"{soundfile.__version__}, {soundfile.__libsndfile_version__}")


def check_package(name: str, status_if_missing: Status, advice: str) -> Check:
    """Whether a Python package is installed, and which version; it is not imported."""
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
    """Whether the cache folder can be written to, and the free space on its disk."""
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    writable = existing.is_dir() and os.access(existing, os.W_OK)
    note = "" if folder.exists() else " (made when needed)"
    advice = "" if writable else "set MSGLD_CACHE to a folder you may write to"
    free = shutil.disk_usage(existing).free
    enough = free >= _LEAST_FREE
    space = "" if enough else "free some space"
    return [
        Check("cache", "ok" if writable else "warn", f"{folder}{note}", advice),
        Check("disk", "ok" if enough else "warn", f"{free / 1e9:.1f} GB free", space),
    ]


def check_model(find_model: Callable[[], Path]) -> Check:
    """The model's weights and the start of their SHA-256."""
    try:
        path = find_model()
        with path.open("rb") as file:
            digest = hashlib.sha256()
            while chunk := file.read(1 << 20):
                digest.update(chunk)
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
    return [
        check_python(),
        check_torch(),
        check_accelerator(),
        check_av(),
        check_soundfile(),
        check_package("soxr", "fail", "run pip install soxr"),
        check_package("symusic", "warn", "only for the built-in band: pip install 'msgld[band]'"),
        check_package(
            "tinysoundfont", "warn", "only for rendering music: pip install --no-deps tinysoundfont"
        ),
        check_soundfonts(),
        *check_cache(cache or cache_folder()),
        *([check_model(find_model)] if find_model else []),
    ]
