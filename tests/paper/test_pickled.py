"""Torch's checkpoint files are read as data: nothing in them can run, and only what is asked for is read."""

from __future__ import annotations

import copyreg
import io
import os
import pickle
import pickletools
import sys
import tracemalloc
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from msgld.errors import ModelError
from msgld.paper.convert.archive import Archive
from msgld.paper.convert.unpickle import Inert, TensorRecord, unpickle


class Calls:
    """Pickles into a call of a function, and into what follows it: state, items of a list, of a dictionary."""

    def __init__(self, function: Any, *arguments: Any, then: tuple[Any, ...] = ()) -> None:
        self.pickled = (function, arguments, *then)

    def __reduce__(self) -> Any:
        return self.pickled

    def __call__(self) -> None:
        """What pickle demands of whatever is to be called."""


class Touches:
    """Leaves its mark whatever is done with it."""

    def __new__(cls, mark: str = "") -> Touches:
        if mark:
            Path(mark).touch()
        return super().__new__(cls)

    def __getnewargs__(self) -> tuple[str]:
        return (self.mark,)

    def __setstate__(self, state: Any) -> None:
        Path(state["mark"]).touch()

    def __setitem__(self, key: str, value: Any) -> None:
        Path(key).touch()

    def append(self, value: str) -> None:
        Path(value).touch()

    def extend(self, values: list[str]) -> None:
        self.append(values[0])


class Stated:
    """Leaves its mark when it is given its state."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __setstate__(self, state: Any) -> None:
        Path(state["mark"]).touch()


class Hashed:
    """Leaves its mark when it becomes a key."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __hash__(self) -> int:
        Path(self.mark).touch()
        return 0


class Keyed:
    """A harmless key that becomes a ``Hashed`` one."""

    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Hashed, (self.mark,)


def text(word: str) -> bytes:
    return b"X" + len(word).to_bytes(4, "little") + word.encode()


def made(mark: Path) -> dict[str, Any]:
    """Things that create the file ``mark`` when their pickle is loaded by Python."""
    shell, code, path = f"touch {mark}", f"open({str(mark)!r}, 'w').close()", str(mark)
    new = Touches.__new__(Touches)
    new.mark = path
    return {
        "a call": Calls(os.system, shell),
        "eval": Calls(eval, code),
        "exec in the weights": {"state_dict": {"weight": Calls(exec, code)}},
        "getattr on a module": Calls(Calls(getattr, Calls(__import__, "os"), "mkdir"), path),
        "a call as argument": Calls(print, Calls(os.mkdir, path)),
        "a call in a parameter": Calls(torch._utils._rebuild_parameter, Calls(exec, code), False, {}),
        "a new object": new,
        "a state": Stated(path),
        "a state that is a call": Calls(Touches, then=({"mark": path, "x": Calls(exec, code)},)),
        "items of a list": Calls(Touches, then=(None, iter([path]))),
        "items of a dictionary": Calls(Touches, then=(None, None, iter([(path, 1)]))),
        "a key": {Keyed(path): 1},
        "an ordered dictionary's key": OrderedDict({Keyed(path): 1}),
        "a member of a set": {Keyed(path)},
    }


def raw(mark: Path) -> dict[str, bytes]:
    """The same with opcodes that Python no longer writes."""
    path = text(str(mark))
    return {
        "INST": b"(" + path + b"iposix\nmkdir\n.",
        "OBJ": b"(cposix\nmkdir\n" + path + b"o.",
        "STACK_GLOBAL": text("posix") + text("mkdir") + b"\x93" + path + b"\x85R.",
        "EXT1": b"\x82\xf0" + path + b"\x85R.",
        "recalled": b"cposix\nmkdir\nq\x000h\x00" + path + b"\x85R.",
        "after a mark": b"cposix\nmkdir\n(" + path + b"tR(12.",
    }


NOWHERE = Path("mark")


@contextmanager
def extension() -> Iterator[None]:
    """os.mkdir among the names that pickles may refer to by number."""
    copyreg.add_extension("posix", "mkdir", 0xF0)
    try:
        yield
    finally:
        copyreg.remove_extension("posix", "mkdir", 0xF0)
        copyreg.clear_extension_cache()


def write_archive(path: Path, description: bytes, **storages: bytes) -> Path:
    """A file as ``torch.save`` writes it."""
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("archive/data.pkl", description)
        for key, data in storages.items():
            file.writestr(f"archive/data/{key}", data)
    return path


def check_inert(attack: bytes, mark: Path) -> None:
    unpickle(attack)
    with Archive(write_archive(mark.with_name("evil.ckpt"), attack)):
        pass
    assert not mark.exists()
    pickle.loads(attack)  # the proof that it is an attack
    assert mark.exists()


@pytest.mark.parametrize("protocol", [0, 2, 4])
@pytest.mark.parametrize("name", list(made(NOWHERE)))
def test_nothing_that_a_pickle_asks_for_happens(tmp_path: Path, name: str, protocol: int):
    check_inert(pickle.dumps(made(tmp_path / "mark")[name], protocol), tmp_path / "mark")


