"""Equations in Markdown as MathML: ``$...$`` in a line, ``$$...$$`` as a paragraph, as repository hosts read them."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree as etree

from latex2mathml.converter import convert
from markdown import Markdown
from markdown.blockprocessors import BlockProcessor
from markdown.extensions import Extension
from markdown.inlinepatterns import InlineProcessor

IN_LINE = r"(?<![\\$\w])\$(?![\s$])([^$\n]*[^\s$\\])\$(?![\w$])"
"""Not a price: nothing but the equation touches the signs from inside, no letter or digit from outside."""
PARAGRAPH = re.compile(r"^\$\$(.+)\$\$$", re.DOTALL)
BEFORE_ESCAPES = 185
"""Between code, which holds no equations, and backslashes, which equations need."""


class Equations(Extension):
    """Sets equations."""

    def extendMarkdown(self, md: Markdown) -> None:
        """Register both forms."""
        md.inlinePatterns.register(_InLine(IN_LINE, md), "equation", BEFORE_ESCAPES)
        md.parser.blockprocessors.register(_Paragraph(md.parser), "equation", 75)


class _InLine(InlineProcessor):
    def handleMatch(self, m: re.Match[str], data: str) -> tuple[str, int, int]:  # type: ignore[override]
        return self.md.htmlStash.store(convert(m[1])), m.start(0), m.end(0)


class _Paragraph(BlockProcessor):
    def test(self, parent: etree.Element, block: str) -> bool:
        return bool(PARAGRAPH.match(block.strip()))

    def run(self, parent: etree.Element, blocks: list[str]) -> None:
        found: Any = PARAGRAPH.match(blocks.pop(0).strip())
        box = etree.SubElement(parent, "div", {"class": "equation"})
        box.text = self.parser.md.htmlStash.store(convert(found[1].strip(), display="block"))
