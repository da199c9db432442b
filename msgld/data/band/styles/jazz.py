"""Swing, blues, bossa nova, samba, salsa, reggae, and the two reserved styles, waltz and afrobeat."""

from __future__ import annotations

from ..style import Style
from . import harmony as h

SWING = Style(
    name="swing", push=0.35, tempo=(96, 240), modes={"major": 5, "minor": 3}, swing=(0.58, 0.68),
    forms=("head",), absent={"guitar": 0.3, "piano": 0.08}, jitter=(6, 15),
    tune={"other": 7, "piano": 2.5, "guitar": 2},
    progressions={"major": h.JAZZ_MAJOR, "minor": h.JAZZ_MINOR},
    drums=(
        ("swing_brush", "swing_ride", "swing_full"), ("swing_hat", "swing_ride", "swing_full"),
        ("swing_brush", "swing_brush", "swing_ride"),
    ),
    bass=("walk", "walk", "walk_skip", "two_feel", "two_walk"),
    guitar=("freddie", "freddie_up", "charleston", "jazz_comp"),
    piano=("jazz_comp", "charleston", "jazz_shell", "jazz_sparse", "stride", "stride_ten"),
    layers={"brass": 0.45, "organ": 0.2, "strings": 0.15, "pad": 0.08},
    programs={
        "bass": {32: 9, 35: 1, 33: 1}, "drums": {32: 5, 40: 5, 0: 1}, "guitar": {26: 8, 24: 1, 27: 1},
        "lead_guitar": {26: 8}, "piano": {0: 7, 1: 1, 4: 2, 3: 0.5},
        "lead": {65: 3, 66: 4, 56: 3, 59: 2, 71: 3, 11: 3, 57: 2, 64: 1, 73: 1},
        "brass": {61: 3, 56: 2, 57: 2, 59: 2, 66: 2, 65: 2}, "organ": {16: 4, 17: 3},
        "strings": {48: 2, 49: 2},
    },
)  # fmt: skip

BLUES = Style(
    name="blues", tempo=(60, 140), modes={"blues": 1}, progressions={"blues": h.BLUES},
    layers={"organ": 0.5, "brass": 0.3, "pad": 0.05}, swing=(0.6, 0.69), forms=("jam", "head"),
    tune={"other": 4, "guitar": 5, "piano": 2}, absent={"other": 0.1}, jitter=(5, 14),
    drums=(
        ("shuffle_soft", "shuffle", "shuffle_ride"), ("shuffle_soft", "shuffle_soft", "shuffle"),
        ("shuffle_soft", "shuffle_ride", "shuffle_ride"), ("slow_12", "slow_12", "slow_12"),
    ),
    bass=("walk", "boogie_q", "boogie", "shuffle", "blues_riff", "walk_skip", "blues_12", "ballad_12b"),
    guitar=("shuffle_boogie", "backbeat", "riff_blues", "charleston", "skank", "arp_12", "strum_12"),
    piano=("boogie", "boogie_walk", "shuffle", "gospel", "charleston", "rock_8", "blues_12", "ballad_12b"),
    programs={
        "bass": {33: 5, 32: 4, 34: 2}, "drums": {0: 6, 8: 2, 16: 1, 40: 1},
        "guitar": {27: 4, 29: 3, 26: 2, 25: 2}, "lead_guitar": {29: 4, 27: 4, 26: 2, 30: 1},
        "piano": {0: 5, 3: 4, 4: 1, 2: 1}, "lead": {22: 6, 66: 3, 65: 2, 16: 1, 56: 1, 18: 1},
        "organ": {16: 4, 17: 2, 18: 2}, "brass": {61: 3, 66: 2, 57: 1},
    },
)  # fmt: skip

