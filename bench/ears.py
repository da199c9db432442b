"""How well ears find notes and beats: on the frozen clips of scores, played by a soundfont that trains nothing.

    python bench/ears.py --model runs/ears/model --midi FOLDER --clips 40 --out runs/ears.json

FOLDER has songs/ and accompaniments.tar.xz; without it only the band's clips count. Every stem is played alone.
Onset F1 is within 50 ms, ends do not count (as mir_eval has it); beats and bars are within 70 ms, bars where the notes
put them. --sound record sends every stem through the frozen chain of effects, --sound separated cuts it out of the
mixture with the model's own separator. --referee adds basic-pitch 0.4.0 (pip install --no-deps basic-pitch==0.4.0;
pip install onnxruntime librosa resampy mir_eval).
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch

from msgld.api.msgld import Msgld
from msgld.audio.stream import stacked
from msgld.checkpoint import load_model
from msgld.data.fonts import heldout_soundfont
from msgld.data.played import SOUND_EFFECTS
from msgld.data.render import Renderer
from msgld.data.score_clips import ScoreClip, ScoreClips
from msgld.evaluation.record_chain import through_a_record
from msgld.metrics.notes import Found, found_notes, found_times, summed
from msgld.model import Model
from msgld.music.listen.bar_lines import with_best_bars
from msgld.music.listen.drums import drum_kinds
from msgld.music.listen.song import find_beats
from msgld.music.listen.stem import listen
from msgld.music.midi.parts import Part
from msgld.music.played import Beats, beats_of
from msgld.music.score import Score
from msgld.stems import RATE
from msgld.tasks.transcribe import nats_of

SECONDS = 12.0
FEWEST = 5
"""Notes of a stem that counts."""

FIVE = {35: 36, 36: 36, 37: 38, 38: 38, 39: 38, 40: 38, 41: 47, 43: 47, 45: 47, 47: 47, 48: 47, 50: 47,
        42: 42, 44: 42, 46: 42, 49: 49, 51: 49, 52: 49, 53: 49, 55: 49, 57: 49, 59: 49}  # fmt: skip
"""Bass drum, snare, toms, hi-hats and cymbals: the classes of most drum transcription (Zehren et al. 2023, ADTOF)."""

Ears = Callable[[np.ndarray, int, str], Part]


def played(score: Score, stem: str, start: float) -> list[Part]:
    """The parts of a stem, one for each program, in seconds from ``start``."""
    notes, parts = score.notes[stem], []
    onset = score.timeline.at(notes.onset) - start
    duration = score.timeline.at(notes.onset + notes.duration) - start - onset
    for program in notes.programs:
        if program >= SOUND_EFFECTS and stem != "drums":
            continue
        (kept,) = np.nonzero((notes.program == program) & (onset > -8) & (onset < SECONDS))
        ones = np.ones(len(kept))
        times = (onset[kept], duration[kept], notes.pitch[kept], notes.velocity[kept])
        sound = "drums" if stem == "drums" else "other"
        parts.append(Part(sound, int(program), stem == "drums", *times, ones, 0 * ones))
    return [part for part in parts if len(part)]


def beats_in(score: Score, start: float) -> Beats:
    end = float(score.timeline.beat_at(np.array([start + SECONDS]))[0])
    places, first, compound = beats_of(score.signatures, end)
    return Beats(score.timeline.at(places), first, compound).between(start, start + SECONDS)


def true_notes(parts: list[Part]) -> tuple[np.ndarray, np.ndarray]:
    """Onsets and pitches of the notes that begin in the clip; two of one pitch at one moment are one."""
    onset = np.concatenate([part.onset for part in parts])
    pitch = np.concatenate([drum_kinds(part.pitch) if part.is_drum else part.pitch for part in parts])
    inside = (onset >= 0) & (onset < SECONDS - 0.05)
    rows = np.unique(np.stack([np.round(onset[inside], 3), pitch[inside]], 1), axis=0)
    return rows[:, 0], rows[:, 1].astype(int)


def in_five(onset: np.ndarray, pitch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Drums as the five classes; others are left out."""
    pairs = zip(onset.tolist(), pitch.tolist(), strict=True)
    rows = {(second, FIVE[key]) for second, key in pairs if key in FIVE}
    table = np.array(sorted(rows), float).reshape(-1, 2)
    return table[:, 0], table[:, 1].astype(int)


def referee() -> Ears:
    """basic-pitch through its ONNX weights."""
    from basic_pitch import ICASSP_2022_MODEL_PATH
    from basic_pitch.inference import Model, predict

    weights = Model(Path(ICASSP_2022_MODEL_PATH).with_name("nmp.onnx"))

    def find(sound: np.ndarray, rate: int, stem: str) -> Part:
        with tempfile.NamedTemporaryFile(suffix=".wav") as file:
            soundfile.write(file.name, sound.T, rate)
            events = sorted(predict(file.name, weights)[2])
        table = np.array([event[:4] for event in events], float).reshape(-1, 4)
        ones = np.ones(len(table))
        times = (
            table[:, 0],
            table[:, 1] - table[:, 0],
            table[:, 2].astype(int),
            (127 * table[:, 3]).astype(int),
        )
        return Part(stem, 0, False, *times, ones, 0 * ones)

    return find


