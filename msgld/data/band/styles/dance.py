"""Funk, disco, house, hip-hop, trap, drum and bass."""

from __future__ import annotations

from ..style import Style
from . import harmony as h

FUNK = Style(
    name="funk", tempo=(88, 124), modes={"dorian": 4, "mixolydian": 3, "minor": 2}, swing=(0.5, 0.58),
    swing_unit=0.5, forms=("song", "jam"),
    progressions={"dorian": h.DORIAN + h.FUNK_MINOR[:2], "mixolydian": h.FUNK, "minor": h.FUNK_MINOR},
    drums=(
        ("funk_tight", "funk_open", "funk_ride"), ("funk_tight", "funk_drummer", "funk_open"),
        ("soul_soft", "funk_tight", "funk_drummer"),
    ),
    bass=("funk_one", "funk_16", "slap", "funk_vamp", "kick", "kick_fill", "motown", "octaves_walk"),
    guitar=(
        "funk_scratch", "funk_16", "funk_stab", "funk_chank", "funk_nine", "riff_funk", "backbeat_mute",
        "disco_16",
    ),
    piano=("funk_clav", "funk_16", "funk_stab", "funk_rhodes", "soul"),
    layers={"brass": 0.65, "organ": 0.4, "strings": 0.1, "arp": 0.1, "pad": 0.1},
    programs={
        "bass": {36: 5, 37: 4, 33: 4, 38: 1}, "drums": {0: 5, 8: 2, 16: 2}, "guitar": {27: 6, 28: 3, 26: 1},
        "lead_guitar": {27: 3, 29: 2, 26: 1}, "piano": {7: 6, 4: 4, 5: 1, 0: 1, 2: 1},
        "lead": {65: 3, 66: 3, 56: 2, 17: 1, 81: 2, 73: 1, 57: 1},
        "brass": {61: 7, 56: 1, 57: 1, 66: 1, 62: 1}, "organ": {16: 4, 17: 3, 18: 1},
    },
    percussion=("congas", "tambourine", "cowbell", "shaker", "claps"),
)  # fmt: skip

DISCO = Style(
    name="disco", tempo=(108, 132), modes={"minor": 4, "major": 3, "dorian": 2}, forms=("song", "dance"),
    jitter=(2, 7),
    progressions={"minor": h.DISCO_MINOR, "major": h.DISCO_MAJOR, "dorian": h.DORIAN},
    drums=(
        ("disco_soft", "disco_8", "disco_16"), ("disco_8", "disco_16", "disco_16"),
        ("pop_four", "disco_8", "disco_16"),
    ),
    bass=("octaves", "octaves_walk", "octaves_16", "slap", "motown", "funk_vamp", "kick_fill"),
    guitar=("disco_16", "disco_up", "funk_chank", "funk_16", "disco_octave", "funk_nine", "single_line"),
    piano=("disco", "disco_4", "funk_rhodes", "pop_sync", "house", "funk_clav"),
    layers={"strings": 0.75, "brass": 0.55, "pad": 0.2, "organ": 0.15, "arp": 0.2, "choir": 0.1},
    programs={
        "bass": {33: 5, 34: 2, 36: 2, 38: 1, 39: 1}, "drums": {0: 5, 8: 2, 16: 1, 24: 1},
        "guitar": {27: 6, 28: 3}, "lead_guitar": {27: 3, 29: 2}, "piano": {0: 4, 4: 3, 2: 2, 7: 2, 1: 1},
        "lead": {48: 1, 65: 2, 56: 2, 73: 2, 81: 1, 11: 1}, "strings": {48: 7, 49: 1, 50: 1},
        "brass": {61: 6, 62: 1, 57: 1}, "arp": {11: 2, 46: 2, 81: 2, 8: 1},
    },
    percussion=("congas", "tambourine_8", "claps", "cowbell", "shaker"),
)  # fmt: skip

HOUSE = Style(
    name="house", push=0.0, tempo=(116, 130), modes={"minor": 5, "dorian": 2, "major": 1}, forms=("dance",),
    jitter=(0.3, 2.5), swing=(0.5, 0.58), swing_unit=0.5, colour={0: 1, 1: 2},
    absent={"guitar": 0.45, "piano": 0.1}, tune={"other": 8, "piano": 2, "guitar": 0.7},
    progressions={"minor": h.HOUSE_MINOR, "dorian": h.DORIAN, "major": h.DISCO_MAJOR},
    drums=(
        ("house_soft", "house_4", "house_full"), ("disco_soft", "house_4", "disco_16"),
        ("house_soft", "house_full", "house_full"),
    ),
    bass=("offbeat", "offbeat_8", "house_roll", "synth_8", "kick", "synth_arp", "funk_vamp"),
    guitar=("disco_16", "single_mute", "arp_delay", "funk_nine", "strum_whole"),
    piano=("house", "house_off", "house_stab", "block_whole", "synth_8", "dnb_stab"),
    layers={"pad": 0.6, "arp": 0.55, "organ": 0.35, "strings": 0.3, "choir": 0.15, "brass": 0.12},
    programs={
        "bass": {38: 5, 39: 5, 33: 1, 37: 0.5}, "drums": {24: 4, 25: 5, 8: 1, 0: 1},
        "guitar": {27: 4, 28: 2, 24: 1, 26: 1}, "piano": {0: 4, 1: 3, 4: 2, 5: 2},
        "lead": {81: 4, 80: 3, 65: 1, 73: 1, 87: 1, 54: 1},
        "pad": {50: 2, 89: 3, 90: 2, 95: 1, 88: 1, 94: 1},
        "arp": {81: 3, 80: 2, 88: 1, 11: 1, 90: 1, 12: 1}, "organ": {16: 4, 17: 3},
    },
    percussion=("congas", "shaker", "claps", "agogo", "wood"),
)  # fmt: skip

