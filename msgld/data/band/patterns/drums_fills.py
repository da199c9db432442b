"""Percussion to lay over a groove, and fills. ``grooves.py`` tells how to read them."""

from __future__ import annotations

OVERLAY = """
[tambourine]
A ....X.......X...
[tambourine_8]
A x.x.X.x.x.x.X.x.
[shaker]
Z xsxsxsxsxsxsxsxs
[shaker_8]
Z x.s.x.s.x.s.x.s.
[claps]
G ....X.......X...
[cowbell]
W X...X...X...X...
[congas]
D ..s...xx..s...xx
d ....x.......x...
[bongos]
U XsxsXsxsXsxsXsxs
u ......x.......x.
[guiro]
g X---x.x.X---x.x.
[clave]
Q x..x..x.....x...|....x...x.......
[agogo]
J x...x.x.x..x.x..
[triangle]
t x.s.X.s.x.s.X.s.
[wood]
w x..x..x...x.x...
[timbales]
E ..x..xx...x..xx.
"""

FILL = """
[snare_4]
S ............XxXx
[snare_8]
S ........xsxsXxXX
[toms_8]
N ........XX......
M ..........XX....
L ............XX..
F ..............XX
[toms_4]
N ............X...
M .............x..
L ..............X.
F ...............x
[around]
S X.xx............
N ....X.xx........
M ........X.xx....
F ............X.xx
[hit]
S ............X.X.
K ............x.x.
[flams]
S ........X..X..X.
F ........x..x..x.
[build]
S s.s.s.s.ssssxxxx
[linear]
S ........x..x..x.
K .........x..x..x
N ..........x..x..
[none]
H ............x...
"""

WALTZ_FILL = """
[waltz_snare]
S ........XxXx
[waltz_toms]
N ....XX......
M ......XX....
F ........XXXX
[waltz_hit]
S ........X.X.
[triplets]
S XxxXxx......
L ......XxxXxx
[triplet_end]
S .........XXX
[triple_snare]
S ......x.xXxX
[triple_toms]
N XX..........
M ...XX.......
L ......XX....
F .........XXX
"""