BOSSA = Style(
    name="bossa", push=0.4, tempo=(108, 160), modes={"major": 4, "minor": 3},
    bass=("bossa", "bossa_plain", "root_fifth_low"), guitar=("bossa", "bossa_2", "arp_sync"),
    forms=("head",), percussion=("shaker", "triangle", "guiro", "congas"), jitter=(5, 13),
    absent={"piano": 0.15},
    progressions={"major": h.BOSSA_MAJOR, "minor": h.BOSSA_MINOR},
    drums=(("bossa_soft", "bossa", "bossa"), ("bossa_soft", "bossa_soft", "bossa")),
    piano=("bossa", "bossa_soft", "jazz_comp", "jazz_sparse"),
    layers={"strings": 0.45, "pad": 0.25, "organ": 0.15, "brass": 0.1, "arp": 0.1},
    programs={
        "bass": {32: 7, 33: 1, 35: 2}, "drums": {0: 3, 40: 5, 32: 3, 8: 1}, "guitar": {24: 9, 26: 1},
        "lead_guitar": {24: 4, 26: 4}, "piano": {0: 6, 4: 4, 5: 1},
        "lead": {73: 5, 66: 3, 65: 1, 11: 2, 71: 1, 57: 1, 59: 1, 53: 1, 22: 1},
        "strings": {48: 3, 49: 4, 42: 1}, "pad": {49: 3, 89: 1, 95: 1},
    },
)  # fmt: skip

SAMBA = Style(
    name="samba", push=0.5, tempo=(88, 122), modes={"major": 4, "minor": 2},
    bass=("samba", "bossa", "root_fifth_low"), guitar=("samba", "bossa", "strum_16s"),
    piano=("samba", "bossa", "montuno"), forms=("song", "head"),
    progressions={"major": h.BOSSA_MAJOR + h.LATIN_MAJOR, "minor": h.BOSSA_MINOR},
    drums=(("bossa_soft", "samba", "samba"), ("bossa", "samba", "samba")),
    layers={"brass": 0.4, "strings": 0.2, "arp": 0.15, "organ": 0.2},
    programs={
        "bass": {33: 4, 32: 3, 36: 1, 35: 1}, "drums": {0: 6, 8: 2, 40: 1}, "guitar": {24: 7, 25: 1, 27: 1},
        "lead_guitar": {24: 3, 26: 2}, "piano": {0: 5, 4: 3},
        "lead": {73: 3, 72: 2, 66: 2, 57: 2, 56: 1, 21: 1, 78: 1}, "brass": {61: 3, 56: 2, 57: 2},
        "arp": {12: 2, 11: 1},
    },
    percussion=("agogo", "shaker", "tambourine_8", "congas", "triangle"),
)  # fmt: skip

SALSA = Style(
    name="salsa", push=0.5, tempo=(150, 210), modes={"minor": 4, "major": 3, "dorian": 1},
    bass=("tumbao", "tumbao_r", "salsa_3"), piano=("montuno", "montuno_oct", "salsa_guajeo"),
    forms=("song", "jam"), absent={"guitar": 0.35}, jitter=(3, 9),
    tune={"other": 7, "piano": 2, "guitar": 1},
    progressions={"minor": h.LATIN_MINOR, "major": h.LATIN_MAJOR, "dorian": h.DORIAN[:4]},
    drums=(("salsa_soft", "salsa", "salsa_mambo"), ("salsa_soft", "salsa_soft", "salsa")),
    guitar=("arp_sync", "strum_16s", "bossa_2", "charleston", "samba"),
    layers={"brass": 0.75, "strings": 0.15, "arp": 0.15, "low": 0.06},
    programs={
        "bass": {32: 4, 33: 5, 35: 2}, "drums": {0: 8, 8: 2}, "guitar": {24: 5, 25: 3, 27: 1},
        "lead_guitar": {24: 4, 27: 2}, "piano": {0: 7, 1: 3, 2: 1},
        "lead": {56: 4, 57: 4, 73: 2, 11: 2, 66: 1, 65: 1}, "brass": {61: 6, 57: 3, 56: 3},
        "arp": {11: 3, 12: 2}, "strings": {48: 2, 40: 2},
    },
    percussion=("guiro", "bongos", "congas", "clave", "timbales"),
)  # fmt: skip