@pytest.mark.skipif(os.name != "posix", reason="names a module of POSIX")
@pytest.mark.parametrize("name", list(raw(NOWHERE)))
def test_nothing_that_odd_opcodes_ask_for_happens(tmp_path: Path, name: str):
    with extension():
        check_inert(raw(tmp_path / "mark")[name], tmp_path / "mark")


def test_no_module_that_a_pickle_names_is_imported():
    sys.modules.pop("this", None)
    assert isinstance(unpickle(b"cthis\nd\n."), Inert)
    assert "this" not in sys.modules


def test_what_torch_saves_comes_back(tmp_path: Path):
    tensors = {
        "plain": torch.randn(2, 3, 4),
        "turned": torch.randn(3, 4).t(),
        "every second": torch.arange(20)[3:15:2],
        "scalar": torch.tensor(2.5, dtype=torch.float64),
        "empty": torch.zeros(0, 3),
        "half": torch.randn(5).half(),
        "bf16": torch.randn(5).bfloat16(),
        "bool": torch.tensor([True, False]),
        "parameter": torch.nn.Parameter(torch.randn(4)),
    }
    for protocol in (2, 4):
        path = tmp_path / f"{protocol}.ckpt"
        content = {
            "state_dict": OrderedDict(tensors),
            "epoch": 3,
            "callbacks": {Keyed: [Keyed(str(tmp_path / "k"))]},
        }
        torch.save(content, path, pickle_protocol=protocol)
        with Archive(path) as archive:
            assert archive.content["epoch"] == 3
            for name, tensor in tensors.items():
                read = archive.read(archive.content["state_dict"][name])
                assert read.dtype == tensor.dtype and torch.equal(read, tensor.detach()), name


def test_a_tensor_is_read_only_when_asked_for(tmp_path: Path):
    path = tmp_path / "one.ckpt"
    wanted, other = torch.randn(50), torch.randn(60)
    torch.save({"wanted": wanted, "other": other}, path)
    data = path.read_bytes()
    assert data.count(other.numpy().tobytes()) == 1
    path.write_bytes(data.replace(other.numpy().tobytes(), bytes(240)))
    with Archive(path) as archive:
        assert torch.equal(archive.read(archive.content["wanted"]), wanted)
        with pytest.raises(ModelError, match=r"data/1 .*cannot be read"):
            archive.read(archive.content["other"])


def describe(
    count: int = 6,
    offset: Any = 0,
    shape: Any = (2, 3),
    strides: Any = (3, 1),
    key: str = "0",
    then: tuple[Any, ...] = (),
) -> bytes:
    """Pickle of {"x": a tensor} as torch writes it."""

    class Pickler(pickle._Pickler):
        def persistent_id(self, value: Any) -> Any:
            return ("storage", torch.FloatStorage, key, "cpu", count) if value == "here" else None

    file = io.BytesIO()
    arguments = ("here", offset, shape, strides, False, OrderedDict())
    Pickler(file, 2).dump({"x": Calls(torch._utils._rebuild_tensor_v2, *arguments, then=then)})
    return file.getvalue()


