"""Guitar figures: how the right hand plays.

Strummed: ``D`` ``U`` full down and up strokes, ``d`` ``u`` light ones, ``x`` a muted one, ``t`` top strings.
Picked: ``1`` to ``6`` strings of the shape from the lowest, ``b`` the bass string, ``c`` all plucked at once.
Driven: ``P`` a power chord, ``p`` a palm-muted one, ``m`` a palm-muted root, ``8`` the octave above the root;
``R`` ``T`` ``Q`` ``F`` ``S`` root, third, fourth, fifth and seventh as single low notes;
``V`` ``W`` ``Y`` the root with its fifth, sixth or seventh, as a boogie does.
"""

from __future__ import annotations

GUITAR: dict[str, str] = {
    "strum_whole": "D---------------",
    "strum_half": "D-------D-------",
    "strum_quarter": "D---d---D---d---",
    "strum_8": "D-d-D-u-d-u-D-u-",
    "strum_folk": "D---D-u-..u-D-u-",
    "strum_island": "D---D-U-..U-D-U-|D---D-U-D-U-D-U-",
    "strum_pop": "D-----U-d-U-D-U-",
    "strum_16": "D-duD-duD-duDudu",
    "strum_16s": "D--uD-du.uD-DuDu",
    "strum_train": "b-d-D-du5-d-D-du",
    "strum_12": "D--d-uD--d-u",
    "boom_chick": "b---D---2---D---",
    "boom_chick_8": "b---D-u-2---D-u-",
    "freddie": "c-..c-..c-..c-..",
    "freddie_up": "c--.c-..c--.c-u.",
    "charleston": "c-----c-........|..c-....c-....c-",
    "jazz_comp": "....c-....c-..c-|c-....c-....c...|..c-......c-....",
    "bossa": "b.c...c.b..c..c.|b..c..c.b.c...c.",
    "bossa_2": "b-c-..c-b-..c-..|b-..c-..b-c-..c-",
    "samba": "b.cc.c.cb.c.cc.c",
    "skank": "....t.......t...",
    "skank_8": "..t...t...t...t.",
    "skank_double": "....t.u.....t.u.",
    "skank_16": "..tt..tt..tt..tt",
    "backbeat": "....D-......D-..",
    "backbeat_mute": "x.x.D.x.x.x.D.x.",
    "funk_scratch": "D.xxxDx.xxD.xxDx|D.xxxDx.xxDxxDxx",
    "funk_16": "xxDxxxDxxDxxDxxx|xxDxxDxxxDxxDxDx",
    "funk_stab": "D...............|D.....t.........",
    "funk_chank": "..xD..xD..xD..xD",
    "funk_nine": "....t.xt.x..t.x.|....t.xt..t.xt..",
    "disco_16": "xxtxxxtxxxtxxxtx",
    "disco_up": "..t.x.t.x.t.x.t.",
    "disco_octave": "R.8.R.8.R.8.R.8.",
    "afro_tenor": "R.8.F.8..FS..8F.|R.8.F.8..F.TR...",
    "afro_scratch": "..xt.x.t..xt.xt.|..xt.x.t.x.t.x..",
    "arp_up": "1-2-3-4-5-4-3-2-",
    "arp_roll": "b-3-4-5-6-5-4-3-",
    "arp_16": "1234543212345432",
    "arp_slow": "b---3---4---5---",
    "arp_travis": "b-5-2-4-b-5-2-4-|b-4-2-5-b-6-2-4-",
    "arp_ballad": "b-3-4-5-4-3-4-3-",
    "arp_sync": "b--4--5-b--4-5-3",
    "arp_12": "b-345434543-|b-3454565434",
    "arp_6": "b3456543b345",
    "arp_delay": "5-.4-.5-3-.4-.5-",
    "power_whole": "P---------------",
    "power_half": "P-------P-------",
    "power_8": "P.P.P.P.P.P.P.P.",
    "power_8m": "P.p.p.p.p.p.p.p.|P.p.p.P.p.p.P.p.",
    "power_push": "P-----P-..P-P---|P-----P-..P-..P-",
    "power_stop": "P-..P-..........|P-..P-..P-P-P-P-",
    "punk": "P-P-P-P-P-P-P-P-",
    "gallop": "Pppp.pppPppp.ppp",
    "gallop_3": "P.ppp.ppp.ppP.pp",
    "chug": "pp.pp.P-pp.pp.P-|pp.ppp.pP-..P-..",
    "chug_16": "pppppppppppppppp|ppppppppP---P---",
    "chug_break": "P-..pp.p..P-..pp|..pp.pp.P-..P-..",
    "riff_blues": "R-..R.T-..Q-R.S.|R-..R.T-..F-Q.T.",
    "riff_rock": "R-R.T-R.Q-R.T-S.|R-R.T-R.F-Q.T-R.",
    "riff_low": "R...R.S.R...T.Q.|R...R.S.F.Q.T...",
    "riff_funk": "R.xR..8.x.S.8...|R.xR..8.x.Q.T.R.",
    "riff_octave": "R-8-..8-S-8-..F-",
    "shuffle_boogie": "V-V-W-W-V-V-W-W-|V-V-W-W-Y-Y-W-W-",
    "waltz_strum": "b---d---d---",
    "waltz_8": "b---D-u-D-u-",
    "waltz_arp": "b-3-4-5-4-3-",
    "waltz_comp": "....c-..c-..|....c-......",
    "pad_tremolo": "tttttttttttttttt",
    "trap_pluck": "5-..4-..3-..4-5-|5-..4-..6-..5-4-",
    "single_mute": "m.m.m.m.m.m.m.m.",
    "single_line": "m.mmm.m.m.mm8.m.|m.mmm.m.8.m.T.m.",
}

RIFFS: tuple[str, ...] = tuple(name for name in GUITAR if name.startswith("riff_"))
"""Figures of single notes, which the bass can double."""

RIFFED: frozenset[str] = frozenset({"intro", "verse", "solo", "head", "outro"})
"""Sections in which a piece that is built on a riff plays it."""
