"""Models as a stranger might send them: weights and files that are not what the description says."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from hostile import Damage, file, header, replace, tensors

PARTS = ("codec", "denoiser", "vocoder", "refiner", "notes")


def weights() -> dict[str, Damage]:
    """Values, shapes, names and dtypes."""
    cases: dict[str, Damage] = {}
    for part in PARTS:
        for name, value in (
            ("NaN", torch.nan),
            ("inf", torch.inf),
            ("-inf", -torch.inf),
            ("0", 0.0),
            ("3e4", 3e4),
        ):
            cases[f"{part} of {name}"] = tensors(part, lambda t, v=value: [x.fill_(v) for x in t.values()])
        cases[f"one NaN in {part}"] = tensors(part, lambda t: first(t).flatten()[-1:].fill_(torch.nan))
        cases[f"a tensor less in {part}"] = tensors(part, lambda t: t.pop(min(t)))
        cases[f"a tensor more in {part}"] = tensors(part, lambda t: t.update({"../x\n": torch.ones(2)}))
        cases[f"a tensor of another name in {part}"] = tensors(part, lambda t: t.update(y=t.pop(min(t))))
        cases[f"a tensor turned in {part}"] = tensors(
            part, lambda t: _change(t, lambda x: x.flip(-1).T.contiguous())
        )
        cases[f"a tensor of one number in {part}"] = tensors(
            part, lambda t: _change(t, lambda x: x.flatten()[:1].clone())
        )
    for dtype in (
        torch.int8,
        torch.int64,
        torch.bool,
        torch.float8_e4m3fn,
        torch.complex64,
        torch.float64,
        torch.bfloat16,
    ):
        cases[f"weights of {dtype}"] = tensors(
            "denoiser", lambda t, d=dtype: t.update({k: v.to(d) for k, v in t.items()})
        )
    for name in ("outward.weight", "scores.weight", "blocks.0.perceptron.down.weight"):
        cases[f"{name} of 0"] = tensors("denoiser", lambda t, n=name: t[n].zero_())
    last = ("outward.weight", "gates.weight", "gates.bias", "scores.weight")
    cases["all last layers of 0"] = tensors("denoiser", lambda t: [t[name].zero_() for name in last])
    cases["a scale of 0"] = tensors("codec", lambda t: t["scale"][3:4].zero_())
    cases["a scale below 0"] = tensors("codec", lambda t: t["scale"].neg_())
    cases["a basis of 100"] = tensors("codec", lambda t: t["basis"].mul_(100))
    cases["1e38"] = tensors("codec", lambda t: t["mean"].fill_(1e38))
    return cases


def first(stored: dict[str, torch.Tensor]) -> torch.Tensor:
    """A part's first matrix."""
    return next(value for _, value in sorted(stored.items()) if value.ndim > 1)


def _change(stored: dict[str, torch.Tensor], change: Callable[[torch.Tensor], torch.Tensor]) -> None:
    name = next(
        key for key, value in sorted(stored.items()) if value.ndim == 2 and value.shape[0] != value.shape[1]
    )
    stored[name] = change(stored[name])


def damaged(count: int, seed: int = 0) -> dict[str, Damage]:
    """Bytes cut off, turned over and shuffled, with the hash that they have then."""
    return {f"bytes {index}": _bytes(index, seed) for index in range(count)}


def _bytes(index: int, seed: int) -> Damage:
    def damage(folder: Path) -> None:
        chance = random.Random(f"{seed} {index}")
        part = chance.choice(PARTS)
        data = bytearray((folder / f"{part}.safetensors").read_bytes())
        size = int.from_bytes(data[:8], "little")
        how = chance.randrange(5)
        if how == 0:
            del data[chance.randrange(len(data)) :]
        elif how == 1:
            for _ in range(chance.randint(1, 8)):
                data[chance.randrange(8 + size)] ^= 1 << chance.randrange(8)
        elif how == 2:
            for _ in range(1000):
                data[chance.randrange(8 + size, len(data))] ^= 1 << chance.randrange(8)
        elif how == 3:
            start = chance.randrange(len(data))
            data[start : start + 1000] = bytes(
                chance.sample(data[start : start + 1000], len(data[start : start + 1000]))
            )
        else:
            data += bytes(chance.randrange(1, 5000))
        replace(folder, part, bytes(data))

    return damage


