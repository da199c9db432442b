"""How functions become commands."""

from __future__ import annotations

from inspect import signature
from typing import Annotated

import pytest

from msgld.cli.main import expanded
from msgld.cli.options import From


def inner(a: int = 1, b: int = 2) -> tuple[int, int]:
    return a, b


def outer(pair: Annotated[tuple, From(inner)], c: int = 3) -> list[object]:
    return [pair, c]


def test_groups_of_options_stand_one_by_one_in_their_order() -> None:
    def command(first: int, *, group: Annotated[list, From(outer)], last: int = 4) -> list[object]:
        return [first, group, last]

    whole = expanded(command)
    assert list(signature(whole).parameters) == ["first", "a", "b", "c", "last"]
    assert whole(first=0, a=5, b=6, c=7, last=8) == [0, [(5, 6), 7], 8]


def test_an_option_is_in_a_command_once() -> None:
    def command(a: int, group: Annotated[tuple, From(inner)]) -> None: ...

    with pytest.raises(ValueError, match="duplicate"):
        expanded(command)