@pytest.mark.parametrize(
    "wrong",
    [
        {"offset": 1}, {"shape": (3, 3)}, {"strides": (4, 1)}, {"strides": (-3, 1)}, {"offset": -1},
        {"shape": (2**40,), "strides": (0,)}, {"shape": (2**62, 2**62), "strides": (1, 1)}, {"shape": (2, 3, 1)},
        {"shape": [2, 3]}, {"shape": (2.0, 3)}, {"offset": None}, {"count": True}, {"count": "6"},
    ],
)  # fmt: skip
def test_a_tensor_that_leaves_its_storage_is_refused(tmp_path: Path, wrong: dict[str, Any]):
    path = write_archive(tmp_path / "bad.ckpt", describe(**wrong), **{"0": bytes(24)})
    with pytest.raises(ModelError) as caught:
        Archive(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


def test_a_state_does_not_change_a_tensor_that_was_checked():
    assert unpickle(describe(then=({"offset": 10**6, "shape": (2**40,)},))) == unpickle(describe())


@pytest.mark.parametrize("size", [0, 20, 28, 1000])
def test_a_storage_of_another_size_is_refused(tmp_path: Path, size: int):
    with Archive(write_archive(tmp_path / "bad.ckpt", describe(), **{"0": bytes(size)})) as archive:
        record = archive.content["x"]
        assert isinstance(record, TensorRecord)
        with pytest.raises(ModelError, match=rf"{size} bytes instead of 24"):
            archive.read(record)


def test_a_storage_that_is_missing_or_elsewhere_is_refused(tmp_path: Path):
    for key in ("1", "../data.pkl", "/etc/passwd"):
        path = write_archive(tmp_path / "bad.ckpt", describe(key=key), **{"0": bytes(24)})
        with Archive(path) as archive, pytest.raises(ModelError, match=r"is missing in it|bytes instead of"):
            archive.read(archive.content["x"])


def test_a_file_that_unpacks_to_more_than_itself_is_refused(tmp_path: Path):
    path = tmp_path / "bomb.ckpt"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr(
            "archive/data.pkl", describe(count=2**24, shape=(2**24,), strides=(1,)), zipfile.ZIP_STORED
        )
        file.writestr("archive/data/0", bytes(2**26))
    with Archive(path) as archive, pytest.raises(ModelError, match="compression"):
        archive.read(archive.content["x"])


def cut(data: bytes) -> bytes:
    return data[: len(data) * 2 // 3]


SIZED = {
    "memo": b"Nr\xff\xff\xff\xff.",
    "text": b"X\xff\xff\xff\xffa.",
    "bytes": b"\x8e" + (2**40).to_bytes(8, "little") + b".",
    "byte array": b"\x96" + (2**30).to_bytes(8, "little") + b".",
    "frame": b"\x95" + (2**40).to_bytes(8, "little") + b"N.",
    "nested": b"]" * 200_000 + b"a" * (200_000 - 1) + b".",
    "nested dictionaries": b"}" + b"K\x01}" * 200_000 + b"s" * 200_000 + b".",
    "nested key": b"})" + b"\x85" * 200_000 + b"Ns.",
    "nested key of a whole dictionary": b"()" + b"\x85" * 200_000 + b"Nd.",
    "nested member": b"\x8f()" + b"\x85" * 200_000 + b"\x90.",
    "nested member of a whole set": b"()" + b"\x85" * 200_000 + b"\x91.",
}


@pytest.mark.parametrize("name", list(SIZED))
def test_sizes_and_depths_that_a_description_claims_cost_no_more_than_its_length(name: str):
    tracemalloc.start()
    try:
        with suppress(ModelError):
            unpickle(SIZED[name])
        assert tracemalloc.get_traced_memory()[1] < 2**20 + 500 * len(SIZED[name])
    finally:
        tracemalloc.stop()


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "cut": (lambda path: path.write_bytes(cut(path.read_bytes())), "cut short"),
    "empty": (lambda path: path.write_bytes(b""), "not a torch checkpoint"),
    "text": (lambda path: path.write_bytes(b"these are words"), "not a torch checkpoint"),
    "legacy": (
        lambda path: torch.save({"a": torch.ones(1)}, path, _use_new_zipfile_serialization=False),
        r"before 1\.6.*torch\.save\(torch\.load",
    ),
    "another zip": (lambda path: zipfile.ZipFile(path, "w").close(), "not a torch checkpoint"),
    "no pickle": (lambda path: write_archive(path, b"words"), "description is damaged"),
    "no end": (lambda path: write_archive(path, b"}"), "description is damaged"),
    "stack": (lambda path: write_archive(path, b"0."), "description is damaged"),
    "huge": (lambda path: write_archive(path, b"}" * (2**24 + 1)), "too large"),
    "missing": (lambda path: path.unlink(), "No such file"),
}


@pytest.mark.parametrize("name", list(BROKEN))
def test_every_way_of_being_broken_is_one_clear_line(tmp_path: Path, name: str):
    path = tmp_path / "broken.ckpt"
    torch.save({"a": torch.ones(1000)}, path)
    spoil, words = BROKEN[name]
    spoil(path)
    with pytest.raises(ModelError, match=words) as caught:
        Archive(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)


@given(st.data())
def test_damaged_descriptions_are_refused_or_read_never_worse(data: st.DataObject):
    whole = bytearray(describe())
    for _ in range(data.draw(st.integers(1, 8))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        unpickle(bytes(whole))
    except ModelError as error:
        assert "\n" not in str(error)


FRAGMENTS = [
    *(code.code.encode("latin-1") for code in pickletools.opcodes if code.arg is None),
    text("mark"),
    *(b"K" + bytes([number]) for number in range(4)),
    *(code + bytes([number]) for code in (b"q", b"h") for number in range(3)),
    *(
        code + name
        for code in (b"c", b"i")
        for name in (b"os\nmkdir\n", b"builtins\nprint\n", b"builtins\ndict\n")
    ),
    b"ctorch._utils\n_rebuild_tensor_v2\n",
    b"ccollections\nOrderedDict\n",
    text("os") + text("mkdir") + b"\x93",
    b"(" + text("storage") + b"ctorch\nFloatStorage\n" + text("0") + text("cpu") + b"K\x06tQ",
    b"\x82\x01",
]


def pieces(value: Any) -> Iterator[Any]:
    yield value
    values = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    for item in values:
        yield from pieces(item)


@settings(max_examples=1000)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=30))
def test_no_program_of_opcodes_makes_anything_but_data(fragments: list[bytes]):
    with suppress(ModelError, RecursionError):
        for piece in pieces(unpickle(b"".join(fragments) + b".")):
            assert not callable(piece) or type(piece) is Inert
            if isinstance(piece, TensorRecord):
                assert piece.size <= piece.storage.count
    assert not Path("mark").exists()
