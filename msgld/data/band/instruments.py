"""General MIDI programs: which stem each belongs to, the notes it can play, and the roles it suits."""

from __future__ import annotations

from msgld.stems import TABLE

_PLAYED = ("bass", "drums", "guitar", "piano", "other")

CLASSES: dict[str, tuple[int, ...]] = {stem: TABLE[stem].programs for stem in _PLAYED}
"""Programs (for drums: kits) of each stem that the band plays, numbered from 0; its choirs are among the others."""
CLASSES["other"] = tuple(sorted((*CLASSES["other"], *TABLE["vocals"].programs)))

_SPANS = """
0 21 108   1 21 108   2 24 103   3 24 103   4 28 103   5 28 103   6 29 89    7 29 89
8 60 108   9 72 106   10 60 96   11 53 89   12 45 96   13 65 108  14 60 79   15 52 86
16 36 96   17 36 96   18 36 96   19 30 96   20 36 89   21 53 89   22 60 84   23 53 86
24 40 84   25 40 86   26 40 86   27 40 88   28 40 84   29 40 88   30 40 88   31 52 96
32 28 60   33 28 62   34 28 62   35 28 64   36 28 65   37 28 65   38 24 60   39 24 60
40 55 100  41 48 88   42 36 76   43 28 60   44 40 88   45 36 88   46 36 98   47 38 60
48 36 96   49 36 96   50 36 96   51 36 96   52 43 79   53 45 79   54 45 84   55 48 72
56 54 84   57 38 72   58 30 58   59 54 82   60 41 77   61 43 84   62 40 86   63 40 86
64 56 87   65 49 81   66 44 76   67 37 69   68 58 91   69 52 81   70 36 72   71 50 91
72 74 108  73 60 96   74 62 93   75 60 91   76 55 86   77 55 88   78 67 98   79 60 88
80 40 96   81 40 96   82 48 96   83 40 91   84 40 88   85 45 84   86 40 91   87 36 84
88 36 91   89 36 91   90 36 91   91 43 84   92 43 91   93 43 91   94 43 91   95 36 91
"""


def _read_spans() -> dict[int, tuple[int, int]]:
    numbers = [int(n) for n in _SPANS.split()]
    return {numbers[i]: (numbers[i + 1], numbers[i + 2]) for i in range(0, len(numbers), 3)}


RANGES: dict[int, tuple[int, int]] = _read_spans()
"""Lowest and highest MIDI pitch of each program, both included."""

ROLES: dict[str, tuple[int, ...]] = {
    "lead": (*range(10, 14), *range(21, 24), 40, 41, 42, 56, 57, 59, 60, *range(64, 88), 53, 54, 16, 17,
             18, 61, 62),
    "pad": (16, 18, 19, 48, 49, 50, 51, 52, 53, 54, 88, 89, 90, 91, 92, 93, 94, 95, 44, 20, 21),
    "strings": (40, 41, 42, 44, 48, 49, 50, 51, 45, 60, 71, 68, 70, 73),
    "organ": (16, 17, 18, 19, 20, 21, 23),
    "brass": (*range(55, 64), 55, 65, 66, 67),
    "arp": (8, 9, 10, 11, 12, 13, 14, 15, 45, 46, 80, 81, 82, 84, 88, 90, 92, 95, 87),
    "choir": (52, 53, 54, 85, 91, 94),
    "low": (43, 42, 47, 58, 70, 67, 57, 87),
}  # fmt: skip
"""What the programs of ``other`` are good for: the parts that ``other.py`` writes."""
