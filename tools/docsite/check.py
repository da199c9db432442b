"""Checks a built site: it asks no other host for anything, and its links and anchors lead somewhere.

    python tools/docsite/check.py site/

Links that a reader may follow to other hosts are fine. What a browser fetches by itself (scripts, styles, fonts,
pictures, sounds) has to be in the site.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

FETCHED = {
    "script": ("src",),
    "img": ("src", "srcset"),
    "audio": ("src",),
    "video": ("src", "poster"),
    "source": ("src", "srcset"),
    "track": ("src",),
    "iframe": ("src",),
    "embed": ("src",),
    "object": ("data",),
    "use": ("href", "xlink:href"),
    "image": ("href", "xlink:href"),
    "input": ("src",),
    "form": ("action",),
    "body": ("background",),
}
"""Element -> its attributes that a browser follows without being asked."""
NOT_FETCHED = {"canonical", "alternate", "author", "license", "help", "search", "prev", "next", "edit"}
"""Relations of a ``link`` that a browser does not follow; it does all others, such as stylesheet and preconnect."""
IN_STYLES = re.compile(r"""(?:url\(\s*|@import\s+)["']?((?:https?:)?//[^"')\s]+)""", re.IGNORECASE)
IN_SCRIPTS = re.compile(r"https?://[\w.-]+\.[a-z]{2,}[\w./@-]*")
DORMANT = {
    "https://unpkg.com/mermaid@11/dist/mermaid.min.js": "fetched for diagrams in Mermaid; no page has one",
    "https://unpkg.com/resize-observer-polyfill": "fetched by browsers without ResizeObserver, of before 2020",
    "https://api.github.com/repos/": "asked about the repository that repo_url names; mkdocs.yml names none",
    "https://api.github.com/users/": "the same",
    **dict.fromkeys(
        ("https://clipboardjs.com/", "http://lunrjs.com", "http://tartarus.org/", "https://bit.ly/2s3ChXG"),
        "in a comment",
    ),
}
"""Addresses in the theme's scripts that no page makes them fetch."""
AWAKENS = re.compile(r'class="[^"]*\bmermaid\b|data-md-component="source"')
"""What would make them."""


@dataclass
class Html(HTMLParser):
    """What is in a page.

    Attributes:
        fetched: addresses that a browser fetches by itself.
        links: addresses that a reader may follow.
        anchors: names of places in it.
        inside: text of its scripts and styles, by element.
    """

    fetched: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)
    inside: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__()
        self._element = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what an element fetches, links to and is called."""
        given = {name: value or "" for name, value in attrs}
        self._element = tag if tag in ("script", "style") else ""
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "link" and not set(given.get("rel", "").split()) & NOT_FETCHED:
            self.fetched.append(given.get("href", ""))
        for name in FETCHED.get(tag, ()):
            several = given.get(name, "").split(",") if name == "srcset" else [given.get(name, "")]
            self.fetched += [one.split()[0] for one in several if one.strip()]
        if tag in ("a", "area") and "href" in given:
            self.links.append(given["href"])
        self.inside["style"] = self.inside.get("style", "") + given.get("style", "")

    def handle_data(self, data: str) -> None:
        """Keep scripts and styles."""
        if self._element:
            self.inside[self._element] = self.inside.get(self._element, "") + data


@cache
def read(path: Path) -> Html:
    """A page."""
    page = Html()
    page.feed(path.read_text(encoding="utf-8"))
    return page


def elsewhere(address: str) -> bool:
    """Whether an address names another host."""
    parts = urlsplit(address)
    return parts.scheme in ("http", "https", "ws", "wss", "ftp") or bool(parts.netloc)


def faults(site: Path) -> Iterator[str]:
    """What is wrong with a site, a line each."""
    for path in sorted(path for path in site.rglob("*") if path.is_file()):
        name = path.relative_to(site).as_posix()
        match path.suffix:
            case ".html":
                yield from (f"{name}: {fault}" for fault in page_faults(path, site))
            case ".css":
                found = IN_STYLES.findall(path.read_text(encoding="utf-8"))
                yield from (f"{name} fetches {address}" for address in found)
            case ".js" if not name.startswith("search/"):  # the index of all texts is there
                found = set(IN_SCRIPTS.findall(path.read_text(encoding="utf-8"))) - DORMANT.keys()
                yield from (f"{name} names {address}" for address in sorted(found))


def page_faults(path: Path, site: Path) -> Iterator[str]:
    """What is wrong with a page."""
    page = read(path)
    yield from (f"fetches {address}" for address in page.fetched if elsewhere(address))
    yield from (f"fetches {address}" for address in IN_STYLES.findall(page.inside.get("style", "")))
    yield from (f"a script names {address}" for address in IN_SCRIPTS.findall(page.inside.get("script", "")))
    if awake := AWAKENS.search(path.read_text(encoding="utf-8")):
        yield f"{awake[0]} makes the theme fetch something"
    for address in {*page.fetched, *page.links}:
        if address and not elsewhere(address) and urlsplit(address).scheme in ("", "file"):
            yield from lost(address, path, site)


def lost(address: str, path: Path, site: Path) -> Iterator[str]:
    """Whether an address within the site leads nowhere."""
    parts = urlsplit(address)
    place = unquote(parts.path)
    start = site / place.lstrip("/") if place.startswith("/") else path.parent / place
    target = path if not place else start / "index.html" if start.is_dir() else start
    if not target.is_file():
        yield f"{address} leads nowhere"
    elif parts.fragment and target.suffix == ".html":
        anchor = unquote(parts.fragment)
        if anchor not in read(target.resolve()).anchors and not anchor.startswith("__"):
            yield f"{address}: no such place there"


def main(site: Path) -> int:
    """Print what is wrong; return the exit code."""
    found = list(faults(site))
    for line in found:
        print(line, file=sys.stderr)
    files = [path for path in site.rglob("*") if path.is_file()]
    print(f"{site}: {len(files)} files, {sum(path.stat().st_size for path in files) / 1e6:.1f} MB")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
