#!/usr/bin/env bash
# mir_eval 0.8.2 (mir_eval.segment.evaluate and mir_eval.hierarchy.evaluate).
#
# Expected: an estimate that equals the reference scores 1 in every measure, also where the piece has one section.
# Happens: with two sections it does. With one, the normalised conditional entropies and the V-measure are 0 and
# all of the hierarchy's T- and L-measures are 0, while the pairwise scores, the adjusted Rand index and the
# normalised mutual information are 1. No warning is given. An estimate that wrongly cuts the piece in two gets the
# same 0, so these measures do not tell the right answer from a wrong one.
# Users: structure on loops, short excerpts, solo stems and drones, where one section is right; each of them pulls
# the mean of a data set down. Leave these pieces out of the mean, or count them by the pairwise scores.
# Date: 2026-11-28, Python 3.11, Linux x86-64.
#
# seen: two sections, estimate of two sections: {'Pairwise F-measure': 1.0, 'Adjusted Rand Index': 1.0, 'Normalized Mutual Information': 1.0, 'NCE F-measure': 1.0, 'V-measure': 1.0, 'T-Measure full': 1.0, 'L-Measure': 1.0}
# seen: one section, estimate of one section: {'Pairwise F-measure': 1.0, 'Adjusted Rand Index': 1.0, 'Normalized Mutual Information': 1.0, 'NCE F-measure': 0.0, 'V-measure': 0.0, 'T-Measure full': 0.0, 'L-Measure': 0.0}
# seen: one section, estimate of two sections: {'Pairwise F-measure': 0.67, 'Adjusted Rand Index': 0.0, 'Normalized Mutual Information': 0.0, 'NCE F-measure': 0.0, 'V-measure': 0.0, 'T-Measure full': 0.0, 'L-Measure': 0.0}
set -euo pipefail

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"${PYTHON:-python3}" -m venv "$work/venv"
"$work/venv/bin/pip" install -qq --disable-pip-version-check \
    numpy==2.4.6 scipy==1.17.1 mir_eval==0.8.2
cd "$work"
"$work/venv/bin/python" - <<'PROGRAM'
import sys
import warnings

import mir_eval
import numpy as np

warnings.simplefilter("error")  # a warning would be an answer, too
pieces = {
    "two sections": (np.array([[0.0, 30], [30, 60]]), ["A", "B"]),
    "one section": (np.array([[0.0, 60]]), ["A"]),
}
wanted = ("Pairwise F-measure", "Adjusted Rand Index", "Normalized Mutual Information", "NCE F-measure", "V-measure")
seen = {}
pairs = (("two sections", "two sections"), ("one section", "one section"), ("one section", "two sections"))
for reference, estimate in pairs:
    flat = mir_eval.segment.evaluate(*pieces[reference], *pieces[estimate])
    layers = [[[part] for part in pieces[piece]] for piece in (reference, estimate)]
    deep = mir_eval.hierarchy.evaluate(*layers[0], *layers[1])
    scores = {name: round(float(flat[name]), 2) for name in wanted}
    scores |= {name: round(float(deep[name]), 2) for name in ("T-Measure full", "L-Measure")}
    seen[reference, estimate] = scores
    print(f"{reference}, estimate of {estimate}:", scores)
right, lone, wrong = seen.values()
zero = ("NCE F-measure", "V-measure", "T-Measure full", "L-Measure")
same = set(right[name] for name in zero[:2]) == {1.0} and all(lone[name] == 0 == wrong[name] for name in zero)
same &= all(lone[name] == 1 for name in wanted[:3])

if not same:
    sys.exit("the behaviour has changed")
print("as described above")
PROGRAM
