"""Benchmarks, tools and research follow the package: whatever they import from it is there."""

from __future__ import annotations

import ast
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPTS = [
    path for folder in ("bench", "tools", "research") for path in sorted((ROOT / folder).rglob("*.py"))
]


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_what_a_script_imports_from_the_package_exists(path: Path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "msgld":
            missing = [name.name for name in node.names if not exists(node.module or "", name.name)]
            assert not missing, f"line {node.lineno}: {node.module} has no {', '.join(missing)}"


def exists(module: str, name: str) -> bool:
    """Whether a module has a name, or a submodule of that name."""
    if hasattr(import_module(module), name):
        return True
    try:
        import_module(f"{module}.{name}")
    except ModuleNotFoundError:
        return False
    return True
