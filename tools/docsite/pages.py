"""Pages of the site that are made of other files of the repository, and the links between all of them.

Markdown links name files by relative paths, so that they work on a repository's host, too. What they name outside docs/
comes into the site: Markdown as a page, code as a page with a heading for each function, pictures as they are.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from docsite import notebooks, source
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File

PLACES = {
    "README.md": "index.md",
    "docs/README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "msgld/weights/small/MODEL_CARD.md": "model-card.md",
}
"""File of the repository -> page of the site, where that is not the same below docs/ or source/."""
LINK = re.compile(r"(!?\[([^\]\[]*)\])\(([^)\s#]+)(#[^)\s]*)?\)")
FENCED = re.compile(r"(^```.*?^```[^\n]*$)", re.MULTILINE | re.DOTALL)
PICTURES = (".png", ".svg", ".jpg")


class Pages:
    """Where each file of the repository is in the site.

    Args:
        root: of the repository.
        docs: its folder of pages.
    """

    def __init__(self, root: Path, docs: Path) -> None:
        self.root, self.docs = root, docs
        self.origin: dict[str, str] = {}
        """Page or file of the site -> file of the repository, as far as it is not below docs/."""
        due = [*PLACES, *(self._name(path) for path in docs.rglob("*") if path.suffix in (".md", ".ipynb"))]
        while due:
            name = due.pop()
            place = self.place(name)
            if place in self.origin or name == "docs/README.md":
                continue
            if name.endswith((".md", ".ipynb")) or not name.startswith("docs/"):
                self.origin[place] = name
            if name.endswith((".md", ".ipynb")):
                due += self._linked_from(name)

    def place(self, name: str) -> str:
        """The page or file of the site for a file of the repository."""
        if name in PLACES:
            return PLACES[name]
        if name.startswith("docs/"):
            return re.sub(r"\.ipynb$", ".md", name.removeprefix("docs/"))
        return "source/" + (name if name.endswith((".md", *PICTURES)) else f"{name}.md")

    def files(self, config: MkDocsConfig) -> Iterator[File]:
        """The files that MkDocs does not find by itself."""
        for place, name in self.origin.items():
            path = self.root / name
            if name.endswith(PICTURES):
                yield File.generated(config, place, abs_src_path=str(path))
            elif place != name.removeprefix("docs/"):
                yield File.generated(config, place, content=page_of(path, name))

    def linked(self, markdown: str, place: str) -> str:
        """A page whose links lead to pages."""
        here = posixpath.dirname(self.origin[place])

        def lead(found: re.Match[str]) -> str:
            text, label, path, anchor = found[1], found[2], found[3], found[4] or ""
            if "://" in path or path.startswith("mailto:"):
                return found[0]
            name = posixpath.normpath(posixpath.join(here, path))
            if not (self.root / name).is_file():
                return found[0]  # the strict build complains
            if name.endswith(".py") and not anchor:
                anchor = source.anchor(label, self.root / name)
            target = path if name.endswith(".ipynb") and label == notebooks.DOWNLOAD else self.place(name)
            if target != path:
                target = posixpath.relpath(target, posixpath.dirname(place) or ".")
            return f"{text}({target}{anchor})"

        return outside_code(markdown, lambda prose: LINK.sub(lead, prose))

    def _linked_from(self, name: str) -> Iterator[str]:
        for prose in FENCED.split(page_of(self.root / name, name))[::2]:
            for found in LINK.finditer(prose):
                target = os.path.normpath(posixpath.join(posixpath.dirname(name), found[3]))
                if "://" not in found[3] and (self.root / target).is_file():
                    yield target

    def _name(self, path: Path) -> str:
        return path.relative_to(self.root).as_posix()


def outside_code(markdown: str, change: Callable[[str], str]) -> str:
    """Change what is not fenced code."""
    parts = FENCED.split(markdown)
    parts[::2] = [change(prose) for prose in parts[::2]]
    return "".join(parts)


def page_of(path: Path, name: str) -> str:
    """The Markdown of a file."""
    text = path.read_text(encoding="utf-8") if path.suffix not in PICTURES else ""
    match path.suffix:
        case ".md":
            return text
        case ".ipynb":
            return notebooks.page(path)
        case _:
            return source.page(text, name)
