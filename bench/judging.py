"""Piano rolls to be judged: half of them made, half real, shuffled, for people who know neither code nor clips.

    python bench/judging.py draw --model runs/mine/model --midi FOLDER --out runs/judging
    python bench/judging.py count --out runs/judging answers-1.txt answers-2.txt answers-3.txt

``draw`` writes ``rolls/01.png`` and on, and ``truth.json``, which judges must not see. Every second frozen clip is
drawn as it is; in place of the others stand as many bars out of the middle of a new piece in the same metre and tempo,
with the same stems and programs, drawn in the same way. An answer is a line for each roll: ``01 real`` or ``01 made``.
``count`` says how many are right.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np

import msgld
from msgld.data.score_clips import ScoreClips
from msgld.evaluation.score_scenes import Scene, scene
from msgld.music.grid import from_cells, to_cells
from msgld.music.pictures import draw_score
from msgld.music.score import Score

SEED = 20

BEFORE, AFTER = 12, 8
"""Bars of a new piece before and after those that are drawn, as clips are out of the middle of songs."""


def made(model: msgld.Msgld, one: Scene, seed: int) -> Score:
    """Bars of a new piece with the outer facts of a clip."""
    score = one.score
    conditions = msgld.Conditions(
        bpm=float(score.timeline.bpm(np.zeros(1))[0]),
        beats=one.metre / 4,
        instruments={stem: notes.programs for stem, notes in score.notes.items() if stem != "drums"},
    )
    options = msgld.Options(seed=seed)
    new = model.generate(
        bars=BEFORE + one.clip.bars + AFTER, make=tuple(score.notes), conditions=conditions, options=options
    ).score
    assert new is not None
    first, last = np.searchsorted(new.bars.number, [BEFORE, BEFORE + one.clip.bars])
    return new.between(int(first), int(last))


def on_the_grid(score: Score) -> Score:
    """What the grid can hold of a score, so that both kinds are drawn alike."""
    bars, notes = score.bars, score.notes
    held = {stem: from_cells(to_cells(one, bars), bars) for stem, one in notes.items()}
    return Score(bars, score.timeline, held, score.signatures)


def draw(options: argparse.Namespace) -> None:
    """Draw the rolls, and write which are real."""
    model, frozen = msgld.load(options.model), ScoreClips(options.midi)
    rng = np.random.default_rng(SEED)
    whole = [scene(clip, score) for clip, score in frozen]
    whole = [one for one in whole if len(one.cells) >= 3 and one.clip.bars == 16]
    chosen = np.linspace(0, len(whole) - 1, options.rolls).astype(int)
    order, truth = rng.permutation(options.rolls), {}
    for place, number in enumerate(order.tolist()):
        one, real = whole[chosen[number]], number % 2 == 0
        score = one.score if real else made(model, one, SEED + number)
        draw_score(on_the_grid(score), options.out / "rolls" / f"{place + 1:02d}.png")
        truth[f"{place + 1:02d}"] = {"real": real, "kind": one.clip.kind, "clip": one.clip.name}
        print(f"{place + 1} of {options.rolls}", end="\r", flush=True)
    (options.out / "truth.json").write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


def count(options: argparse.Namespace) -> None:
    """Count right answers."""
    truth = json.loads((options.out / "truth.json").read_text(encoding="utf-8"))
    rights = []
    for path in options.answers:
        said = dict(
            line.split()[:2] for line in path.read_text(encoding="utf-8").splitlines() if line.strip()
        )
        right = [said.get(name) == ("real" if one["real"] else "made") for name, one in truth.items()]
        taken = np.mean([said.get(name) == "real" for name, one in truth.items() if not one["real"]])
        rights.append(np.mean(right))
        print(f"{path.name}: {rights[-1]:.0%} right; {taken:.0%} of the made ones taken for real")
    print(f"mean: {np.mean(rights):.0%}")


def main() -> None:
    """Draw, or count."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("draw", "count"))
    parser.add_argument("answers", type=Path, nargs="*")
    parser.add_argument("--model", default=None)
    parser.add_argument("--midi", type=Path, default=None)
    parser.add_argument("--rolls", type=int, default=40)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_intermixed_args()
    (draw if options.what == "draw" else count)(options)


if __name__ == "__main__":
    main()
