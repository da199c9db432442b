"""The table of stems: names, programs and instruments fit together, so that adding a stem is one entry."""

from __future__ import annotations

import pytest

from msgld.data.band.instruments import CLASSES
from msgld.data.stem_folders.names import read_names
from msgld.music.conditions import programs_of
from msgld.stems import STEMS, TABLE, UNPITCHED, about, stem_of


@pytest.mark.parametrize("stem", STEMS)
def test_every_stem_can_be_played_and_chosen(stem: str):
    entry = TABLE[stem]
    assert (
        entry.name == stem
        and read_names([stem], "", STEMS)[0].stem == stem
        and set(entry.programs) <= {program for played in CLASSES.values() for program in played}
    )
    for name, programs in entry.instruments.items():
        assert set(programs) <= set(entry.programs) and programs_of(stem, name) == programs
    assert all(name in entry.instruments for name in entry.examples.split(", "))


def test_every_program_belongs_to_one_stem():
    for program in range(128):
        owners = [stem for stem in STEMS if TABLE[stem].pitched and program in TABLE[stem].programs]
        assert owners in ([stem_of(program)], []) and (owners or stem_of(program) == "other")
    assert {stem_of(program, is_drum=True) for program in range(128)} == set(UNPITCHED)


def test_unknown_stems_are_pitched_and_in_the_middle():
    assert about("kazoo").pitched and about("kazoo").pan == 0 and not about("kazoo").programs