HIPHOP = Style(
    name="hip-hop", tempo=(72, 104), modes={"minor": 5, "dorian": 2, "major": 1}, forms=("loop",),
    swing=(0.5, 0.62), swing_unit=0.5, colour={0: 1, 1: 2, 2: 1}, absent={"guitar": 0.3},
    percussion=("shaker", "tambourine", "claps", "bongos"), jitter=(3, 12),
    progressions={"minor": h.HIPHOP, "dorian": h.DORIAN, "major": h.HIPHOP_MAJOR},
    drums=(
        ("hiphop_soft", "hiphop_boom", "hiphop_boom"), ("hiphop_soft", "hiphop_lazy", "hiphop_boom"),
        ("hiphop_lazy", "hiphop_lazy", "funk_drummer"),
    ),
    bass=("boom", "kick", "sub_sync", "sub", "funk_one", "pop_sync"),
    guitar=("funk_nine", "arp_slow", "skank", "trap_pluck", "arp_sync", "riff_funk"),
    piano=("hiphop_loop", "hiphop_chop", "minimal", "funk_rhodes", "ballad_sparse", "jazz_sparse"),
    layers={"pad": 0.35, "strings": 0.4, "arp": 0.3, "brass": 0.2, "organ": 0.15, "choir": 0.15},
    programs={
        "bass": {38: 3, 39: 3, 33: 4, 32: 2, 35: 1}, "drums": {25: 4, 0: 3, 24: 2, 8: 2, 16: 1},
        "guitar": {26: 3, 27: 3, 24: 2, 25: 1}, "piano": {0: 4, 4: 5, 5: 2},
        "lead": {73: 3, 80: 1, 81: 2, 56: 1, 11: 3, 65: 1, 75: 1, 77: 1, 22: 1},
        "strings": {48: 3, 45: 3, 44: 1, 42: 1}, "arp": {10: 1, 11: 2, 46: 3, 8: 1, 12: 1},
        "pad": {89: 2, 48: 1, 52: 1, 95: 1, 92: 1},
    },
)  # fmt: skip

TRAP = Style(
    name="trap", push=0.0, tempo=(120, 160), modes={"minor": 5, "phrygian": 2},
    bass=("trap_808", "sub", "sub_sync", "kick"), forms=("loop", "dance"), absent={"guitar": 0.35},
    jitter=(0.3, 3), tune={"other": 8, "piano": 2, "guitar": 1},
    progressions={"minor": h.HIPHOP, "phrygian": ("i|bII", "i|i|bII|i", "i|bVI|bII|i")},
    drums=(("trap", "trap", "trap_full"), ("trap", "trap_full", "trap_full")),
    guitar=("trap_pluck", "arp_slow", "arp_ballad", "strum_whole"),
    piano=("trap_bell", "minimal", "ballad_sparse", "hiphop_loop"),
    layers={"arp": 0.6, "pad": 0.4, "strings": 0.35, "choir": 0.3, "brass": 0.15},
    programs={
        "bass": {38: 5, 39: 6}, "drums": {25: 8, 24: 2}, "guitar": {24: 3, 25: 2, 27: 2, 31: 1},
        "piano": {0: 5, 4: 2, 5: 1}, "lead": {80: 1, 81: 1, 75: 2, 73: 2, 77: 1, 11: 1, 14: 1, 79: 1},
        "arp": {10: 2, 11: 1, 14: 1, 46: 1, 9: 1, 8: 1, 88: 1}, "choir": {52: 3, 91: 2, 54: 1},
        "pad": {89: 2, 95: 1, 92: 1, 93: 1, 91: 1},
    },
)  # fmt: skip

DNB = Style(
    name="drum-and-bass", push=0.0, tempo=(160, 178), modes={"minor": 5, "dorian": 2},
    progressions={"minor": h.DNB, "dorian": h.DORIAN}, forms=("dance",), colour={0: 1, 1: 1, 2: 1},
    absent={"guitar": 0.4, "piano": 0.15}, jitter=(0.5, 3), percussion=("shaker", "congas"),
    tune={"other": 8, "piano": 2, "guitar": 1},
    drums=(
        ("dnb_soft", "dnb", "dnb_amen"), ("dnb_soft", "dnb", "dnb"), ("dnb_soft", "dnb_amen", "dnb_amen"),
    ),
    bass=("dnb_roll", "dnb_sub", "kick", "sub", "sub_sync", "funk_vamp"),
    guitar=("arp_delay", "strum_whole", "single_mute", "funk_nine", "power_whole"),
    piano=("dnb_pad", "dnb_stab", "minimal", "house", "block_whole"),
    layers={"pad": 0.7, "arp": 0.5, "strings": 0.35, "choir": 0.2, "brass": 0.1},
    programs={
        "bass": {38: 5, 39: 6, 35: 0.5}, "drums": {0: 3, 25: 3, 24: 2, 16: 1, 8: 1},
        "guitar": {27: 3, 28: 2, 24: 1, 31: 1, 30: 1}, "piano": {0: 3, 4: 4, 5: 2},
        "lead": {81: 4, 80: 2, 82: 1, 83: 1, 87: 2, 73: 1, 53: 1, 84: 1},
        "pad": {89: 3, 90: 1, 95: 2, 50: 1, 88: 1, 94: 1, 93: 1},
        "arp": {81: 2, 80: 1, 11: 1, 88: 1, 46: 1},
    },
)  # fmt: skip

STYLES = (FUNK, DISCO, HOUSE, HIPHOP, TRAP, DNB)
