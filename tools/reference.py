"""Writes docs/reference.md from the docstrings of everything in ``msgld.__all__``.

python tools/reference.py
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgld

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "reference.md"
HEAD = """# Reference

Every public name of `import msgld`. [The Python guide](python.md) shows them at work.
`python tools/reference.py` writes this page from the docstrings; do not edit it by hand.
"""
SECTION = re.compile(r"(Args|Attributes|Raises|Returns|Yields):$")
ENTRY = re.compile(r"(\*{0,2}[\w.]+(?:, \*{0,2}[\w.]+)*): ")
LINE = 100
"""Longest signature on one line."""


def page() -> str:
    """The whole page."""
    names = sorted(msgld.__all__, key=lambda name: (_rank(getattr(msgld, name)), name))
    parts = [HEAD, "\n".join(f"* [{name}](#{name.lower()})" for name in names) + "\n"]
    return "\n".join([*parts, *(_section(name, getattr(msgld, name)) for name in names)])


def _rank(value: Any) -> int:
    """Functions first, then the model and other classes, then errors."""
    if not inspect.isclass(value):
        return 0
    return 3 if issubclass(value, Exception) else 1 if value is msgld.Msgld else 2


def _section(name: str, value: Any) -> str:
    if inspect.isclass(value) and issubclass(value, Exception):
        return f"## {name}\n\nA `{value.__bases__[0].__name__}`. {markdown(inspect.getdoc(value) or '')}"
    text = f"## {name}\n\n{_code(name, value)}\n{markdown(inspect.getdoc(value) or '')}"
    members = _members(value) if inspect.isclass(value) else ()
    return "\n".join([text, *(_member(f"{name}.{member}", thing) for member, thing in members)])


def _members(cls: type) -> Iterator[tuple[str, Any]]:
    """Public methods and properties, those of base classes too, each once; the nearest class comes first."""
    seen: set[str] = set()
    for base in cls.__mro__:
        for name, value in vars(base).items() if base.__module__.startswith("msgld.") else ():
            known = inspect.isfunction(value) or isinstance(value, property | classmethod | staticmethod)
            if known and not name.startswith("_") and name not in seen:
                seen.add(name)
                yield name, value


def _member(name: str, value: Any) -> str:
    if isinstance(value, property):
        kind = inspect.signature(value.fget).return_annotation if value.fget else ""
        return f"### {name}\n\nProperty, `{kind}`. {markdown(inspect.getdoc(value) or '')}"
    return f"### {name}\n\n{_code(name.split('.')[-1], value)}\n{markdown(inspect.getdoc(value) or '')}"


def _code(name: str, value: Any) -> str:
    function = value.__func__ if isinstance(value, classmethod | staticmethod) else value
    signature = inspect.signature(function)
    factories = (
        {field.name: field.default_factory for field in dataclasses.fields(value)}
        if dataclasses.is_dataclass(value)
        else {}
    )
    words: list[str] = []
    for parameter in signature.parameters.values():
        if parameter.name in ("self", "cls"):
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and "*" not in words:
            words.append("*")
        words.append(_parameter(parameter, factories))
    answer = signature.return_annotation
    end = "" if answer in (inspect.Signature.empty, None, "None") else f" -> {answer}"
    line = f"{name}({', '.join(words)}){end}"
    if len(line) > LINE:
        line = "\n".join([f"{name}(", *(f"    {word}," for word in words), f"){end}"])
    return f"```python\n{line}\n```\n"


def _parameter(parameter: inspect.Parameter, factories: dict[str, Any]) -> str:
    text = str(parameter.replace(default=parameter.empty)).replace("'", "")
    if parameter.default is parameter.empty:
        return text
    default = parameter.default
    if repr(default) == "<factory>":
        default = factories[parameter.name]()
    return f"{text} = {type(default).__name__ + '()' if dataclasses.is_dataclass(default) else repr(default)}"


def markdown(doc: str) -> str:
    """A docstring with Google's sections and Sphinx's roles as Markdown."""
    doc = re.sub(r":mod:`([\w.]+)`", r"`\1`", doc).replace("``", "`")
    doc = re.sub(r":\w+:`~?(?:[\w.]+\.)?(\w+)`", r"`\1`", doc)
    out: list[str] = []
    section = ""
    for line in doc.splitlines():
        if found := SECTION.match(line):
            section = found[1]
            out += [f"**{section}**", ""]
        elif section and line.strip():
            _add_entry(out, line, section)
        else:
            out.append(line)
    return "\n".join(out).strip() + "\n"


def _add_entry(out: list[str], line: str, section: str) -> None:
    """A line within a section: the beginning of an entry, or more of the last one."""
    text = line.strip()
    deeper = len(line) - len(line.lstrip()) > 4
    found = None if deeper or section in ("Returns", "Yields") else ENTRY.match(text)
    if found:
        names = ", ".join(f"`{name}`" for name in found[1].split(", "))
        out.append(f"* {names}: {text[found.end() :]}")
    elif out and out[-1].strip():
        out[-1] += f" {text}"
    else:
        out.append(text)


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE)
    return 0


if __name__ == "__main__":
    sys.exit(main())
