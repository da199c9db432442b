"""Equations in Markdown become MathML, and nothing else does."""

from __future__ import annotations

import pytest
from docsite.equations import Equations
from markdown import markdown


def html(text: str) -> str:
    return markdown(text, extensions=[Equations(), "tables"])


def test_an_equation_in_a_line():
    found = html(r"Noise $\sigma_1$ and $x$.")
    assert found.count("<math") == 2
    assert "&#x003C3;" in found or "σ" in found


def test_an_equation_as_a_paragraph():
    found = html("Before\n\n$$x = \\frac{a}{b}$$\n\nafter")
    assert '<div class="equation"><math' in found
    assert "<mfrac>" in found and 'display="block"' in found


def test_equations_in_tables():
    assert html("| a | b |\n|---|---|\n| $x$ | $y_i$ |").count("<math") == 2


@pytest.mark.parametrize("text", ["5$ and 6$", "`$x$`", "$HOME and $OUT", "a$b$c", "    $x$", r"\$x$"])
def test_what_is_no_equation_stays(text: str):
    assert "<math" not in html(text)
