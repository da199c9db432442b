"""What docstrings refer to exists, as seen from where they stand."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PACKAGE = Path(__file__).parent.parent / "msgld"
ROLE = re.compile(r":(func|class|meth|mod|data|attr|exc|const|obj):`~?([^`]+)`")
DOTTED = re.compile(r"(?<![\w./-])msgld(?!\.lua\b)(?:\.\w+)+(?![\w/(.]*\.(?:py|md|json|lua))")


def module_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def docstrings(tree: ast.Module) -> Iterator[tuple[list[str], str]]:
    """The classes around each text that stands alone, from outside in, and the text: docstrings, also of constants."""

    def walk(node: ast.AST, classes: list[str]) -> Iterator[tuple[list[str], str]]:
        for child in ast.iter_child_nodes(node):
            inside = [*classes, child.name] if isinstance(child, ast.ClassDef) else classes
            constant = child.value if isinstance(child, ast.Expr) else None
            if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                yield inside, constant.value
            yield from walk(child, inside)

    yield from walk(tree, [])


def reached(start: Any, names: list[str]) -> bool:
    """Whether a path of names leads somewhere; annotated attributes of a class count, too."""
    here = start
    for place, name in enumerate(names):
        if isinstance(here, ModuleType) and not hasattr(here, name):
            try:
                import_module(f"{here.__name__}.{name}")
            except ImportError:
                return False
        if hasattr(here, name):
            here = getattr(here, name)
        else:
            declared = any(
                name in vars(cls).get("__annotations__", {}) for cls in getattr(here, "__mro__", ())
            )
            return declared and place == len(names) - 1
    return True


def exists(target: str, module: ModuleType, classes: list[str]) -> bool:
    """Whether a target exists, seen from a class in a module."""
    names = target.removesuffix("()").split(".")
    if names[0] != "msgld":
        starts: list[Any] = [module]
        for name in classes:
            starts.append(getattr(starts[-1], name, starts[-1]))
        if any(reached(start, names) for start in starts):
            return True
    try:
        return reached(import_module(names[0]), names[1:])
    except ImportError:
        return False


@pytest.mark.filterwarnings("ignore:.*the old name goes")
@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=module_of)
def test_what_a_docstring_refers_to_exists(path: Path):
    module = import_module(module_of(path))
    text = path.read_text("utf-8")
    lost = [
        f":{role}:`{target}`"
        for classes, docstring in docstrings(ast.parse(text))
        for role, target in ROLE.findall(docstring)
        if not exists(target, module, classes)
    ]
    lost += [name for name in DOTTED.findall(text) if not exists(name, module, [])]
    assert not lost, f"{path.name} refers to {', '.join(lost)}"


def test_files_that_code_and_documents_name_are_there():
    root = PACKAGE.parent
    folders = ("msgld", "bench", "docs", "findings", "research", "tests", "tools")
    named = re.compile(rf"(?<![\w/.-])(?:{'|'.join(folders)})/[\w./-]+\.(?:py|md)\b")
    files = [path for name in folders for path in (root / name).rglob("*") if path.suffix in (".py", ".md")]
    lost = [
        f"{path.relative_to(root)} names {name}"
        for path in [*files, root / "README.md", root / "CONTRIBUTING.md"]
        for name in named.findall(path.read_text("utf-8"))
        if not (root / name).exists()
    ]
    assert not lost, "; ".join(lost)
