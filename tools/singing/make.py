"""Makes phrases of singers to train and to test with, without any data set.

    python tools/singing/make.py --role train --phrases 500 --out FOLDER

Writes for each phrase a FLAC file (44.1 kHz, mono) and one line of FOLDER/manifest.jsonl, which
msgld.data.singing reads. What is there already is kept: the same command goes on where it was stopped.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from msgld.data.singing import MANIFEST, ROLES
from msgld.stems import RATE
from singing.phrases import phrase
from singing.voices import VOICES, Voice, missing

PEAK = 0.7


def write(folder: Path, name: str, voice: Voice, sound: np.ndarray, facts: dict[str, Any]) -> None:
    """Write a phrase: first its sound, then its line of the manifest."""
    file, part = folder / f"{name}.flac", folder / f".{name}.flac"
    scaled = sound * PEAK / max(float(np.abs(sound).max()), 1e-9)
    soundfile.write(part, scaled, RATE, format="FLAC", subtype="PCM_16")
    part.replace(file)
    about = {"file": file.name, "voice": voice.name, "role": voice.role, "licence": voice.licence}
    entry = about | {"author": voice.author, "seconds": round(len(scaled) / RATE, 4)} | facts
    with (folder / MANIFEST).open("a", encoding="utf-8") as manifest:
        manifest.write(json.dumps(entry, ensure_ascii=False) + "\n")


def kept(folder: Path) -> set[str]:
    """The names of the phrases that are there; a line that was cut short is dropped from the manifest."""
    path = folder / MANIFEST
    lines = path.read_text("utf-8").splitlines(keepends=True) if path.is_file() else []
    if lines and not lines[-1].endswith("\n"):
        path.write_text("".join(lines[:-1]), "utf-8")
        lines = lines[:-1]
    return {Path(json.loads(line)["file"]).stem for line in lines}


def in_turn(voices: list[Voice], count: int) -> list[tuple[Voice, int]]:
    """So many phrases: the voice of each and which of the voice's it is, the weights kept to all along."""
    made = dict.fromkeys((voice.name for voice in voices), 0)
    turns = []
    for _ in range(count):
        voice = min(voices, key=lambda one: (made[one.name] + 0.5) / one.weight)
        turns.append((voice, made[voice.name]))
        made[voice.name] += 1
    return turns


def main() -> None:
    """Make phrases, those of all voices in turn."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--role", choices=ROLES, default="train")
    parser.add_argument("--voices", help="separated by commas; all of the role by default")
    parser.add_argument("--phrases", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    stock = {name: voice for name, voice in VOICES.items() if voice.role == options.role}
    names = options.voices.split(",") if options.voices else list(stock)
    unknown = [name for name in names if name not in stock]
    if unknown:
        parser.error(
            f"no voice to {options.role} with: {', '.join(unknown)}; choose some of {', '.join(stock)}"
        )
    hints = {name: missing(stock[name]) for name in names}
    for name, hint in hints.items():
        print(f"{name}: not installed, left out: {hint}" if hint else f"{name}: ready", flush=True)
    voices = [stock[name] for name in names if not hints[name]]
    if not voices:
        parser.error("no voice is installed: see tools/singing/README.md")
    options.out.mkdir(parents=True, exist_ok=True)
    done = kept(options.out)
    for voice, number in in_turn(voices, options.phrases):
        name = f"{voice.name}-{options.seed}-{number:05}"
        if name not in done:
            rng = np.random.default_rng([options.seed, number, *voice.name.encode()])
            try:
                write(options.out, name, voice, *phrase(voice, rng))
            except RuntimeError as error:
                print(f"{name}: left out, {error}", flush=True)


if __name__ == "__main__":
    main()
