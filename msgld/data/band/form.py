"""Form: which sections a piece has, how full each is, who plays in it and over which chords."""

from __future__ import annotations

from msgld.music.keys import MODES

from .dice import Dice
from .patterns.lines import ENDINGS, TAGS
from .plan import Bar, Section, Segment
from .style import Style
from .theory import Chord, chord

FORMS: dict[str, tuple[str, ...]] = {
    "song": (
        "intro4 verse8 chorus8 verse8 chorus8 bridge8 chorus8 outro4",
        "intro8 verse16 chorus8 verse8 chorus8 solo8 chorus16",
        "verse8 verse8 chorus8 verse8 chorus8 solo8 break4 chorus8 outro4",
        "intro4 verse8 pre4 chorus8 verse8 pre4 chorus8 bridge8 chorus8 chorus8",
        "chorus8 verse8 chorus8 verse8 bridge8 chorus8 outro4",
        "intro8 verse8 chorus8 break4 verse8 chorus8 outro8",
    ),
    "dance": (
        "intro8 build8 drop16 break8 build8 drop16 outro8",
        "intro8 verse8 build4 drop8 verse8 build4 drop16 outro8",
        "build8 drop8 break8 verse8 build8 drop16 outro4",
        "intro4 drop8 verse8 drop8 break4 build4 drop16",
    ),
    "head": (
        "intro4 head8 head8 solo16 solo16 head8 outro4",
        "head16 solo16 solo16 break4 head16",
        "head8 head8 bridge8 head8 solo16 head8",
        "intro4 head16 bridge8 head8 solo16 bridge8 head8 outro4",
    ),
    "jam": (
        "intro8 verse8 solo16 verse8 break4 solo16 chorus8 outro8",
        "intro4 verse12 verse12 solo12 solo12 verse12 outro4",
        "break4 verse8 chorus8 verse8 solo8 break4 chorus16",
        "verse8 chorus8 break8 solo16 chorus8 outro4",
    ),
    "loop": (
        "intro4 verse16 chorus8 verse16 chorus8 outro4",
        "intro8 verse8 verse8 chorus8 break4 verse8 chorus8 outro4",
        "verse16 break4 verse16 chorus8 outro8",
    ),
}  # fmt: skip
"""Plans of a piece by kind: section names with their bars."""

LEVELS: dict[str, tuple[float, float]] = {
    "intro": (0.1, 0.6), "verse": (0.3, 0.65), "pre": (0.5, 0.75), "chorus": (0.65, 1.0),
    "bridge": (0.3, 0.8), "solo": (0.55, 0.95), "break": (0.05, 0.5), "outro": (0.2, 0.7),
    "head": (0.4, 0.75), "drop": (0.8, 1.0), "build": (0.4, 0.75),
}  # fmt: skip
"""Lowest and highest energy of a section."""

PRESENCE: dict[str, dict[str, float]] = {
    "intro": {"bass": 0.5, "drums": 0.55, "guitar": 0.5, "piano": 0.5, "other": 0.5},
    "verse": {"bass": 0.94, "drums": 0.93, "guitar": 0.75, "piano": 0.7, "other": 0.65},
    "pre": {"bass": 0.9, "drums": 0.9, "guitar": 0.8, "piano": 0.8, "other": 0.75},
    "chorus": {"bass": 0.98, "drums": 0.98, "guitar": 0.92, "piano": 0.88, "other": 0.9},
    "bridge": {"bass": 0.8, "drums": 0.7, "guitar": 0.65, "piano": 0.75, "other": 0.8},
    "solo": {"bass": 0.96, "drums": 0.95, "guitar": 0.75, "piano": 0.75, "other": 0.6},
    "break": {"bass": 0.45, "drums": 0.5, "guitar": 0.4, "piano": 0.45, "other": 0.45},
    "outro": {"bass": 0.75, "drums": 0.7, "guitar": 0.65, "piano": 0.65, "other": 0.65},
    "head": {"bass": 0.96, "drums": 0.94, "guitar": 0.75, "piano": 0.8, "other": 0.85},
    "drop": {"bass": 0.98, "drums": 0.99, "guitar": 0.75, "piano": 0.8, "other": 0.92},
    "build": {"bass": 0.7, "drums": 0.8, "guitar": 0.6, "piano": 0.65, "other": 0.75},
}
"""Probability that a stem plays in a section."""

_SUNG = {
    "intro": 0.3, "verse": 0.8, "pre": 0.6, "bridge": 0.6, "break": 0.25, "outro": 0.4, "build": 0.3,
    "drop": 0.7,
}  # fmt: skip
_MATERIAL = {"chorus": 1, "drop": 1, "outro": 1, "bridge": 2, "pre": 2, "break": 2}


def sections(
    style: Style, tonic: int, mode: str, stems: tuple[str, ...], bars: int | None, division: int, dice: Dice
) -> tuple[Section, ...]:
    """Plan the form.

    Args:
        style: its forms, progressions and taste for tunes.
        tonic, mode: the key at the start; the last chorus may be lifted out of it.
        stems: the stems that take part.
        bars: the exact length wanted,
        None for the form's own. A shorter one is cut out of the form at the start of
            a section, a longer one repeats it.
        division: 3 where bars have twelve steps, else 4.
        dice: where chance comes from.
    """
    pool = progressions(style, mode)
    material = [dice.pick(pool) for _ in range(3)]
    if dice.chance(0.3):
        material[1] = material[0]
    colour = dice.weighted(style.colour)
    plan = _lengths(dice.pick(FORMS[dice.pick(style.forms)]), material, bars, dice)
    who = {name: _players(name, stems, dice) for name in dict(plan)}
    lift = dice.pick((1, 2)) if dice.chance(0.08) else 0
    chords: list[list[list[Chord]]] = []
    for number, (name, count) in enumerate(plan):
        final = number == len(plan) - 1
        up = lift if final or (number == len(plan) - 2 and plan[-1][0] == "outro") else 0
        chords.append(
            _changes(material[_MATERIAL.get(name, 0)], count, (tonic + up) % 12, mode, colour, final, dice)
        )
    return _assemble(style, plan, chords, who, stems, division, dice)