REGGAE = Style(
    name="reggae", push=0.0, tempo=(66, 92), modes={"major": 4, "minor": 3, "mixolydian": 1},
    piano=("skank", "bubble", "bubble_low", "skank_8"), swing=(0.5, 0.6), swing_unit=0.5,
    forms=("song", "loop"),
    progressions={"major": h.REGGAE_MAJOR, "minor": h.REGGAE_MINOR, "mixolydian": h.MIXOLYDIAN},
    drums=(
        ("reggae_one", "reggae_one", "reggae_rock"), ("reggae_one", "reggae_rock", "reggae_step"),
        ("reggae_rock", "reggae_step", "reggae_step"),
    ),
    bass=("one_drop", "reggae_line", "reggae_roots", "stepper"),
    guitar=("skank", "skank_8", "skank_double", "skank_16", "single_line"),
    layers={"organ": 0.8, "brass": 0.4, "pad": 0.1, "arp": 0.08, "strings": 0.08},
    programs={
        "bass": {33: 6, 34: 2, 35: 1, 38: 1}, "drums": {0: 6, 8: 2, 16: 1},
        "guitar": {27: 6, 28: 2, 26: 1, 25: 1}, "lead_guitar": {27: 3, 29: 2},
        "piano": {0: 5, 1: 2, 4: 1, 7: 2, 2: 1},
        "lead": {57: 3, 65: 2, 66: 2, 22: 2, 56: 1, 73: 1, 21: 1, 16: 1}, "organ": {16: 4, 17: 3, 18: 3},
        "brass": {61: 4, 57: 2, 56: 1},
    },
    percussion=("shaker_8", "cowbell", "bongos", "tambourine"),
)  # fmt: skip

WALTZ = Style(
    name="waltz", push=0.0, tempo=(84, 190), modes={"major": 4, "minor": 3}, beats=3, swing=(0.5, 0.64),
    forms=("song", "head"), jitter=(5, 14),
    progressions={"major": h.WALTZ_MAJOR, "minor": h.WALTZ_MINOR},
    drums=(
        ("waltz_soft", "waltz", "waltz_ride"), ("waltz_soft", "waltz_soft", "waltz_full"),
        ("waltz_soft", "waltz_ride", "waltz_ride"),
    ),
    bass=("waltz", "waltz_5", "waltz_walk", "waltz_one", "waltz_three"),
    guitar=("waltz_strum", "waltz_8", "waltz_arp", "waltz_comp"),
    piano=("waltz", "waltz_oct", "waltz_flow", "waltz_jazz"),
    layers={"strings": 0.6, "pad": 0.3, "organ": 0.25, "arp": 0.2, "brass": 0.15, "choir": 0.08},
    programs={
        "bass": {32: 6, 33: 2, 35: 1}, "drums": {0: 3, 40: 4, 32: 3}, "guitar": {24: 4, 25: 4, 26: 2},
        "piano": {0: 7, 3: 1, 4: 1, 6: 1},
        "lead": {40: 3, 21: 4, 73: 2, 71: 2, 65: 1, 42: 1, 68: 1, 56: 1, 10: 1},
        "strings": {48: 4, 49: 2, 40: 1, 42: 1},
    },
)  # fmt: skip

AFROBEAT = Style(
    name="afrobeat", tempo=(92, 126), modes={"dorian": 5, "minor": 2, "major": 1.5},
    bass=("afro", "afro_long", "afro_six"), piano=("afro", "afro_line", "funk_rhodes"),
    layers={"brass": 0.8, "organ": 0.6, "arp": 0.2}, forms=("jam",), swing=(0.5, 0.55), swing_unit=0.5,
    progressions={"dorian": h.AFRO, "minor": h.AFRO, "major": h.AFRO_MAJOR},
    drums=(
        ("afro_soft", "afro", "afro_full"), ("afro_soft", "afro_soft", "afro"),
        ("afro", "afro", "afro_full"),
    ),
    guitar=("afro_tenor", "afro_scratch", "single_line", "funk_nine"),
    programs={
        "bass": {33: 6, 34: 2, 36: 1}, "drums": {0: 7, 8: 2}, "guitar": {27: 7, 28: 3},
        "lead_guitar": {27: 4}, "piano": {4: 6, 0: 2, 7: 1, 5: 1},
        "lead": {66: 5, 65: 2, 56: 2, 16: 2, 12: 1}, "brass": {61: 5, 67: 2, 66: 2, 57: 2},
        "organ": {16: 4, 17: 3, 18: 2}, "arp": {12: 3},
    },
    percussion=("congas", "shaker", "agogo", "clave", "wood"),
)  # fmt: skip

STYLES = (SWING, BLUES, BOSSA, SAMBA, SALSA, REGGAE)
RESERVED = (WALTZ, AFROBEAT)
