"""A name that passes can become a file anywhere, and no two names become the same one."""

from __future__ import annotations

from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from msgld.errors import ModelError
from msgld.names import BYTES, LONGEST, as_path_part, check_path_part, check_stem_names


@given(st.text(min_size=1, max_size=120))
@example("COM\u00b9")
@example("\u2024\u2024")
@example("\uff0f")
def test_a_name_that_passes_is_one_part_of_a_path_everywhere(name: str):
    try:
        check_path_part("a stem", name)
    except ModelError as error:
        assert str(error).isprintable()
        return
    for path in (PurePosixPath(name), PureWindowsPath(name)):
        assert path.parts == (name,) and not path.is_absolute() and not path.drive
    assert not PureWindowsPath(name).is_reserved()
    assert len(name) <= LONGEST and len(name.encode()) <= BYTES and name.strip(" .") == name


@given(st.text(max_size=300))
@example("../../x")
@example("nul")
@example("\u00b4")
def test_any_text_becomes_a_name(text: str):
    assert check_path_part("a model", as_path_part(text, "model"))
    assert as_path_part("My run (2)", "model") == "My run (2)"


@pytest.mark.parametrize(
    "name",
    ["bass", "lead vocals", "Gitarre \u00fc", "\u30c9\u30e9\u30e0", "808", "no_vocals", "a.b", "-x", "it's"],
)
def test_what_musicians_call_stems_is_a_name(name: str):
    assert check_stem_names(["other", name]) == ("other", name)


@pytest.mark.parametrize(
    "stems",
    [
        ["a", "A"],
        ["\u00e9", "e\u0301"],
        ["stra\u00dfe", "STRASSE"],
        ["mix"],
        ["Mixture"],
        ["residual"],
        ["bass", "No_Bass"],
        ["a", 3],
        ["CON"],
    ],
)
def test_stems_whose_files_would_be_the_same_are_refused(stems: list[Any]):
    with pytest.raises(ModelError):
        check_stem_names(stems)
