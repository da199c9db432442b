"""Drum grooves as text: a row an instrument, a character a step, see ``drums.py`` for the letters.

``X`` is an accent, ``x`` a normal stroke, ``s`` a soft one, ``o`` a ghost note, ``?`` a soft one that may be left out.
"""

from __future__ import annotations

_STRAIGHT = """
[rock_soft]
K X.......X.......|X.......X.x.....
T ....X.......X...
H x...x...x...x...
[rock_8]
K X.......X.x.....|X.....x.X.x.....
S ....X.......X...
H X.x.X.x.X.x.X.x.
[rock_drive]
K X.....x.X.....x.|X.....x...x...x.
S ....X.......X..?
H X.x.X.x.X.x.X.x.
[rock_ride]
K X.....x...x.....|X..x..x.X.x.....
S ....X.......X..o
R X.x.X.x.X.x.X.x.
[rock_open]
K X.....x.X.x.....|X.x...x.X.....x.
S ....X.......X...
O X...X...X...X...
[rock_tom]
K X...x...X...x...
L x.xxx.xxx.xxx.xx
F X...X...X...X...
S ....o.......X...
[rock_half]
K X.........x..x..|X.....x.......x.
S ........X.......
R X...x...X...x...
[punk]
K X...X...X...X...
S ..X...X...X...X.
H X.X.X.X.X.X.X.X.
[metal_chug]
K X.XxX.XxX.XxX.Xx|XxX.XxX.X.XxXxXx
S ....X.......X...
Y X...X...X...X...
[metal_double]
K XxXxXxXxXxXxXxXx
S ....X.......X...
R X.x.X.x.X.x.X.x.
[metal_half]
K XxX...XxX..x..Xx|X..X..X...XxXxX.
S ........X.......
Y X...X...X...X...
[pop_soft]
K X.......x.......|X.....x...x.....
T ....X.......X...
H x.s.x.s.x.s.x.s.
[pop_8]
K X.....x.X.......|X.....x.X.x.....
S ....X.......X...
H x.s.x.s.x.s.x.s.
[pop_16]
K X..x....X.x.....|X..x..x...x.....
S ....X.......X..?
H xsxsxsxsxsxsxsxs
[pop_four]
K X...X...X...X...
S ....X.......X...
H ..X...X...X...X.
[pop_lift]
K X..x..x.X..x....|X..x..x.X.x...x.
S ....X.......X...
O ..x...x...x...x.
H x...x...x...x...
G ....x.......x...
[ballad_soft]
K X.........x.....|X.......x.x.....
T ....x.......x...
H s.s.x.s.s.s.x.s.
[ballad_8]
K X......xX.......|X......xX.x.....
S ....X.......X...
H x.s.x.s.x.s.x.s.
[ballad_full]
K X......xX.x.....|X..x...xX.x...x.
S ....X.......X...
R X.x.X.x.X.x.X.x.
[ballad_12]
K X.....x.....|X....xx.....
S ...X.....X..
H xssxssxssxss
[ballad_12f]
K X....xx....x|X....xx.....
S ...X.....X..
R XssXssXssXss
[funk_tight]
K X..x......x..x..|X..x..x...x.....
S ....X..o.o..X..o
H xsxsxsxsxsxsxsxs
[funk_open]
K X.x.......x.x...|X..x..x.x.x..x..
S ....X..o.o.oX..?
H xsxsxs.sxsxsxsxs
O ......X.........
[funk_drummer]
K X.X...X...x..x..
S ....X..o.o.oX..o
H xxxxxxx.xxxxx.xx
O .......x.....x..
[funk_ride]
K X..x..x...x..x..|X.x...x..xx.....
S ....X..o.o..X.oo
b x.x.X.x.x.x.X.x.
[soul_soft]
K X.......X.x.....
T ....X.......X...
H x.x.x.x.x.x.x.x.
[soul_8]
K X.....x.X.x.....|X..x..x.X.x.....
S ....X..o....X...
H x.x.x.x.x.x.x.x.
A ....x.......x...
[soul_four]
K X..x..x.X..x..x.
S X...X...X...X...
H x.x.x.x.x.x.x.x.
A ..x...x...x...x.
[disco_soft]
K X...X...X...X...
H ..x...x...x...x.
[disco_8]
K X...X...X...X...
S ....X.......X...
H x...x...x...x...
O ..x...x...x...x.
[disco_16]
K X...X...X...X...
S ....X.......X..?
G ....x.......x...
H xs.sxs.sxs.sxs.s
O ..X...X...X...X.
[house_soft]
K X...X...X...X...
Z s.xss.xss.xss.xs
[house_4]
K X...X...X...X...
G ....X.......X...
O ..X...X...X...X.
[house_full]
K X...X...X...X...
G ....X.......X...
O ..X...X...X...X.
H xsxsxsxsxsxsxsxs
T ...x..x....x..x.
[synth_soft]
K X...X...X...X...
H x.x.x.x.x.x.x.x.
[synth_8]
K X...X...X...X...
S ....X.......X...
H xsxsxsxsxsxsxsxs
[synth_gate]
K X.....x.X.x.....|X.....x.X.x...x.
S ....X.......X...
H x.x.x.x.x.x.x.x.
N ..............x.
L ...............x
[hiphop_soft]
K X.....x...x.....
S ....X.......X...
H x.x.x.x.x.x.x.x.
[hiphop_boom]
K X..x......xx....|X..x...x..x.....
S ....X..o....X..?
H x.x.x.x.x.x.x.xs
[hiphop_lazy]
K X......x..X.....|X.x....x..X..x..
S ....X.......X.o.
H x.xsx.x.x.xsx.x.
O ..............x.
[trap]
K X......x..x.....|X.....x...x..x..
G ........X.......
H x.x.x.x.x.xxx.x.|x.xxx.x.x.x.xxxx
[trap_full]
K X..x...x..X.....|X.....x...X..x..
G ........X.......
S ........X......o
H xsxsxxxsxsxsxxxx|xsxxxsxsxxxsxsxs
O ......x.........
[dnb_soft]
K X.........x.....
T ....X.......X...
H x.x.x.x.x.x.x.x.
[dnb]
K X.........X.....|X..x......X.....
S ....X..o.o..X..o
H x.xsx.xsx.xsx.xs
[dnb_amen]
K X.x.......xx....|X.x.......x.....
S ....X..x.x..X..x|....X..x.x....x.
R x.x.x.x.x.x.x.x.
[march]
K X.......X.......
S X.ssX.ssX.ssXsss|X.ssX.ssXsssX...
C ........?.......
[march_roll]
K X...x...X...x...
S XsssXsssXsssXsss|XsssXsssXoooXooo
M ..x...x...x...x.
[country_train]
K X...X...X...X...
S ssXsssXsssXsssXs
[country_2]
K X.......X.......
S ....X.......X...
H x.x.x.x.x.x.x.x.
[country_full]
K X.....x.X.......|X.....x.X.x.....
S ....X.......X..s
R X.x.X.x.X.x.X.x.
[folk_soft]
K X.......X.......
Z x.s.x.s.x.s.x.s.
[folk_stomp]
K X...X...X...X...
A ....X.......X...
G ....x.......x...
[bossa_soft]
K X.....x.X.....x.
T X..x..x...x..x..
H s.s.s.s.s.s.s.s.
[bossa]
K X.....xxX.....xx
T X..x..x...x..x..|..x.x...X..x..x.
H xsssxsssxsssxsss
[samba]
K X..xX..xX..xX..x
S x.ox.oxo.xo.xoxo
H ..x...x...x...x.
Z XssxXssxXssxXssx
[salsa_soft]
D ..s...xx..s...xx
Q x..x..x.....x...|....x...x.......
Z x.x.x.x.x.x.x.x.
[salsa]
K ......x.......x.
D ..s...xx..s...xx
d ....s.......s...
W X.x.x.xxx.x.X.xx
Q x..x..x.....x...|....x...x.......
[salsa_mambo]
K X.....x.......x.
E X.xxX.xx.xx.xX.x
D ..s...xx..s...xx
W X...X...X...X...
[reggae_one]
K ........X.......
T ........X.......
H x.s.x.s.x.s.x.s.
[reggae_rock]
K X.......X.......
T ........X.....?.
H x.sxx.s.x.s.x.ss
[reggae_step]
K X...X...X...X...
S ........X.......
H xssxxssxxssxxssx
[afro_soft]
K X.....x...x.....
Z x.xxx.xxx.xxx.xx
T ...x..x....x..x.
[afro]
K X..x..x...x..x..|X.....x...x.x...
S ...o..X.o....X.o
H x.xxx.xxx.xxx.xx
J x..x..x...x.x...
[afro_full]
K X..x..x.X.x..x..
S o..xo.X.oo.x.Xo.
O ..x...x...x...x.
H xx.xxx.xxx.xxx.x
W x..x..x...x.x...
D ..xx..x...xx..x.
"""

