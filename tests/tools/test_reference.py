"""The generated page of all public names is current, and its writer reads docstrings rightly."""

from __future__ import annotations

import msgld
from tools.reference import PAGE, markdown, page


def test_the_page_is_current():
    current = PAGE.read_text(encoding="utf-8") == page()
    assert current, "the docstrings have changed: run python tools/reference.py"


def test_every_public_name_has_a_section():
    headings = {line.removeprefix("## ") for line in page().splitlines() if line.startswith("## ")}
    assert headings == set(msgld.__all__)


def test_every_method_of_a_model_has_a_section():
    methods = {name for name in dir(msgld.Msgld) if callable(getattr(msgld.Msgld, name)) and name[0] != "_"}
    assert {"separate", "generate", "transcribe", "to_daw"} <= methods
    assert {f"### Msgld.{name}" for name in methods} <= set(page().splitlines())


def test_sections_become_lists():
    doc = """Reads a file, see :func:`msgld.load`.

    Args:
        path: of the file, which
            may be ``song.mp3``.
        rate: in hertz.

    Returns:
        The samples,
        as they are.
    """
    lines = markdown(doc.replace("\n    ", "\n")).splitlines()
    assert lines == [
        "Reads a file, see `load`.",
        "",
        "**Args**",
        "",
        "* `path`: of the file, which may be `song.mp3`.",
        "* `rate`: in hertz.",
        "",
        "**Returns**",
        "",
        "The samples, as they are.",
    ]
