"""Models as a stranger might send them: a tiny one whose description, names, weights or files have been changed.

None of them does harm by itself: there is no code in them, and no file that other programs stumble over.
"""

from __future__ import annotations

import hashlib
import json
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load, save

Damage = Callable[[Path], None]
"""Changes the model in a folder. Beside the folder lies ``elsewhere``, where nothing may be written."""

NAMES: tuple[Any, ...] = (
    "../../x",
    "../x",
    "..",
    ".",
    "/x",
    "//host/x",
    "a/b",
    "a\\b",
    "..\\x",
    "C:\\x",
    "C:x",
    "~/x/",
    "",
    " ",
    "x ",
    " x",
    "x.",
    ".x",
    "CON",
    "nul.txt",
    "com1",
    "COM\u00b9",
    "a:b",
    "a*b",
    'a"b',
    "a|b",
    "a\0b",
    "a\nb",
    "a\x1b[2Jb",
    "a\u202eb",
    "\ud800",
    "\u2024\u2024/x",
    "a\uff0fb",
    "x" * 101,
    "x" * 100_000,
    "\U0001f3b5" * 60,
    None,
    3,
    True,
    ["x"],
    {"x": 1},
    1.5,
)
"""Names that no file should have, or that are none."""

ODD: tuple[Any, ...] = (
    0,
    -1,
    1,
    3,
    7,
    63,
    1000,
    10**6,
    2**40,
    2**63,
    10**30,
    True,
    False,
    None,
    "7",
    "",
    0.5,
    -0.0,
    1e-300,
    1e300,
    [],
    [0],
    [4, 4],
    [[4]],
    {},
    {"a": 1},
    [1] * 50_000,
    "x" * 1000,
    "a\nb",
)
"""Values for settings that want others."""


def describe(folder: Path, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change the description."""
    path = folder / "model.json"
    about = json.loads(path.read_text("utf-8"))
    change(about)
    path.write_text(json.dumps(about), "utf-8")


def replace(folder: Path, part: str, data: bytes) -> None:
    """Other bytes for a part, with the hash that they have."""
    (folder / f"{part}.safetensors").write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    describe(folder, lambda about: about["parts"][part].update(sha256=digest))


def tensors(part: str, change: Callable[[dict[str, torch.Tensor]], Any]) -> Damage:
    """Change a part's tensors."""

    def damage(folder: Path) -> None:
        stored = load((folder / f"{part}.safetensors").read_bytes())
        change(stored)
        replace(folder, part, save(stored))

    return damage


def header(part: str, change: Callable[[dict[str, Any]], Any], length: Callable[[int], int] = int) -> Damage:
    """Change what a safetensors file says of its tensors, and how long it says that this is."""

    def damage(folder: Path) -> None:
        data = (folder / f"{part}.safetensors").read_bytes()
        (size,) = struct.unpack("<Q", data[:8])
        said = json.loads(data[8 : 8 + size])
        change(said)
        text = json.dumps(said).encode()
        replace(folder, part, struct.pack("<Q", length(len(text))) + text + data[8 + size :])

    return damage


def text(content: str | bytes) -> Damage:
    """Another text as description."""
    data = content if isinstance(content, bytes) else content.encode("utf-8")

    def damage(folder: Path) -> None:
        (folder / "model.json").write_bytes(data)

    return damage


def edited(change: Callable[[str], str]) -> Damage:
    """The description's text, changed."""

    def damage(folder: Path) -> None:
        path = folder / "model.json"
        path.write_bytes(change(path.read_text("utf-8")).encode("utf-8", "surrogatepass"))

    return damage


def about(change: Callable[[dict[str, Any]], Any]) -> Damage:
    """The description's content, changed."""
    return lambda folder: describe(folder, change)


def file(name: str, make: Callable[[Path], Any]) -> Damage:
    """Something else in the place of a file."""

    def damage(folder: Path) -> None:
        (folder / name).unlink()
        make(folder / name)

    return damage


def names() -> dict[str, Damage]:
    """Names of the model and of stems."""
    cases: dict[str, Damage] = {}
    for index, name in enumerate(NAMES):
        cases[f"model called {index}"] = about(lambda a, n=name: a["info"].update(name=n))
        cases[f"stem called {index}"] = about(lambda a, n=name: a["stems"].__setitem__(1, n))
    for where in ("name", "stem"):

        def absolute(folder: Path, where: str = where) -> None:
            name = str(folder.parent / "elsewhere" / "x")
            describe(
                folder,
                lambda a: a["info"].update(name=name) if where == "name" else a["stems"].__setitem__(0, name),
            )

        cases[f"absolute {where}"] = absolute
    lists: tuple[Any, ...] = (
        ["a"] * 5,
        ["a", "A", "b", "c", "d"],
        ["\u00e9", "e\u0301", "b", "c", "d"],
        ["mixture", "b", "c", "d", "e"],
        ["Mix", "b", "c", "d", "e"],
        ["residual", "b", "c", "d", "e"],
        ["b", "no_b", "c", "d", "e"],
        [],
        ["b"],
        list("abcdefgh"),
        "abcde",
        None,
        {"a": 1},
    )
    return cases | {f"stems {i}": about(lambda a, s=s: a.update(stems=s)) for i, s in enumerate(lists)}


def settings(parts: dict[str, Any], count: int, seed: int = 0) -> dict[str, Damage]:
    """Odd values for settings of the parts, drawn from a seed, and each setting left out."""
    places = [
        (part, key) for part, about in parts.items() for key in about if key not in ("kind", "sha256", "mel")
    ]
    mel = [("codec", "mel", key) for key in parts["codec"]["mel"]]
    pairs = [(place, value) for place in (*places, *mel) for value in ODD]
    drawn = random.Random(seed).sample(pairs, count)
    cases: dict[str, Damage] = {}
    for place, value in drawn:
        cases[f"{'.'.join(place)} = {str(value)[:20]!r}"] = about(
            lambda a, p=place, v=value: _at(a, p).update({p[-1]: v})
        )
    for place in (*places, *mel):
        cases[f"no {'.'.join(place)}"] = about(lambda a, p=place: _at(a, p).pop(p[-1]))
    return cases


def _at(about: dict[str, Any], place: tuple[str, ...]) -> dict[str, Any]:
    content = about["parts"]
    for key in place[:-1]:
        content = content[key]
    return content
