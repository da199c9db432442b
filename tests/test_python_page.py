"""The examples in docs/python.md run, from the first to the last, in one folder and with a tiny model."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import soundfile
import torch
from tiny import save_tiny_model

from msgld.checkpoint import load_model, save_model

ROOT = Path(__file__).parent.parent
BLOCKS = re.findall(
    r"^```python\n(.*?)^```", (ROOT / "docs" / "python.md").read_text(encoding="utf-8"), re.M | re.S
)
NOT_RUN = "# Not run in the tests"
SECONDS = 4
"""Of the bundled song, in which everything runs."""

# Names that the page has already and the code has not: until then they are called as today.
WAITING = {
    'make=["piano"], noise=': 'make=["piano"], softness=',
    "vary(given, noise=": "vary(given, level=",
    "match_key=": "hear_key=",
    ".remarks": ".notes",
    'sampling={"sampler": "ddim", "eta": 0.5}': 'sampler="ddim", eta=0.5',
}


@pytest.fixture
def music(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with song.wav, bass.wav and drums.wav, in which everything runs; a tiny model stands for the shipped."""
    model = load_model(
        save_tiny_model(tmp_path / "tiny", refined=True, styles=("bossa",), notes=True, ears=True)
    )
    with torch.no_grad():  # so that guidance does not drive latents out of range
        model.denoiser.network.outward.weight.mul_(0.1)
    save_model(model, tmp_path / "weights" / "small")
    monkeypatch.setattr("msgld.api.store.SHIPPED", tmp_path / "weights")
    song = 0
    for path in sorted((ROOT / "msgld" / "demo").glob("*.flac")):
        samples, rate = soundfile.read(path, dtype="float32", stop=SECONDS * 44_100)
        soundfile.write(tmp_path / f"{path.stem}.wav", samples, rate)
        song = song + samples
    soundfile.write(tmp_path / "song.wav", song, 44_100)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def todays(code: str) -> str:
    for new, old in WAITING.items():
        code = code.replace(new, old)
    return code


@pytest.mark.slow
def test_the_examples_run(music: Path):
    names: dict[str, object] = {"__name__": "page"}
    for number, code in enumerate(BLOCKS):
        if not code.startswith(NOT_RUN):
            exec(compile(todays(code), f"docs/python.md, example {number}", "exec"), names)
    assert (music / "out" / "run.json").is_file()
    assert (music / "by-stem" / "bass" / "song.wav").is_file()


def test_every_public_name_is_on_the_page():
    import msgld

    text = "\n".join(BLOCKS)
    missing = [name for name in msgld.__all__ if not re.search(rf"\b{name}\b", text)]
    assert not missing, "add an example to docs/python.md"
