"""One word, one meaning (docs/glossary.md): words that were given up do not come back.

Identifiers are taken from where the syntax tree names something: functions, classes, arguments, variables, attributes
and modules.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "msgld"

WORDS = {
    "share": "mask, or fraction",
    "shares": "masks, or fractions",
    "brief": "conditions, or conditioning",
    "briefs": "conditions",
    "briefed": "conditioned",
    "told": "conditioning",
    "asked": "wanted, or say what it is",
    "asking": "checks, or conditions",
    "hear": "see, detect, read",
    "heard": "input, seen, detected",
    "hearing": "key detection",
    "hedge": "mask exponent, or average-mask weight",
    "hedged": "mask exponent, or average-mask weight",
    "reach": "attention window, or say what it is",
    "varispeed": "pitch shift",
    "anchor": "masks",
    "panorama": "panning",
    "spatial": "Wiener filter",
    "layout": "windowing, masking, pitch shift",
    "layouts": "windowing, masking, pitch shift",
    "march": "roll_out",
    "everybody": "all_present",
    "invent": "generate, or sample_piece",
    "invents": "generates",
    "softness": "noise",
    "noted": "remarks; notes are music",
}
"""Word that no identifier contains -> what to say instead."""

NAMES = {
    "mixture_level": "noise",
    "at_level": "at_loudness",
    "within": "restrict",
    "without": "drop",
}
"""Whole identifier -> what to say instead."""

BAGS = dict.fromkeys(
    (
        *("Job", "Work", "Separation", "Place", "Facts", "Making", "Given", "Method", "Measuring"),
        *("Balancing", "Training"),
    ),
    "pass what is needed instead of a bag",
)
"""Class -> what to do instead."""

MODULES = {
    "kinds": "registry",
    "refine": "fine_bands",
    "talk": "console",
    "guard": "errors",
    "inform": "the command's own name",
    "measure": "evaluate",
    "create": "the command's own name",
}
"""Module -> what to call it."""

FLAGS = {
    "--softness": "--noise",
    "--mixture-level": "--noise",
    "--level": "--noise",
    "--brief-guidance": "--style-guidance",
}
"""Flag of the command line -> the one that took its place."""

ALLOWED = {
    ("march", "data/band/styles/harmony.py"),  # a style of music
    ("march", "data/band/styles/rock.py"),
    ("reach", "data/band/voicing.py"),  # of a hand
    ("Separation", "evaluation/separation.py"),  # a question to measure
    ("Work", "cli/make.py"),  # a task, to be called
    ("brief", "api/options.py"),  # the old name of an argument
    *((flag, "cli/deprecated.py") for flag in FLAGS),  # the old spellings, which still work
    ("--mixture-level", "cli/separate.py"),  # hidden
}
"""Words in the sense that they have elsewhere."""

TERMS = (
    r"\bshares? of\b", r"\bbriefs?\b", r"\bhedged?\b", r"\bvarispeed\b", r"\banchors?\b", r"\bpanorama\b",
    r"\bsoftness\b", r"\bmixture.level\b", r"\bspatial filter\b", r"\beverybody\b", r"\bnobody\b",
    r"\b(is|are|was|were|be|been) (told|heard|asked)\b", r"\bwhat is asked\b", r"\btaken apart\b",
    r"--(softness|level|mixture-level|brief-guidance|preset|task)\b", r"\bmsgld continue\b",
)  # fmt: skip
"""What the documentation does not say, as regular expressions."""

NOT_PAGES = {"reference.md"}
"""Written by a script."""

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md")),
    *(page for page in sorted((ROOT / "docs").rglob("*.md")) if page.name not in NOT_PAGES),
    *sorted(PACKAGE.rglob("*.md")),
]


def parts(name: str) -> set[str]:
    """The words of an identifier in snake or camel case, lower case."""
    return {word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)}


def defined(tree: ast.AST) -> Iterator[str]:
    """Every name that a file gives to something."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.arg(arg=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()) | ast.Attribute(attr=name, ctx=ast.Store()):
                yield name


def flags(tree: ast.AST) -> Iterator[str]:
    """Every text that is a flag of the command line; typer's ``--on/--off`` counts as two."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("--"):
            yield from (flag.strip() for flag in node.value.split("/"))


def given_up(path: Path) -> Iterator[str]:
    """The words in a file that were given up."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for name in (*defined(tree), path.stem):
        yield from parts(name) & WORDS.keys()
        yield from {name} & NAMES.keys()
    yield from {path.stem} & MODULES.keys()
    yield from {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)} & BAGS.keys()
    yield from set(flags(tree)) & FLAGS.keys()


def in_use() -> dict[str, set[str]]:
    """Word that was given up -> files that use it in that sense."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        file = path.relative_to(PACKAGE).as_posix()
        for word in given_up(path):
            if (word, file) not in ALLOWED:
                found[word].add(file)
    return dict(sorted(found.items()))


def test_words_that_were_given_up_do_not_come_back():
    instead = {**WORDS, **NAMES, **BAGS, **MODULES, **FLAGS}
    back = [
        f"{word!r} in {', '.join(sorted(files))}: say {instead[word]}" for word, files in in_use().items()
    ]
    assert not back, "\n".join(back)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_pages_say_it_in_the_words_of_the_glossary(page: Path):
    text = page.read_text(encoding="utf-8")
    found = [match[0] for term in TERMS for match in re.finditer(term, text, re.IGNORECASE)]
    assert not found, f"see docs/glossary.md: {found}"


def test_identifiers_are_split_into_words():
    assert parts("_MIXTURE_share") == {"mixture", "share"}
    assert parts("NoteReaderHTTP2") == {"note", "reader", "http"}
    assert parts("shareholder") == {"shareholder"}


def test_all_kinds_of_names_are_seen():
    tree = ast.parse("class A:\n  def b(self, c, *, d=1):\n    self.e = f = d\n    use(g, h=1)\n")
    assert set(defined(tree)) == {"A", "b", "self", "c", "d", "e", "f"}
    assert set(flags(ast.parse('Option("--band/--no-band", "-b")'))) == {"--band", "--no-band"}
