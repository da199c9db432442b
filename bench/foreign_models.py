"""Models from strangers: is each one refused in one line, or does it work, and is nothing written outside of --out?

    python bench/foreign_models.py --out research/figures

A tiny model is changed in some hundreds of ways (``hostile*.py``). Each result is loaded in a
process of its own with little memory and time, and where it loads, a second of sound is separated and one is
generated. The exit code is 1 where any of them ends in a traceback, a crash or a hang, gives values that are no
numbers, or leaves a file elsewhere.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import hostile
import hostile_files
import hostile_shapes
import hostile_texts
import numpy as np
import soundfile
import torch

sys.path.append(str(Path(__file__).parent.parent / "tests"))
from tiny import save_tiny_model

import msgld
from msgld.errors import ModelError, MsgldError

MEMORY = 4 << 30
"""Bytes that a model may take besides what the program has."""

GOOD = ("refused", "refused late", "works")


@dataclass(frozen=True)
class Outcome:
    """What became of a model.

    Attributes:
        kind: ``refused`` (when loaded), ``refused late`` (by the first task), ``works``; or ``lines`` (a message of
            several), ``error`` (of a kind that means something else), ``traceback``, ``crash``, ``hang``, ``silent``
            (values that are no numbers), ``outside`` (a file is where none may be).
        text: what was said.
    """

    kind: str
    text: str = ""


def base(folder: Path) -> Path:
    """The tiny model that all others come from; it has all parts."""
    return save_tiny_model(folder, refined=True, styles=("folk", "rock"), notes=True)


def all_cases(model: Path, count: int) -> dict[str, hostile.Damage]:
    """Every change; ``count`` of those that are drawn by chance."""
    parts = json.loads((model / "model.json").read_text("utf-8"))["parts"]
    return {
        "as it was": lambda folder: None,
        **hostile.names(),
        **hostile_texts.texts(),
        **hostile.settings(parts, count),
        **hostile_files.weights(),
        **hostile_files.headers(),
        **hostile_files.files(),
        **hostile_files.damaged(count // 4),
        **hostile_shapes.shapes(count // 8),
    }


def judge(model: Path, damage: hostile.Damage, sandbox: Path) -> Outcome:
    """Change a copy of the model and use it, all inside of an empty folder, in this process."""
    for name in ("model", "elsewhere"):
        (sandbox / name).mkdir(parents=True)
    for path in model.iterdir():
        (sandbox / "model" / path.name).write_bytes(path.read_bytes())
    soundfile.write(
        sandbox / "song.wav", 0.1 * np.random.default_rng(0).standard_normal((22_050, 2)), 22_050, "PCM_16"
    )
    damage(sandbox / "model")
    before = _listed(sandbox)
    outcome = _used(sandbox)
    strange = sorted(_listed(sandbox) - before)
    return Outcome("outside", str(strange)) if strange else outcome


def _listed(sandbox: Path) -> set[str]:
    """All that lies outside of the folder of results, also one above."""
    inside = {str(path) for path in sandbox.rglob("*") if (sandbox / "out") not in (path, *path.parents)}
    return (
        inside | {str(path) for path in sandbox.parent.iterdir()} | {str(path) for path in Path().iterdir()}
    )


def _used(sandbox: Path) -> Outcome:
    loaded = False
    try:
        model = msgld.load(sandbox / "model", device="cpu")
        loaded = True
        saved = model.separate_to(sandbox / "song.wav", sandbox / "out" / model.name / "song", residual=True)
        made = model.generate(1.0)
        more = made.save(sandbox / "out" / model.name / "seed0")
    except MsgldError as error:
        kind = ("refused late" if loaded else "refused") if isinstance(error, ModelError) else "error"
        return Outcome(
            kind if len(str(error).splitlines()) == 1 and str(error).isprintable() else "lines", str(error)
        )
    except Exception as error:
        return Outcome("traceback", f"{type(error).__name__}: {error}")
    for path in (*saved.files.values(), *more.files.values()):
        if not np.isfinite(soundfile.read(path)[0]).all():
            return Outcome("silent", path.name)
    loudest = max(float(np.abs(stem).max()) for stem in made.stems.values())
    return Outcome("works", f"peak {loudest:.3g}")


def guarded(model: Path, damage: hostile.Damage, limit: float) -> Outcome:
    """:func:`judge` in a process of its own, with little memory and time."""
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = context.Pipe()
        child = context.Process(
            target=_child, args=(theirs, model, damage, Path(folder) / "sandbox"), daemon=True
        )
        child.start()
        theirs.close()
        try:
            outcome = ours.recv() if ours.poll(limit) else Outcome("hang", f"more than {limit:g} s")
        except EOFError:
            child.join()
            outcome = Outcome("crash", f"exit code {child.exitcode}")
        child.kill()
        child.join()
    return outcome


def _child(pipe: Connection, model: Path, damage: hostile.Damage, sandbox: Path) -> None:
    taken = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (taken + MEMORY, taken + MEMORY))
    pipe.send(judge(model, damage, sandbox))


def run(count: int, limit: float) -> dict[str, Any]:
    """Figures of all cases: how many ended how, and what was said of each."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        model = base(Path(folder) / "tiny")
        outcomes: dict[str, Outcome] = {}
        for name, damage in all_cases(model, count).items():
            outcomes[name] = guarded(model, damage, limit)
            print(f"{outcomes[name].kind:<14}{name}: {outcomes[name].text}"[:160], flush=True)
    return figures(outcomes)


def figures(outcomes: Mapping[str, Outcome]) -> dict[str, Any]:
    """Of outcomes by name."""
    bad = {name: [o.kind, o.text] for name, o in outcomes.items() if o.kind not in GOOD}
    return {
        "models": len(outcomes),
        "outcomes": dict(Counter(o.kind for o in outcomes.values())),
        "works": [name for name, o in outcomes.items() if o.kind == "works"],
        "failures": bad,
        "passed": not bad and outcomes["as it was"].kind == "works",
    }


def main() -> int:
    """Try them all and report."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=160, help="odd settings that are drawn")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for one model")
    parser.add_argument("--out", type=Path, default=Path("research/figures"))
    options = parser.parse_args()
    found = run(options.count, options.limit)
    for kind, number in sorted(found["outcomes"].items()):
        print(f"{kind:<14}{number:>5}")
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "foreign_models.json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")
    return 0 if found["passed"] else 1


if __name__ == "__main__":
    sys.exit(main())
