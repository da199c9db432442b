"""What a ledger remembers, and what a register lets actors begin."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from msgld.cluster.connect import Machines, check_address
from msgld.cluster.ledger import Ledger
from msgld.cluster.outcome import DONE, FAILED, SET_ASIDE, Outcome
from msgld.cluster.register import LOST_NODES, Register
from msgld.errors import AudioWriteError, ClusterError, UsageError


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_line_that_was_cut_off_is_passed_over_and_the_next_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "out" / "ledger.jsonl"
    ledger = Ledger(path)
    ledger.begin("w", 3)
    ledger.write(item="a", begun=1)
    ledger.write(item="a", end=DONE, attempts=1)
    with path.open("ab") as file:
        file.write(b'{"item": "b", "end": "do')
    ledger.write(item="c", begun=1)
    past = ledger.past("w")
    assert (past.begun, set(past.ends), past.finished) == ({"a", "c"}, {"a"}, False)


def test_only_runs_of_the_same_work_count_and_the_last_end_of_an_item(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    for work, end in (("w", FAILED), ("v", DONE), ("w", DONE)):
        ledger = Ledger(path)
        ledger.begin(work, 1)
        ledger.write(item="a" if work == "w" else "b", end=end)
        ledger.finish({end: 1})
    past = Ledger(path).past("w")
    assert past.ends.keys() == {"a"} and past.ends["a"]["end"] == DONE and past.finished
    assert not Ledger(path).past("u").ends and not Ledger(None).past("w").ends


def test_a_full_disk_is_one_line() -> None:
    with pytest.raises(AudioWriteError, match="cannot write the ledger /dev/full: No space left"):
        Ledger(Path("/dev/full")).write(item="a")


def test_an_item_that_ends_two_actors_is_set_aside_and_named(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    register = Register(str(path), lambda: {"n1", "n2"})
    assert [register.begin("a", node, "x") for node in ("n1", "n2")] == [1, 2]
    outcome = register.begin("a", "n1", "x")
    assert isinstance(outcome, Outcome) and (outcome.end, outcome.attempts) == (SET_ASIDE, 2)
    assert [line.get("begun") or line.get("end") for line in lines(path)] == [1, 2, SET_ASIDE]
    assert register.begin("b", "n1", "x") == 1  # others go on


def test_nodes_that_die_do_not_count_against_an_item_but_not_for_ever() -> None:
    register = Register(None, lambda: {"alive"})
    assert [register.begin("a", f"n{k}", "x") for k in range(LOST_NODES)] == list(range(1, LOST_NODES + 1))
    assert isinstance(register.begin("a", "alive", "x"), Outcome)


def test_an_item_has_one_end_whoever_brings_another() -> None:
    register = Register(None, lambda: {"n"})
    register.begin("a", "n", "x")
    first = register.end("a", Outcome(facts={"by": 1}))
    assert register.end("a", Outcome(facts={"by": 2})) == first == register.begin("a", "m", "x")
    assert register.state(["a", "b"]) == ([first], 1, "")


def test_a_pool_leaves_a_cpu_free() -> None:
    assert Machines(3, 12, 2).actors() == 11
    assert Machines(3, 12, 2).actors(threads=4) == 2
    assert Machines(1, 1, 0).actors() == 1
    assert Machines(3, 12, 2).actors(gpu=True) == 2


@pytest.mark.parametrize("address", ["cluster", "host:", ":6379", "host:99999", "ray://head:10001"])
def test_what_is_no_address_is_wrong_usage(address: str) -> None:
    with pytest.raises(UsageError):
        check_address(address)


def test_a_dead_address_is_one_line_at_once() -> None:
    with pytest.raises(ClusterError, match=r"no Ray cluster answers at 127\.0\.0\.1:9 "):
        check_address("127.0.0.1:9")
