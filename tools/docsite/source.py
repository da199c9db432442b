"""A file of code as a page: a heading for each function and class, so that links can lead to them."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path, PurePosixPath

HEAD = "---\nsearch:\n  exclude: true\n---\n"
LANGUAGES = {".py": "python", ".sh": "sh", ".toml": "toml"}


def page(text: str, name: str) -> str:
    """The Markdown of a file of code; ``name`` is its path in the repository."""
    suffix = PurePosixPath(name).suffix
    parts = [f"{HEAD}# {name}\n"]
    for heading, code in definitions(text) if suffix == ".py" else [("", text)]:
        parts += [f"## {heading}\n"] if heading else []
        parts.append(f"````{LANGUAGES.get(suffix, 'text')}\n{code.strip(chr(10))}\n````\n")
    return "\n".join(parts)


def definitions(text: str) -> Iterator[tuple[str, str]]:
    """A file in pieces: each begins with a function or class, whose name it has; the first one has none."""
    lines = text.splitlines()
    starts = [
        (node.name, min([node.lineno, *(each.lineno for each in node.decorator_list)]) - 1)
        for node in ast.parse(text).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
    ]
    places = [("", 0), *starts, ("", len(lines))]
    for (name, first), (_, last) in pairwise(places):
        if any(line.strip() for line in lines[first:last]):
            yield name, "\n".join(lines[first:last])


def anchor(label: str, path: Path) -> str:
    """``#name`` where the label of a link is the name of a function or class of the file, in code; else nothing."""
    name = label.strip("`").removesuffix("()")
    names = [name for name, _ in definitions(path.read_text(encoding="utf-8"))]
    return f"#{name.lower()}" if name and name in names else ""
