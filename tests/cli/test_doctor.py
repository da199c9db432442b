"""The records of ``msgld doctor``."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest
from command import run

from msgld.cli import doctor
from msgld.errors import ModelError


def test_this_machine_works_and_every_complaint_comes_with_advice(tmp_path: Path):
    checks = {check.name: check for check in doctor.diagnose(cache=tmp_path)}
    assert {"python", "torch", "accelerator", "av", "soundfile", "soxr", "cache", "disk"} <= set(checks)
    assert all(check.status != "fail" for check in checks.values())
    assert all(check.advice for check in checks.values() if check.status != "ok")
    assert list(tmp_path.iterdir()) == []


def test_cache_folder_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MSGLD_CACHE", str(tmp_path / "models"))
    assert doctor.cache_folder() == tmp_path / "models"
    cache, disk = doctor.check_cache(doctor.cache_folder())
    assert cache.status == "ok" and "made when needed" in cache.detail and "GB free" in disk.detail


def test_cache_below_a_file_is_reported(tmp_path: Path):
    (tmp_path / "file").touch()
    cache, _ = doctor.check_cache(tmp_path / "file" / "models")
    assert cache.status == "warn" and "MSGLD_CACHE" in cache.advice


def test_model_is_named_with_its_hash(tmp_path: Path):
    weights = tmp_path / "model.safetensors"
    weights.write_bytes(b"weights" * 1000)
    check = doctor.diagnose(lambda: weights, tmp_path)[-1]
    assert check.status == "ok" and hashlib.sha256(weights.read_bytes()).hexdigest()[:16] in check.detail


def test_missing_model_passes_on_what_to_do(tmp_path: Path):
    def find() -> Path:
        raise ModelError("run msgld models download")

    check = doctor.diagnose(find, tmp_path)[-1]
    assert (check.name, check.status, check.advice) == ("model", "fail", "run msgld models download")


def test_the_decoder_is_named_with_the_versions_of_its_libraries():
    check = doctor.check_av()
    assert check.status == "ok" and "libavcodec" in check.detail and "libavformat" in check.detail


def test_missing_packages_are_reported(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "av", None)
    assert doctor.check_av().advice == "run pip install av"
    assert doctor.check_package("no-such-package", "warn", "get it").advice == "get it"


def test_what_is_printed_has_no_escaped_control_characters(tmp_path: Path):
    """Neither as bytes, where no terminal reads them, nor as text such as ``\\x1b``."""
    done = run(["doctor"], tmp_path)
    assert "torch" in done.out and "\\x1b" not in done.out and "\x1b" not in done.out
