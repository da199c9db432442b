"""The one-way law of imports, and what must not be imported before it is needed."""

from __future__ import annotations

import ast
import functools
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "msgld"

# From the bottom to the top: a unit may import its own layer and those below it.
LAYERS = (
    ("errors", "progress", "aliases", "folders"),
    ("ranges", "names", "stems", "files"),
    ("schema", "description", "runtime"),
    ("registry",),
    ("diffusion", "dsp"),
    ("audio", "music"),
    ("nets",),
    ("score_model", "later", "daw"),
    ("model", "metrics"),
    ("tensors",),
    ("tasks",),
    ("checkpoint", "data"),
    ("training",),
    ("paper",),
    ("api",),
    ("evaluation",),
    ("finetuning",),
    ("cluster",),
    ("__init__",),
    ("studio",),
    ("cli",),
    ("__main__",),
)
RANK = {unit: rank for rank, layer in enumerate(LAYERS) for unit in layer}
# Allowed by rank, forbidden by design: what handles sound knows nothing of noise.
APART = {("dsp", "diffusion"), ("audio", "diffusion"), ("audio", "music")}
# Slow to import, or not there in a plain install.
LAZY = {
    "matplotlib",
    "PIL",
    "mido",
    "midirenderer",
    "symusic",
    "tinysoundfont",
    "tensorboard",
    "torchmetrics",
    "scipy",
    "pretty_midi",
    "diffusers",
    "transformers",
    "yaml",
    "huggingface_hub",
    "filelock",
    "ray",
    "fsspec",
}
FILES = sorted(PACKAGE.rglob("*.py"))


def unit_of(parts: tuple[str, ...]) -> str:
    """The child of msgld that a dotted path or a file belongs to."""
    return parts[0] if parts else "__init__"


@functools.cache
def imports(path: Path) -> tuple[tuple[str, int, bool], ...]:
    """(dotted name, line, at module level) of everything a file imports, the lazy and the type-only too."""
    return tuple(_imports(ast.parse(path.read_text(encoding="utf-8")), path, True))


def _imports(node: ast.AST, path: Path, top: bool) -> Iterator[tuple[str, int, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from ((alias.name, child.lineno, top) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            base = _absolute(child, path)
            # ``from msgld import types`` names a module, ``from msgld.stems import STEMS`` does not.
            names = [f"{base}.{alias.name}" for alias in child.names] if base == "msgld" else [base]
            yield from ((name, child.lineno, top) for name in names)
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef) or _is_type_checking(child)
            yield from _imports(child, path, top and not inside)


def _absolute(node: ast.ImportFrom, path: Path) -> str:
    if not node.level:
        return node.module or ""
    parents = path.relative_to(ROOT).parts[: -node.level]
    return ".".join([*parents, *([node.module] if node.module else [])])


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)


def own_imports(path: Path) -> list[tuple[str, int]]:
    """(unit, line) of the parts of msgld that a file imports from outside of its own unit."""
    found = []
    for name, line, _ in imports(path):
        head, *rest = name.split(".")
        if head == "msgld":
            # A name that is no module comes from the package's own __init__.
            unit = unit_of(tuple(rest))
            known = (PACKAGE / unit).is_dir() or (PACKAGE / f"{unit}.py").is_file()
            found.append((unit if known else "__init__", line))
    here = unit_of(_inside(path))
    return [(unit, line) for unit, line in found if unit != here]


def _inside(path: Path) -> tuple[str, ...]:
    return path.relative_to(PACKAGE).with_suffix("").parts


def test_every_part_has_a_place_in_the_order():
    units = {unit_of(_inside(path)) for path in FILES}
    assert units <= set(RANK), f"add to LAYERS: {units - set(RANK)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path: Path):
    here = unit_of(_inside(path))
    for unit, line in own_imports(path):
        assert RANK[unit] <= RANK[here], f"{path}:{line}: {here} lies below {unit} and may not import it"
        assert (here, unit) not in APART, f"{path}:{line}: {here} knows nothing of {unit}"


def test_no_circle_within_a_layer():
    graph: dict[str, set[str]] = {unit: set() for unit in RANK}
    for path in FILES:
        here = unit_of(_inside(path))
        graph[here] |= {unit for unit, _ in own_imports(path)}
    _check_no_circle(graph)


def test_no_circle_of_files():
    """Imports for types count, too. A package's ``__init__`` only hands names on, when they are asked for."""
    graph = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts): {name for name, _, _ in imports(path)}
        for path in FILES
        if path.name != "__init__.py"
    }
    _check_no_circle({file: (names - {file}) & set(graph) for file, names in graph.items()})


def _check_no_circle(graph: dict[str, set[str]]) -> None:
    done: set[str] = set()
    while ready := {unit for unit in graph if unit not in done and graph[unit] <= done}:
        done |= ready
    assert done == set(graph), f"these import each other, or such files: {sorted(set(graph) - done)}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_heavy_packages_are_imported_inside_functions(path: Path):
    early = [(name, line) for name, line, top in imports(path) if top and name.split(".")[0] in LAZY]
    assert not early, f"{path}: import these where they are used: {early}"


def _importable(name: str) -> bool:
    path = ROOT.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file()


@pytest.mark.parametrize(
    "module",
    [
        name
        for name in (
            "msgld",
            "msgld.cli.main",
            "msgld.cli.doctor",
            "msgld.cli.console",
            "msgld.audio.sound",
            "msgld.api.prepare",
        )
        if _importable(name)
    ],
)
def test_light_modules_stay_light(module: str):
    program = f"import sys, {module}; print(*{{name.split('.')[0] for name in sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert not set(done.stdout.split()) & (LAZY | {"torch", "jaxtyping"})


def test_no_two_test_files_have_one_name():
    """Where folders of tests are no packages, pytest takes the second for the first."""
    names = [path.name for path in Path(__file__).parent.rglob("test_*.py")]
    assert sorted(set(names)) == sorted(names)
