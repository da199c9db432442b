"""Rock, metal, punk, country, folk and march."""

from __future__ import annotations

from ..style import Style
from . import harmony as h

_ROCK_LEAD = {29: 2.0, 30: 3.0, 27: 2.0}

ROCK = Style(
    name="rock", push=0.3, tempo=(88, 168), tune={"other": 4, "guitar": 5, "piano": 1},
    absent={"piano": 0.25, "other": 0.1}, percussion=("tambourine", "shaker_8", "cowbell"),
    modes={"major": 3, "minor": 3, "mixolydian": 2, "dorian": 1},
    progressions={
        "major": h.ROCK_MAJOR + h.POP_MAJOR[:6], "minor": h.ROCK_MINOR, "mixolydian": h.MIXOLYDIAN,
        "dorian": h.DORIAN,
    },
    drums=(
        ("rock_soft", "rock_8", "rock_ride"), ("rock_8", "rock_drive", "rock_open"),
        ("rock_tom", "rock_8", "rock_drive"), ("rock_half", "rock_half", "rock_open"),
        ("rock_8", "rock_8", "rock_ride"),
    ),
    bass=(
        "kick", "kick_fill", "eighths", "eighths_long", "eighths_push", "eighths_58", "riff", "quarters_5",
        "rock_gallop",
    ),
    guitar=(
        "strum_8", "power_8", "power_8m", "power_push", "power_stop", "power_half", "riff_rock", "riff_low",
        "arp_sync", "strum_pop", "arp_delay", "strum_16s", "power_whole", "riff_octave",
    ),
    piano=("block_4", "rock_8", "rock_push", "pop_sync", "block_half", "ostinato", "pedal_high", "broken"),
    layers={"organ": 0.4, "strings": 0.2, "pad": 0.15, "brass": 0.12, "choir": 0.06, "arp": 0.06},
    programs={
        "bass": {33: 5, 34: 5, 35: 0.5, 36: 0.5}, "drums": {0: 5, 16: 4, 8: 2},
        "guitar": {29: 4, 30: 3, 27: 3, 25: 2, 28: 1}, "lead_guitar": _ROCK_LEAD,
        "piano": {0: 3, 1: 3, 2: 2, 4: 2, 7: 0.7},
        "lead": {65: 2, 66: 2, 16: 1, 18: 2, 80: 1, 81: 2, 83: 1, 22: 2, 53: 1},
        "organ": {18: 5, 16: 3, 17: 1}, "strings": {48: 4, 50: 1, 40: 1}, "brass": {61: 3, 62: 1, 56: 1},
    },
)  # fmt: skip

METAL = Style(
    name="metal", push=0.0, tempo=(90, 200), modes={"minor": 5, "phrygian": 3, "dorian": 0.5},
    colour={0: 1, -1: 3}, tune={"guitar": 6, "other": 2.5, "piano": 0.5},
    absent={"piano": 0.5, "other": 0.2},
    progressions={"minor": h.METAL + h.ROCK_MINOR, "phrygian": h.METAL, "dorian": h.ROCK_MINOR},
    drums=(
        ("metal_half", "metal_chug", "metal_double"), ("rock_tom", "metal_double", "metal_chug"),
        ("rock_half", "metal_half", "metal_double"), ("rock_drive", "punk", "metal_double"),
    ),
    bass=("metal_gallop", "metal_chug", "kick", "eighths", "sixteenths", "rock_gallop", "riff"),
    guitar=(
        "gallop", "gallop_3", "chug", "chug_16", "chug_break", "power_8m", "power_whole", "riff_low",
        "riff_rock",
    ),
    piano=("metal_hold", "ostinato_16", "tremolo", "broken", "pedal_high"),
    layers={"choir": 0.3, "strings": 0.35, "pad": 0.25, "arp": 0.15, "brass": 0.1, "low": 0.15},
    programs={
        "bass": {34: 6, 33: 3, 36: 0.5}, "drums": {16: 6, 0: 3, 8: 1}, "guitar": {30: 7, 29: 3},
        "lead_guitar": {30: 4, 29: 2}, "piano": {0: 3, 1: 3, 6: 1, 2: 1},
        "lead": {81: 3, 83: 2, 80: 1, 40: 1, 54: 1, 87: 1}, "choir": {52: 3, 53: 1, 91: 1},
        "strings": {48: 4, 50: 2, 44: 1}, "pad": {48: 2, 95: 1, 89: 1, 91: 1},
    },
)  # fmt: skip

PUNK = Style(
    name="punk", tempo=(150, 208), modes={"major": 5, "minor": 2, "mixolydian": 1},
    piano=("rock_8", "pedal_high", "block_4"), layers={"organ": 0.4, "brass": 0.25, "arp": 0.1},
    colour={0: 1, -1: 1}, tune={"guitar": 5, "other": 4, "piano": 0.5},
    absent={"piano": 0.4, "other": 0.15},
    progressions={
        "major": h.ROCK_MAJOR + h.POP_MAJOR[:4], "minor": h.ROCK_MINOR, "mixolydian": h.MIXOLYDIAN[:1],
    },
    drums=(
        ("rock_tom", "punk", "rock_open"), ("rock_8", "rock_drive", "punk"), ("punk", "punk", "rock_open"),
    ),
    bass=("punk", "eighths_long", "eighths_push", "eighths_58"),
    guitar=("punk", "power_8", "power_8m", "power_push", "strum_8"),
    programs={
        "bass": {34: 6, 33: 2}, "drums": {16: 4, 0: 4, 8: 1}, "guitar": {30: 5, 29: 5},
        "lead_guitar": _ROCK_LEAD, "piano": {0: 2, 1: 2, 2: 1}, "lead": {18: 2, 81: 1, 56: 1, 22: 1, 53: 1},
        "organ": {18: 4, 16: 2}, "brass": {61: 3, 57: 1, 56: 1},
    },
)  # fmt: skip

