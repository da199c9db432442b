"""Pop, ballad, soul, gospel-like ballads in twelve, synthpop."""

from __future__ import annotations

from ..style import Style
from . import harmony as h

POP = Style(
    name="pop", push=0.3, tempo=(84, 136), modes={"major": 5, "minor": 3, "mixolydian": 0.5},
    colour={0: 5, 1: 1, 2: 1},
    progressions={"major": h.POP_MAJOR, "minor": h.POP_MINOR, "mixolydian": h.MIXOLYDIAN},
    drums=(
        ("pop_soft", "pop_8", "pop_lift"), ("pop_8", "pop_16", "pop_lift"),
        ("pop_four", "pop_four", "disco_8"), ("rock_half", "pop_8", "pop_lift"),
        ("hiphop_soft", "pop_16", "pop_four"),
    ),
    bass=(
        "kick", "kick_fill", "pop_dotted", "pop_sync", "pop_push", "eighths_long", "half", "synth_8",
        "motown",
    ),
    guitar=(
        "strum_pop", "strum_8", "strum_16", "strum_16s", "strum_island", "arp_up", "arp_sync", "arp_delay",
        "power_8m", "single_mute", "backbeat", "funk_nine", "arp_16",
    ),
    piano=(
        "block_4", "pop_8", "pop_sync", "pop_anthem", "broken", "broken_16", "block_half", "ostinato",
        "minimal", "roll_up",
    ),
    layers={"pad": 0.45, "strings": 0.35, "arp": 0.25, "organ": 0.2, "brass": 0.12, "choir": 0.12},
    programs={
        "bass": {33: 5, 34: 3, 38: 2, 39: 2, 35: 1}, "drums": {0: 4, 8: 3, 16: 2, 24: 2, 25: 1},
        "guitar": {25: 5, 27: 4, 28: 1, 24: 1, 26: 1, 29: 1}, "lead_guitar": {27: 3, 29: 2, 25: 2, 30: 1},
        "piano": {0: 5, 1: 3, 2: 2, 4: 3, 5: 3},
        "lead": {80: 2, 81: 2, 73: 1, 53: 1, 85: 1, 65: 1, 11: 1, 75: 1, 56: 1},
        "pad": {48: 2, 50: 2, 89: 3, 88: 2, 90: 1, 95: 1}, "strings": {48: 4, 50: 2, 40: 1},
        "arp": {10: 1, 11: 1, 46: 1, 80: 1, 88: 1, 81: 1}, "organ": {16: 2, 18: 2, 17: 1},
        "brass": {61: 2, 62: 2, 63: 1},
    },
    percussion=("tambourine", "shaker", "claps", "congas", "shaker_8"),
)  # fmt: skip

BALLAD = Style(
    name="ballad", tempo=(54, 84), modes={"major": 5, "minor": 3}, colour={0: 3, 1: 2, 2: 1},
    percussion=("shaker_8", "triangle"), absent={"drums": 0.1, "guitar": 0.15}, jitter=(7, 16),
    tune={"other": 6, "piano": 3, "guitar": 2},
    progressions={"major": h.BALLAD_MAJOR, "minor": h.BALLAD_MINOR},
    drums=(
        ("ballad_soft", "ballad_8", "ballad_full"), ("pop_soft", "ballad_8", "ballad_full"),
        ("ballad_12", "ballad_12", "ballad_12f"), ("ballad_soft", "rock_half", "ballad_full"),
    ),
    bass=("whole", "half", "ballad", "pop_dotted", "half_low", "ballad_12", "ballad_12b", "kick"),
    guitar=(
        "arp_ballad", "arp_roll", "arp_up", "strum_whole", "strum_folk", "arp_slow", "arp_12", "strum_16",
        "arp_6",
    ),
    piano=(
        "ballad_arp", "ballad_sparse", "ballad_8", "block_4", "broken", "broken_16", "roll_up", "ballad_12",
        "ballad_12b", "block_whole",
    ),
    layers={"strings": 0.6, "pad": 0.5, "choir": 0.15, "arp": 0.15, "organ": 0.15, "low": 0.08},
    programs={
        "bass": {33: 4, 35: 4, 32: 2, 34: 1}, "drums": {0: 5, 8: 3, 40: 2},
        "guitar": {24: 4, 25: 4, 26: 2, 27: 3}, "lead_guitar": {26: 2, 27: 2, 29: 3, 24: 2},
        "piano": {0: 7, 4: 3, 5: 3, 1: 1},
        "lead": {40: 2, 42: 2, 65: 2, 64: 1, 73: 2, 68: 2, 71: 1, 60: 1, 53: 1, 75: 1, 66: 1},
        "pad": {48: 3, 49: 3, 89: 2, 50: 1, 91: 1, 95: 1}, "strings": {48: 4, 49: 4, 42: 1, 40: 1},
        "choir": {52: 3, 53: 2}, "arp": {46: 4, 8: 1, 11: 1, 10: 1},
    },
)  # fmt: skip

