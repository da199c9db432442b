"""What the pages say exists: links lead somewhere, commands and their flags are there."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

ROOT = Path(__file__).parent.parent
PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "msgld").rglob("*.md")),
]
LINK = re.compile(r"\]\(([^)\s]+)\)")


def anchors(page: Path) -> set[str]:
    """The headings of a page as links name them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken(page: Path) -> Iterator[str]:
    """The links of a page that lead nowhere in the repository."""
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        if "://" in link:
            continue
        if not target.exists() or (anchor and anchor not in anchors(target)):
            yield link


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path):
    assert not list(broken(page))


def commands(page: Path) -> Iterator[list[str]]:
    """The command lines of msgld in a page's code, each as a list of words."""
    fenced, text = False, page.read_text(encoding="utf-8")
    lines = re.findall(r"`msgld ([^`]+)`", text)
    for line in text.splitlines():
        fenced ^= line.startswith("```")
        found = re.match(r"msgld (.*)" if fenced else r" {4}msgld (.*)", line)
        lines += [found[1]] if found else []
    yield from (shlex.split(line, comments=True) for line in lines)


def unknown(words: list[str]) -> Iterator[str]:
    """The command or the flags of a command line that there are not."""
    from msgld.cli.main import app

    command: Any = typer.main.get_command(app)
    while words and hasattr(command, "commands") and words[0] in command.commands:
        command = command.commands[words.pop(0)]
    if hasattr(command, "commands") and words and not words[0].startswith("-"):
        yield words[0]
        return
    known = {flag for option in command.params for flag in (*option.opts, *option.secondary_opts)}
    yield from (word for word in words if re.match(r"--?[a-z]", word) and word not in {*known, "--help"})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands_and_flags_exist(page: Path):
    for words in commands(page):
        assert not set(unknown(list(words))), f"msgld {' '.join(words)}"