def headers() -> dict[str, Damage]:
    """What a safetensors file says of itself."""

    def entry(change: Callable[[dict[str, Any]], Any]) -> Damage:
        return header("codec", lambda said: change(said["basis"]))

    lengths: dict[str, Callable[[int], int]] = {
        "0": lambda n: 0,
        "1": lambda n: 1,
        "more": lambda n: n + 1,
        "2^40": lambda n: 2**40,
        "2^64": lambda n: 2**64 - 1,
    }
    changes: dict[str, Callable[[dict[str, Any]], Any]] = {
        "a huge shape": lambda e: e.update(shape=[2**40, 2**20]),
        "a shape that wraps": lambda e: e.update(shape=[2**62, 8]),
        "a negative shape": lambda e: e.update(shape=[-1, 4]),
        "a shape of text": lambda e: e.update(shape="128"),
        "no shape": lambda e: e.update(shape=[]),
        "offsets beyond": lambda e: e.update(data_offsets=[0, 2**50]),
        "offsets turned": lambda e: e.update(data_offsets=e["data_offsets"][::-1]),
        "offsets of text": lambda e: e.update(data_offsets="0"),
        "the same offsets": lambda e: e.update(data_offsets=[0, 512]),
        "a dtype that is none": lambda e: e.update(dtype="F7"),
        "another dtype": lambda e: e.update(dtype="F64"),
        "integers": lambda e: e.update(dtype="I32"),
        "no dtype": lambda e: e.pop("dtype"),
    }
    return {
        **{
            f"header of length {name}": header("codec", lambda said: None, length)
            for name, length in lengths.items()
        },
        **{f"header with {name}": entry(change) for name, change in changes.items()},
        "metadata of numbers": header("codec", lambda said: said.update(__metadata__={"a": 1})),
        "many tensors": header(
            "codec",
            lambda said: said.update(
                {f"x{i}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]} for i in range(9000)}
            ),
        ),
    }


def files() -> dict[str, Damage]:
    """Other things in the place of files."""

    def exchanged(folder: Path) -> None:
        one, other = folder / "refiner.safetensors", folder / "notes.safetensors"
        left, right = one.read_bytes(), other.read_bytes()
        replace(folder, "refiner", right)
        replace(folder, "notes", left)

    def same(folder: Path) -> None:
        replace(folder, "denoiser", (folder / "codec.safetensors").read_bytes())

    def hole(path: Path) -> None:
        path.touch()
        os.truncate(path, 100 * 2**30)

    def moved(folder: Path) -> None:
        for path in list(folder.iterdir()):
            path.rename(folder.parent / f"kept-{path.name}")
            path.symlink_to(folder.parent / f"kept-{path.name}")

    makers: dict[str, Callable[[Path], Any]] = {
        "nothing": lambda p: None,
        "a folder": Path.mkdir,
        "a pipe": os.mkfifo,
        "a link to itself": lambda p: p.symlink_to(p),
        "a link to nothing": lambda p: p.symlink_to("/nowhere/at/all"),
        "a link to a device": lambda p: p.symlink_to("/dev/zero"),
        "a hole of 100 GB": hole,
        "an empty file": Path.touch,
    }
    return {
        "two exchanged": exchanged,
        "the same twice": same,
        "links to files elsewhere": moved,
        **{
            f"{what} as {name}": file(name, make)
            for name in ("model.json", "denoiser.safetensors")
            for what, make in makers.items()
        },
    }