SOUL = Style(
    name="soul", push=0.35, tempo=(72, 126), swing=(0.5, 0.57), swing_unit=0.5, colour={0: 1, 1: 2},
    modes={"major": 4, "minor": 2, "dorian": 1, "mixolydian": 1},
    progressions={
        "major": h.SOUL_MAJOR, "minor": h.SOUL_MINOR, "dorian": h.DORIAN, "mixolydian": h.MIXOLYDIAN,
    },
    drums=(
        ("soul_soft", "soul_8", "soul_8"), ("soul_8", "soul_8", "soul_four"),
        ("ballad_12", "ballad_12", "ballad_12f"), ("soul_soft", "funk_tight", "soul_8"),
    ),
    bass=(
        "motown", "soul_walk", "kick_fill", "pop_sync", "pop_push", "funk_vamp", "ballad", "ballad_12",
        "ballad_12b",
    ),
    guitar=(
        "backbeat", "backbeat_mute", "skank", "funk_nine", "arp_sync", "disco_up", "jazz_comp", "arp_12",
    ),
    piano=("soul", "soul_4", "gospel", "funk_rhodes", "pop_sync", "block_4", "ballad_12"),
    layers={"brass": 0.55, "organ": 0.5, "strings": 0.4, "pad": 0.1, "choir": 0.1, "arp": 0.08},
    programs={
        "bass": {33: 6, 34: 1, 32: 1, 35: 1}, "drums": {0: 5, 8: 3, 16: 1}, "guitar": {27: 5, 26: 3, 28: 1},
        "lead_guitar": {26: 3, 27: 3}, "piano": {0: 4, 4: 5, 5: 2, 2: 1, 7: 1},
        "lead": {65: 3, 66: 4, 56: 2, 73: 1, 53: 1, 17: 1, 11: 1}, "brass": {61: 6, 56: 1, 66: 2, 57: 1},
        "organ": {16: 4, 17: 3, 18: 1}, "strings": {48: 5, 49: 1}, "arp": {11: 3},
    },
    percussion=("tambourine", "tambourine_8", "congas", "claps"),
)  # fmt: skip

SYNTHPOP = Style(
    name="synthpop", tempo=(96, 140), modes={"minor": 5, "major": 3, "dorian": 1}, forms=("song", "dance"),
    jitter=(0.5, 3), percussion=("claps", "shaker"), tune={"other": 8, "guitar": 1, "piano": 1.5},
    absent={"guitar": 0.25, "piano": 0.15},
    progressions={"minor": h.POP_MINOR, "major": h.POP_MAJOR, "dorian": h.DORIAN},
    drums=(
        ("synth_soft", "synth_8", "synth_gate"), ("synth_8", "synth_gate", "disco_8"),
        ("synth_soft", "disco_8", "disco_16"),
    ),
    bass=("synth_8", "synth_arp", "octaves", "octaves_16", "sixteenths", "eighths", "offbeat_8"),
    guitar=("single_mute", "single_line", "arp_delay", "power_8m", "funk_nine", "strum_whole", "arp_16"),
    piano=("synth_8", "synth_16", "house_off", "block_whole", "pop_anthem", "ostinato_16"),
    layers={"arp": 0.6, "pad": 0.6, "brass": 0.2, "strings": 0.2, "choir": 0.2},
    programs={
        "bass": {38: 6, 39: 5, 33: 1}, "drums": {24: 4, 25: 4, 16: 2},
        "guitar": {27: 4, 28: 3, 31: 1, 26: 1}, "lead_guitar": {29: 2, 27: 2},
        "piano": {5: 3, 2: 3, 4: 1, 0: 1, 7: 1},
        "lead": {80: 4, 81: 5, 82: 1, 83: 1, 84: 1, 87: 2, 85: 1, 54: 1},
        "pad": {50: 3, 51: 2, 88: 2, 89: 2, 90: 3, 92: 1, 94: 1, 95: 1, 54: 1},
        "arp": {80: 3, 81: 3, 88: 1, 84: 1, 90: 1, 92: 1}, "brass": {62: 4, 63: 3},
        "strings": {50: 3, 51: 2, 48: 1}, "choir": {54: 3, 91: 1, 85: 1},
    },
)  # fmt: skip

STYLES = (POP, BALLAD, SOUL, SYNTHPOP)
