"""What a separation writes, by name: stems, sums of several, and the song without some.

``bass`` is a stem, ``bass+drums`` the sum of two; ``no_bass`` is the song without one, ``no_bass+drums`` without both.
A list may hold ``all``, which stands for each stem by itself, or be ``all but`` some of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from msgld.api.checks import check_stems
from msgld.errors import UsageError
from msgld.names import check_path_part
from msgld.ranges import shown

ALL, NO = "all", "no_"

_ALL_BUT = re.compile(r"all\s+but(?:\s+(.*))?", re.DOTALL)


@dataclass(frozen=True)
class Wanted:
    """One track that a separation writes.

    Attributes:
        name: of the track and of its file.
        stems: those of the model that it is made of, by number.
        inverted: whether it is the song without these stems instead.
    """

    name: str
    stems: frozenset[int]
    inverted: bool = False

    def parts(self, count: int) -> frozenset[int]:
        """Its parts of a song of ``count`` stems: their numbers, and ``count`` for what the model leaves over."""
        return frozenset(range(count + 1)) - self.stems if self.inverted else self.stems


@dataclass(frozen=True)
class Selection:
    """The tracks that a separation writes.

    Attributes:
        tracks: in order.
        count: number of the model's stems.
    """

    tracks: tuple[Wanted, ...]
    count: int

    @property
    def names(self) -> tuple[str, ...]:
        """Of the tracks."""
        return tuple(track.name for track in self.tracks)

    @property
    def left(self) -> frozenset[int]:
        """The parts of the song that are in no track; see :meth:`Wanted.parts`."""
        return frozenset(range(self.count + 1)).difference(*(one.parts(self.count) for one in self.tracks))

    @property
    def overlap(self) -> bool:
        """Whether a part of the song is in two tracks, so that they do not sum to it."""
        return sum(len(one.parts(self.count)) for one in self.tracks) > self.count + 1 - len(self.left)


def select(
    names: Sequence[str] | None, stems: tuple[str, ...], two_stems: str | None = None, residual: bool = False
) -> Selection:
    """The tracks to write: stems in the model's order, then sums and songs without stems as they are named.

    Args:
        names: of the tracks, or one text with commas; None for all stems.
        stems: of the model.
        two_stems: a stem or a sum instead, which is written with the song without it.
        residual: whether the rest of the song is written, too.

    Raises:
        UsageError: names that cannot be read, no name, a stem that the model lacks, a stem twice in one track, one
            track under two names, ``two_stems`` beside ``names``, or no rest.
    """
    if two_stems is None:
        selection = Selection(_tracks(names, stems), len(stems))
    elif names is not None:
        raise UsageError("choose one of stems and two_stems")
    else:
        selection = Selection(_pair(two_stems, stems), len(stems))
    if residual and not selection.left:
        raise UsageError(f"with {' and '.join(selection.names)} nothing is left over: leave out residual")
    return selection


def _pair(name: str, stems: tuple[str, ...]) -> tuple[Wanted, Wanted]:
    one = _track(name, stems)
    if one.inverted:
        raise UsageError(f"two_stems {shown(name)}: name the other side, {name.removeprefix(NO)}")
    return one, _track(f"{NO}{one.name}", stems)


def _tracks(names: Sequence[str] | None, stems: tuple[str, ...]) -> tuple[Wanted, ...]:
    entries = [ALL] if names is None else _entries(names, stems)
    if not entries:
        raise UsageError(f"name at least one stem of: {', '.join(stems)}")
    but = _ALL_BUT.fullmatch(entries[0]) if isinstance(entries[0], str) and entries[0] not in stems else None
    if but:
        entries = _all_but([*filter(None, [but[1]]), *entries[1:]], stems)
    found = dict[tuple[frozenset[int], bool], Wanted]()
    for entry in entries:
        for name in stems if entry == ALL and ALL not in stems else (entry,):
            one = _track(name, stems)
            twin = found.setdefault((one.stems, one.inverted), one)
            if twin.name != one.name:
                raise UsageError(f"{twin.name} and {one.name} are the same: name one of them")
    alone = [one for one in found.values() if one.name in stems]
    mixed = [one for one in found.values() if one.name not in stems]
    return (*sorted(alone, key=lambda one: stems.index(one.name)), *mixed)


def _entries(names: Sequence[str], stems: tuple[str, ...]) -> list[str]:
    if not isinstance(names, Iterable):
        raise UsageError(f"stems are given by name, such as ['bass', 'drums'], not as {shown(names)}")
    if isinstance(names, str):
        names = [names] if names in stems else [part for part in names.split(",") if part.strip()]
    return [name.strip() if isinstance(name, str) else name for name in names]


def _all_but(names: Sequence[str], stems: tuple[str, ...]) -> list[str]:
    if not names:
        raise UsageError("all but what? Name the stems to leave out, such as 'all but drums'")
    if any("+" in str(name) and name not in stems for name in names):
        raise UsageError(
            "all but takes stems with commas, 'all but bass,drums'; for one track without them name no_bass+drums"
        )
    check_stems(names, stems)
    kept = [stem for stem in stems if stem not in names]
    if not kept:
        raise UsageError(f"all but {', '.join(names)} leaves no stem")
    return kept


def _track(name: str, stems: tuple[str, ...]) -> Wanted:
    if not isinstance(name, str) or name in stems:
        check_stems((name,), stems)
        return Wanted(name, frozenset({stems.index(name)}))
    inverted = name.startswith(NO)
    plain = name.removeprefix(NO)
    parts = [plain] if plain in stems else [part.strip() for part in plain.split("+")]
    check_stems(parts, stems)
    numbers = frozenset(map(stems.index, parts))
    if len(numbers) < len(parts):
        raise UsageError(f"{name} has a stem twice: name each of them once")
    if inverted and len(numbers) == len(stems):
        raise UsageError(f"{name} leaves nothing of the song: leave out a stem")
    full = f"{NO * inverted}{'+'.join(parts)}"
    return Wanted(check_path_part("a track", full, UsageError), numbers, inverted)