_SWUNG = """
[swing_brush]
K s.......s.......
S x.o.x.o.x.o.x.o.
P ....x.......x...
[swing_ride]
K o...o...o...o...
R X...X.x.X...X.x.
P ....x.......x...
S ......?.......o.|..o.......?.....
[swing_full]
K s...s.?.s...s...|s...s...s..?..x.
R X...X.x.X...X.xs
P ....X.......X...
S ..o...o.....x...|......x...o...o.
[swing_hat]
K s.......s.......
H X...X.x.X...X.x.
T ............x...
[shuffle_soft]
K X.......X.......
T ....X.......X...
H X.x.X.x.X.x.X.x.
[shuffle]
K X.....x.X.....x.
S ..o.X.o...o.X.o.
H X.x.X.x.X.x.X.x.
[shuffle_ride]
K X...x.x.X...x.x.
S ..o.X.x...o.X.x.
R X.x.X.x.X.x.X.x.
[slow_12]
K X.....x.....|X....xx....x
S ...X.....X..
R XssXssXssXss
[waltz_soft]
K X...........
T ....s...s...
[waltz]
K X...........|X.........x.
S ....x...x...
H ....x...x...
[waltz_ride]
K X...........|X.....x.....
R X...x.x.x...
P ....x...x...
S ......o...o.
[waltz_full]
K X...........
S ....X...X.s.
C X...........|............
H x.s.x.s.x.s.
"""

