#!/usr/bin/env bash
# avldrums.lv2-soundfont 0.5.2-2 (Debian): Black_Pearl_4_LV2.sf2 and Red_Zeppelin_4_LV2.sf2, read by sf2utils 1.0.0.
#
# Expected: a drum kit as a SoundFont is in bank 128, where channel 10 looks for it, and has General MIDI's percussion
# key map: toms on 48 and 50, a Chinese cymbal on 52, bongos on 60 and 61; a kick on 35 as on 36.
# Happens: the kit is preset 0 of bank 0, a piano's place. Up to 46 its keys are about those of General MIDI, then not: 48 is
# a half open hi-hat, 50, 52 and 58 are cymbals that a hand chokes, 60 is a crash cymbal, 61 a maraca; 35 is silent.
# Users: who plays or trains on MIDI drums with these files: high toms become hats and chokes, half of the kicks vanish,
# and nothing fails.
# Date: 2026-11-28, Python 3.11, Linux x86-64, Debian 12.
#
# seen: Black_Pearl_4_LV2.sf2: bank 0, program 0; silent 35; 48 SabianRockHatSwis, 50 SabianAA16CrashCh, 52 SabianAAX20RideCh, 60 Paiste2002-22, 61 Maraca
# seen: Red_Zeppelin_4_LV2.sf2: bank 0, program 0; silent 35; 48 SabianRockHatSwis, 50 ZildjianA20CrashC, 52 ZildjianA24RideCh, 60 Paiste2002-22, 61 Maraca
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check sf2utils==1.0.0
cd "$work"
apt-get -qq download avldrums.lv2-soundfont=0.5.2-2
dpkg -x avldrums.lv2-soundfont_0.5.2-2_all.deb files
"$work/venv/bin/python" - <<'PROGRAM'
import logging
import pathlib
import re
import sys

from sf2utils.sf2parse import Sf2File

logging.disable()
ASKED = (48, 50, 52, 60, 61)
WANTED = {48: "HatSw", 50: "Crash", 52: "Ride", 60: "Paiste2002", 61: "Maraca"}
same = True
for path in sorted(pathlib.Path("files/usr/share/sounds/sf2").glob("*_LV2.sf2")):
    with path.open("rb") as file:
        preset = Sf2File(file).presets[0]
        names = {}
        for bag in preset.bags:
            low, high = bag.key_range or (0, 127)
            for zone in bag.instrument.bags if bag.instrument else ():
                first, last = zone.key_range or (0, 127)
                if zone.sample is not None:
                    for key in range(max(low, first), min(high, last) + 1):
                        names.setdefault(key, zone.sample.name)
    shown = {key: re.sub(r"^\d+-|-\d$", "", names.get(key, "nothing")) for key in ASKED}
    silent = [key for key in (35, 36) if key not in names]
    print(f"{path.name}: bank {preset.bank}, program {preset.preset}; silent {', '.join(map(str, silent))}; "
          + ", ".join(f"{key} {name}" for key, name in shown.items()))
    same = same and preset.bank == 0 and silent == [35] and all(WANTED[key] in name for key, name in shown.items())
if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
