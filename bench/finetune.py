"""What an evening of fine-tuning gains on two test songs of each band of bench/bands.py, and what it costs elsewhere.

    python bench/finetune.py --bands bands --out tuned --minutes 60 [--band rock ...] [--midi FOLDER] [--limit 34]

It calls ``msgld finetune`` and ``msgld.evaluate`` as a user does. The held-out clips are the usual ones; without
``--midi`` they are the built-in band's alone. Bands that are tuned already are only measured.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from bands import BANDS, BandOfOne

import msgld


def tune(band: BandOfOne, bands: Path, out: Path, minutes: float) -> Path:
    """Run the command on a band's songs; the folder of the model."""
    folder = out / band.name
    if not (folder / "model" / "model.json").exists():
        stems = [name if name != "other" else band.other for name in band.programs]
        command = [
            sys.executable,
            "-m",
            "msgld",
            "finetune",
            str(bands / band.name / "songs"),
            "--out",
            str(folder),
        ]
        new = ["--stem-names", ",".join(stems)] if band.other != "other" else []
        subprocess.run([*command, "--minutes", str(minutes), *new], check=True)
    return folder / "model"


def means(model: msgld.Msgld, **clips: Any) -> dict[str, float]:
    """SI-SDR improvement in dB of each stem, and of all."""
    report = msgld.evaluate(model, "separate", **clips)
    return {row["name"]: row["mean"] for row in report["rows"]}


def row(band: BandOfOne, before: Mapping[str, float], after: Mapping[str, float]) -> dict[str, Any]:
    """A line of the table: the mean over the stems that the band has, and its new stem by itself."""
    new = {band.other: after[band.other]} if band.other in after and band.other != "other" else {}
    return {"band": band.name, "before": before["all stems"], "after": after["all stems"],
            "gain": round(after["all stems"] - before["all stems"], 2), **new}  # fmt: skip


def run(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Tune and measure every band."""
    shipped = msgld.load()
    held = {"midi": options.midi, "limit": options.limit}
    first, rows = means(shipped, **held)["all stems"] if options.limit else None, []
    for band in (one for one in BANDS if not options.band or one.name in options.band):
        tuned = msgld.load(tune(band, options.bands, options.out, options.minutes))
        tests = options.bands / band.name / "tests"
        before, after = (means(model, stems=tests) for model in (shipped, tuned))
        line = {**row(band, before, after), "stems": {"before": before, "after": after}}
        if first is not None:
            line["held-out"] = round(means(tuned, **held)["all stems"] - first, 2)
        rows.append(line)
        print(json.dumps(line), flush=True)
    return rows


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--bands", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--band", action="append", choices=[band.name for band in BANDS])
    parser.add_argument("--midi", type=Path)
    parser.add_argument("--limit", type=int, default=34, help="held-out clips; 0 for none")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "results.json").write_text(json.dumps(run(options), indent=1))


if __name__ == "__main__":
    main()