_OVERLAYS = """
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

_FILLS = """
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
[triplets]
S XxxXxx......
L ......XxxXxx
[triplet_end]
S .........XXX
[build]
S s.s.s.s.ssssxxxx
[linear]
S ........x..x..x.
K .........x..x..x
N ..........x..x..
[none]
H ............x...
"""

_WALTZ_FILLS = """
[waltz_snare]
S ........XxXx
[waltz_toms]
N ....XX......
M ......XX....
F ........XXXX
[waltz_hit]
S ........X.X.
"""


def _read(text: str) -> dict[str, dict[str, str]]:
    table: dict[str, dict[str, str]] = {}
    for line in text.strip().splitlines():
        if line.startswith("["):
            rows = table.setdefault(line[1:-1], {})
        else:
            instrument, _, steps = line.partition(" ")
            rows[instrument] = steps
    return table


GROOVES: dict[str, dict[str, str]] = {**_read(_STRAIGHT), **_read(_SWUNG)}
OVERLAYS: dict[str, dict[str, str]] = _read(_OVERLAYS)
FILLS: dict[int, dict[str, dict[str, str]]] = {4: _read(_FILLS), 3: _read(_WALTZ_FILLS)}
"""Fills by beats in a bar; a fill replaces the groove from its first stroke on."""
