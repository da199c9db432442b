"""Each equation of docs/idea.md stands beside a function that exists, in the file that the link names."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parent.parent.parent / "docs" / "idea.md"
TEXT = PAGE.read_text(encoding="utf-8")
CODE = re.findall(r"\[`(\w+)`\]\((\.\./[\w/]+\.py)\)", TEXT)


@pytest.mark.parametrize(("name", "file"), CODE)
def test_functions_exist_where_the_page_says(name: str, file: str):
    tree = ast.parse((PAGE.parent / file).read_text(encoding="utf-8"))
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    assert name in names


def test_every_equation_stands_beside_a_function():
    paragraphs = TEXT.split("\n\n")
    equations = [number for number, text in enumerate(paragraphs) if text.startswith("$$")]
    assert len(equations) >= 12
    for number in equations:
        assert re.search(r": \[`\w+`\]\(\S+\)$", paragraphs[number - 1]), paragraphs[number]


def test_the_page_finds_every_task():
    linked = {name for name, file in CODE if file.endswith("noise_maps.py")}
    assert linked == {"separate", "generate", "arrange", "vary", "restrict"}