def figures(found: list[Found]) -> dict[str, Any]:
    """Mean F1 over clips; precision, recall and errors of all clips together."""
    whole = summed(found)
    away = np.abs(whole.errors) * 1000
    return {
        "clips": len(found), "F1": round(float(np.mean([one.f1 for one in found])), 3),
        "precision": round(whole.precision, 3), "recall": round(whole.recall, 3),
        "true": whole.true, "found": whole.made,
        "median_error_ms": round(float(np.median(away)), 1) if len(away) else None,
        "bias_ms": round(1000 * float(np.median(whole.errors)), 1) if len(away) else None,
    }  # fmt: skip


def changed(
    sounds: dict[str, np.ndarray], mixture: np.ndarray, how: str, model: Model, seed: int
) -> dict[str, np.ndarray]:
    """The stems as they are given to ears."""
    if how == "record":
        return {
            stem: through_a_record(sound, 10 * seed + k) for k, (stem, sound) in enumerate(sounds.items())
        }
    if how == "separated":
        stems = Msgld(model).separate((mixture, RATE)).stems
        return {stem: stems[stem] for stem in sounds if stem in stems}
    return sounds


def measure(
    clips: list[tuple[ScoreClip, Score]], ears: dict[str, Ears], model: Model, how: str
) -> dict[str, Any]:
    tracker, nats = model.beat_tracker, model.score and partial(nats_of, model.score)
    renderer = Renderer(heldout_soundfont())
    notes: dict[str, dict[str, list[Found]]] = {name: defaultdict(list) for name in ears}
    beats: dict[str, list[Found]] = defaultdict(list)
    for number, (clip, score) in enumerate(clips):
        start = float(score.timeline.at(score.bars.start[clip.first : clip.first + 1])[0])
        sounds, heard, true = dict[str, np.ndarray](), dict[str, Part](), dict[str, Any]()
        for stem in score.notes:
            if parts := played(score, stem, start):
                true[stem], sounds[stem] = true_notes(parts), renderer.render(parts, 0.0, SECONDS)
        if not sounds:
            continue
        mixture = stacked(sounds.values()).sum(0)
        for stem, sound in changed(sounds, mixture, how, model, number).items():
            if not sound.any():
                continue
            for name, find in ears.items():
                if stem == "drums" and name != "listener":
                    continue  # it knows pitches alone
                part = find(sound, renderer.rate, stem)
                if name == "listener":
                    heard[stem] = part
                kept = part.onset < SECONDS - 0.05
                made = part.onset[kept], part.pitch[kept]
                rows = {stem: (true[stem], made)}
                if stem == "drums":
                    rows["drums, five classes"] = in_five(*true[stem]), in_five(*made)
                for row, (wanted, answer) in rows.items():
                    if len(wanted[0]) >= FEWEST:
                        notes[name][row].append(found_notes(wanted, answer))
        real = beats_in(score, start)
        if tracker is not None and mixture.any() and len(real) > 3:
            found = find_beats(tracker, mixture, renderer.rate)
            if nats is not None:
                found = with_best_bars(found, heard, SECONDS, nats)
            beats["beats"].append(found_times(real.seconds, found.seconds, 0.07))
            beats["bars"].append(found_times(real.seconds[real.first], found.seconds[found.first], 0.07))
    report: dict[str, Any] = {
        name: {stem: figures(one) for stem, one in sorted(found.items())} for name, found in notes.items()
    }
    return report | {name: figures(one) for name, one in beats.items()}


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--midi", type=Path, default=None)
    parser.add_argument("--clips", type=int, default=40)
    parser.add_argument("--sound", choices=("clean", "record", "separated"), default="clean")
    parser.add_argument("--referee", action="store_true")
    parser.add_argument("--out", type=Path, default=None)
    options = parser.parse_args()
    torch.set_num_threads(1)
    model = load_model(options.model)
    ears: dict[str, Ears] = {}
    listener = model.listener
    if listener is not None:
        ears["listener"] = lambda sound, rate, stem: listener.eval() and listen(listener, sound, rate, stem)
    if options.referee:
        ears["basic-pitch"] = referee()
    frozen = ScoreClips(options.midi)
    chosen = np.unique(np.linspace(0, len(frozen) - 1, min(options.clips, len(frozen))).astype(int))
    clips = [(frozen.clips[i], frozen.score(frozen.clips[i])) for i in chosen.tolist()]
    report = measure(clips, ears, model, options.sound)
    text = json.dumps(
        {"clips": len(clips), "sound": options.sound, "soundfont": heldout_soundfont().stem, **report},
        indent=1,
    )
    print(text)
    if options.out:
        options.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