def progressions(style: Style, mode: str) -> tuple[str, ...]:
    """A style's progressions for a mode; for one it has none for, those of a mode with the same third."""
    if mode in style.progressions:
        return style.progressions[mode]
    third = 3 in MODES[mode] and mode != "blues"
    alike = [p for m, p in style.progressions.items() if (3 in MODES[m] and m != "blues") == third]
    return (alike or list(style.progressions.values()))[0]


def _lengths(form: str, material: list[str], bars: int | None, dice: Dice) -> list[tuple[str, int]]:
    """Sections with bars, in multiples of the progression where that fits, cut or repeated to ``bars``."""
    plan = []
    for word in form.split():
        name = word.rstrip("0123456789")
        unit = material[_MATERIAL.get(name, 0)].count("|") + 1
        wanted = int(word[len(name) :])
        plan.append((name, max(1, round(wanted / unit)) * unit if wanted >= 8 else wanted))
    if bars is None:
        return plan
    while sum(n for _, n in plan) < bars:
        plan = plan[:-1] + plan[1:]
    starts = [i for i in range(len(plan)) if sum(n for _, n in plan[i:]) >= bars]
    left, cut = bars, []
    for name, count in plan[dice.pick(starts) :]:
        if left:
            cut.append((name, min(left, count)))
            left -= min(left, count)
    return cut


def _players(name: str, stems: tuple[str, ...], dice: Dice) -> frozenset[str]:
    playing = {stem for stem in stems if dice.chance(PRESENCE[name][stem])}
    return frozenset(playing or {dice.pick(stems)})


def _changes(
    text: str, count: int, tonic: int, mode: str, colour: int, final: bool, dice: Dice
) -> list[list[Chord]]:
    """The chords of each bar: the progression round and round, then a turn or, at the very end, home."""
    cells = [cell.split() for cell in text.split("|")]
    numerals = [cells[i % len(cells)] for i in range(count)]
    usual = "i" if mode in ("minor", "dorian", "phrygian") else "I"
    home = numerals[0][0] if numerals[0][0][0] in "Ii" else usual
    if final:
        numerals[-1] = ["I7" if mode == "blues" else home]
    elif len(cells) <= 4 and count > 2 and mode in ("major", "minor") and dice.chance(0.3):
        numerals[-1] = dice.pick(
            (["V"], ["IV", "V"], ["V7sus4", "V7"])
            if mode == "major"
            else (["V7"], ["bVI", "bVII"], ["iv", "V7"])
        )
    return [[chord(n, tonic, mode, colour) for n in cell] for cell in numerals]


def _assemble(
    style: Style,
    plan: list[tuple[str, int]],
    chords: list[list[list[Chord]]],
    who: dict[str, frozenset[str]],
    stems: tuple[str, ...],
    division: int,
    dice: Dice,
) -> tuple[Section, ...]:
    rows = [cell for part in chords for cell in part]
    heads = [cell[0] for cell in rows[1:]] + [rows[0][0]]
    levels = {name: dice.between(*LEVELS[name]) for name, _ in plan}
    tunes = {name: _singer(style, name, stems, dice) for name, _ in plan}
    made: list[Section] = []
    index = 0
    for number, (name, count) in enumerate(plan):
        bars = tuple(_bar(style.beats, index + i, i, rows[index + i], heads[index + i]) for i in range(count))
        index += count
        singer = _singer(style, name, stems, dice) if name == "solo" else tunes[name]
        entries = dict.fromkeys(who[name] | ({singer} if singer else set()), 0)
        for stem in sorted(entries):
            if len(entries) > 1 and count >= 8 and dice.chance(0.12):
                entries[stem] = count // 2
        if min(entries.values()) > 0:
            entries[sorted(entries)[0]] = 0
        tag = _tag(division, count, number == len(plan) - 1, dice)
        made.append(Section(name, levels[name], bars, entries, singer, name == "solo", tag))
    return tuple(made)


def _tag(division: int, bars: int, final: bool, dice: Dice) -> str:
    if not dice.chance(0.65 if final else 0.2) or bars < 4:
        return ""
    return dice.pick(ENDINGS[division] if final else TAGS[division])


def _singer(style: Style, name: str, stems: tuple[str, ...], dice: Dice) -> str:
    weights = {stem: w for stem, w in style.tune.items() if stem in stems}
    if not weights or not dice.chance(_SUNG.get(name, 0.95)):
        return ""
    return dice.weighted(weights)


def _bar(beats: int, index: int, place: int, chords: list[Chord], following: Chord) -> Bar:
    start, length = float(index * beats), beats / len(chords)
    after = [*chords[1:], following]
    return Bar(
        index,
        place,
        start,
        tuple(Segment(start + i * length, length, c, after[i]) for i, c in enumerate(chords)),
    )
