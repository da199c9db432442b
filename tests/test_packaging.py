"""What is imported is declared, what is declared is pinned, and the licence of what comes along is written down."""

from __future__ import annotations

import ast
import importlib.metadata
import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def package_names(requirements: list[str]) -> set[str]:
    found = (re.match(r"[\w.-]+", requirement) for requirement in requirements)
    return {match[0].lower().replace("-", "_") for match in found if match} - {"msgld"}


OTHERWISE_CALLED = {"yaml": "pyyaml", "PIL": "pillow"}
"""Packages that are not called what is imported."""

DIRECT = package_names(PROJECT["dependencies"])
EXTRAS = {name: package_names(listed) for name, listed in PROJECT["optional-dependencies"].items()}


PINS = [
    line
    for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
PINNED = package_names(PINS)


def outside_imports() -> dict[str, str]:
    """Top-level names that msgld imports from outside, each with one file that does."""
    found = {}
    for path in (ROOT / "msgld").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            found |= {name.split(".")[0]: str(path) for name in names}
    return {name: path for name, path in found.items() if name not in {"msgld", *sys.stdlib_module_names}}


def test_every_import_is_declared():
    shipped = DIRECT.union(*(names for extra, names in EXTRAS.items() if extra != "dev"))
    missing = {
        name: path
        for name, path in outside_imports().items()
        if OTHERWISE_CALLED.get(name, name) not in shipped
    }
    assert not missing, f"add to pyproject.toml: {missing}"


def test_every_declared_package_is_pinned():
    assert DIRECT.union(*EXTRAS.values()) <= PINNED


ON_LINUX = {"extra": "", "sys_platform": "linux", "platform_system": "Linux"}


def brought_along(requirements: list[str]) -> set[str]:
    """Names of the packages that these need on Linux, directly or not, as far as they are installed."""
    found: set[str] = set()
    due = [Requirement(each) for each in requirements]
    while due:
        requirement = due.pop()
        name = requirement.name.lower().replace("_", "-")
        if name not in found and (requirement.marker is None or requirement.marker.evaluate(ON_LINUX)):
            found.add(name)
            due += [Requirement(each) for each in needs(name)]
    return found


def needs(name: str) -> list[str]:
    try:
        return importlib.metadata.requires(name) or []
    except importlib.metadata.PackageNotFoundError:
        return []


def test_the_licence_of_every_package_that_comes_along_is_written_down():
    written = (ROOT / "docs" / "licences.md").read_text(encoding="utf-8")
    names = set(re.findall(r"[\w.-]+", written))
    of_cuda = ("nvidia-", "cuda-", "triton")
    assert {n for n in brought_along(PROJECT["dependencies"]) if not n.startswith(of_cuda)} <= names


def test_constraints_are_exact_versions_for_every_python_and_system():
    assert [pin for pin in PINS if not re.fullmatch(r"[a-z0-9_.-]+==[0-9][a-z0-9.]*", pin)] == []
    assert len(PINNED) == len(PINS)


def test_what_is_installed_alone_is_pinned():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    alone = re.search(r"^BARE := (.*)$", makefile, re.MULTILINE)
    assert alone and package_names(alone[1].split()) <= PINNED