COUNTRY = Style(
    name="country", tempo=(80, 150), modes={"major": 5, "mixolydian": 1},
    layers={"strings": 0.35, "organ": 0.25, "pad": 0.2}, swing=(0.5, 0.64),
    percussion=("tambourine", "shaker_8"), tune={"other": 5, "guitar": 4, "piano": 1.5},
    progressions={"major": h.COUNTRY, "mixolydian": h.MIXOLYDIAN[:1]},
    drums=(
        ("country_2", "country_2", "country_full"), ("country_train", "country_train", "country_full"),
        ("folk_soft", "country_2", "rock_8"),
    ),
    bass=("root_fifth", "root_fifth_low", "country_run", "quarters_5", "two_feel"),
    guitar=("boom_chick", "boom_chick_8", "strum_train", "arp_travis", "strum_8", "backbeat"),
    piano=("country", "country_roll", "ragtime", "block_4", "stride"),
    programs={
        "bass": {32: 4, 33: 4, 34: 1}, "drums": {0: 5, 8: 2, 40: 2}, "guitar": {25: 6, 27: 3, 26: 1, 24: 1},
        "lead_guitar": {27: 4, 25: 3, 29: 1}, "piano": {0: 4, 3: 4, 1: 1},
        "lead": {40: 5, 22: 4, 15: 1, 21: 1, 72: 0.3}, "strings": {40: 4, 48: 3, 41: 1},
        "organ": {18: 2, 16: 3}, "pad": {48: 3, 49: 2},
    },
)  # fmt: skip

FOLK = Style(
    name="folk", tempo=(72, 136), absent={"drums": 0.2}, jitter=(6, 14),
    modes={"major": 4, "minor": 2, "dorian": 1.5, "mixolydian": 1.5},
    progressions={
        "major": h.FOLK_MAJOR, "minor": h.FOLK_MINOR, "dorian": h.FOLK_MINOR[:3],
        "mixolydian": h.MIXOLYDIAN,
    },
    drums=(
        ("folk_soft", "folk_soft", "folk_stomp"), ("folk_soft", "folk_stomp", "country_train"),
        ("pop_soft", "pop_soft", "rock_8"),
    ),
    bass=("half", "half_low", "root_fifth", "whole", "quarters_5", "pop_dotted"),
    guitar=(
        "strum_folk", "strum_8", "arp_travis", "arp_roll", "arp_up", "boom_chick_8", "strum_island",
        "arp_6",
    ),
    piano=("folk", "broken", "block_half", "roll_up", "ballad_arp"),
    layers={"strings": 0.4, "organ": 0.2, "arp": 0.25, "pad": 0.15, "choir": 0.08},
    programs={
        "bass": {32: 6, 33: 2, 35: 1}, "drums": {0: 4, 40: 4, 8: 1}, "guitar": {25: 5, 24: 4},
        "lead_guitar": {25: 3, 24: 2, 26: 1}, "piano": {0: 5, 1: 1, 3: 1},
        "lead": {73: 3, 74: 2, 40: 4, 22: 3, 21: 3, 78: 1, 79: 1, 72: 1, 75: 1, 15: 2, 68: 1},
        "strings": {40: 3, 42: 3, 41: 1, 48: 1}, "arp": {15: 3, 46: 3, 12: 1},
        "organ": {21: 3, 20: 2, 19: 1},
    },
    percussion=("tambourine", "shaker_8", "triangle", "bongos"),
)  # fmt: skip

MARCH = Style(
    name="march", push=0.0, tempo=(96, 132), modes={"major": 4, "minor": 1.5},
    bass=("march", "root_fifth_low", "quarters", "half"), piano=("march", "stride", "block_4", "alberti"),
    forms=("song", "head"), tune={"other": 8, "piano": 1, "guitar": 0.5},
    absent={"guitar": 0.4, "piano": 0.2},
    progressions={"major": h.MARCH, "minor": h.MARCH_MINOR},
    drums=(("march", "march", "march_roll"), ("march", "march_roll", "march_roll")),
    guitar=("boom_chick", "backbeat", "strum_quarter", "arp_up"),
    layers={"brass": 0.6, "strings": 0.45, "low": 0.5, "pad": 0.2, "arp": 0.1},
    programs={
        "bass": {32: 4, 33: 3, 35: 1}, "drums": {0: 4, 8: 3, 40: 1}, "guitar": {24: 3, 25: 3, 27: 1},
        "piano": {0: 5, 1: 1}, "lead": {56: 4, 72: 3, 73: 2, 71: 3, 60: 2, 57: 1, 9: 1, 68: 1},
        "brass": {61: 4, 56: 2, 57: 2, 60: 3}, "strings": {71: 2, 60: 3, 70: 1, 48: 1},
        "low": {58: 6, 57: 1, 70: 2, 47: 2},
    },
)  # fmt: skip

STYLES = (ROCK, METAL, PUNK, COUNTRY, FOLK, MARCH)
