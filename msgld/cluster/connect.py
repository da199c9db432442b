"""Joining a Ray cluster, or starting one on this machine for as long as it is needed."""

from __future__ import annotations

import logging
import os
import secrets
import shutil
import signal
import socket
import sys
import tempfile
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from msgld.errors import ClusterError, UsageError

LOCAL, AUTO = "local", "auto"

STORE = 100 << 20
"""Bytes of the object store of a cluster of our own: only paths and figures go through it."""

_PATIENCE = 5.0
"""Seconds in which an address must answer. Ray itself tries for minutes."""


@dataclass(frozen=True)
class Machines:
    """What a cluster has.

    Attributes:
        nodes: that are alive.
        cpus: of all nodes.
        gpus: of all nodes.
    """

    nodes: int
    cpus: int
    gpus: int

    def actors(self, threads: int = 1, gpu: bool = False) -> int:
        """The size of a pool that leaves one CPU free, at least 1; with ``gpu`` one actor a GPU."""
        return max(1, self.gpus if gpu else (self.cpus - 1) // threads)


@contextmanager
def connected(address: str) -> Iterator[Machines]:
    """Be connected to a cluster while the block lasts. Where this process is connected already, it stays so.

    Args:
        address: HOST:PORT of a head node, ``auto`` for the cluster of this machine, or ``local``, which starts one and
            ends it.

    Raises:
        UsageError: no such address, or Ray is not installed.
        ClusterError: there is no cluster, or it refuses.
    """
    present = sys.modules.get("ray")
    if present is not None and present.is_initialized():
        yield _machines(import_ray())
        return
    check_address(address)
    local = address == LOCAL
    with _environment(local):
        ray = import_ray()
        folder = tempfile.mkdtemp(prefix="msgld-ray-") if local else None
        with _quiet(ray):
            try:
                _join(ray, address, folder)
                yield _machines(ray)
            finally:
                ray.shutdown()
                if folder:
                    shutil.rmtree(folder, ignore_errors=True)


def check_address(address: str) -> None:
    """Raise UsageError for what is no address of a cluster, ClusterError for one at which nothing answers."""
    if address in (LOCAL, AUTO):
        return
    if address.startswith("ray://"):
        raise UsageError(
            f"{address} is the address of a Ray client, over which Ray Data does not run: start the command on a node "
            "of the cluster, with its HOST:PORT (6379 by default) or auto"
        )
    host, colon, port = address.rpartition(":")
    if not (colon and host and port.isdigit() and 0 < int(port) < 1 << 16):
        raise UsageError(f"a Ray cluster is local, auto or HOST:PORT, not {address!r}")
    try:
        socket.create_connection((host.strip("[]"), int(port)), _PATIENCE).close()
    except OSError as error:
        raise ClusterError(
            f"no Ray cluster answers at {address} ({error.strerror or error}): see ray status on its head node"
        ) from error


def import_ray() -> Any:
    """The package. Raises UsageError where it is not installed."""
    try:
        import ray
        import ray.data
    except ModuleNotFoundError as error:
        raise UsageError(f"--ray needs the package {error.name}: pip install 'msgld[ray]'") from error
    return ray


def _join(ray: Any, address: str, folder: str | None) -> None:
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.CRITICAL}
    if folder:
        options |= {"_temp_dir": folder, "include_dashboard": False, "object_store_memory": STORE}
    try:
        with _no_standard_error(), _our_signals():
            ray.init(address, **options)
    except Exception as error:
        line = " ".join(str(error).split())
        what = "start Ray here" if folder else f"join the Ray cluster at {address}"
        raise ClusterError(f"cannot {what}: {line[:400] or type(error).__name__}") from error


@contextmanager
def _no_standard_error() -> Iterator[None]:
    """Ray's C++ code says on standard error how much it will say there."""
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


@contextmanager
def _our_signals() -> Iterator[None]:
    """Ray puts a handler of its own in place of the one that ends a program in good order."""
    kept = signal.getsignal(signal.SIGTERM)
    try:
        yield
    except SystemExit as error:  # Ray's handler says 15
        raise SystemExit(128 + signal.SIGTERM) from error
    finally:
        if threading.current_thread() is threading.main_thread() and kept is not None:
            signal.signal(signal.SIGTERM, kept)


def _machines(ray: Any) -> Machines:
    has = ray.cluster_resources()
    nodes = sum(node["Alive"] for node in ray.nodes())
    return Machines(nodes, int(has.get("CPU", 0)), int(has.get("GPU", 0)))


@contextmanager
def _environment(local: bool) -> Iterator[None]:
    """Settings that Ray reads from the environment, as far as the user has not chosen them.

    A cluster of our own has a token of its own: Ray would else write one into the user's home.
    """
    chosen = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_BACKEND_LOG_LEVEL": "fatal", "RAY_DEDUP_LOGS": "0"}
    if local:  # a busy machine may take longer than the 20 s that Ray allows
        chosen |= {"RAY_gcs_server_port_wait_time_s": "120"}
    if local and "RAY_AUTH_MODE" not in os.environ:
        chosen |= {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}
    added = {name: value for name, value in chosen.items() if name not in os.environ}
    os.environ.update(added)
    _read_again()
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)


def _read_again() -> None:
    """Ray reads how it authenticates when it is imported, and its servers when they start."""
    raylet = sys.modules.get("ray._raylet")
    if raylet is not None:
        with suppress(AttributeError):
            raylet.Config.initialize("")
            raylet.AuthenticationTokenLoader.instance().reset_cache()


@contextmanager
def _quiet(ray: Any) -> Iterator[None]:
    """Keep Ray's own lines off the terminal: outcomes and errors are printed by us, and standard output may be JSON.

    What happens on the nodes is printed to standard output whatever ``log_to_driver`` says (seen in 2.60).
    """
    module = ray._private.worker
    former = getattr(module, "print_to_stdstream", None)
    if former is not None:
        module.print_to_stdstream = lambda *lines, **settings: None
    levels = {name: logging.getLogger(name).level for name in ("ray", "ray.data")}
    for name in levels:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", module=r"ray\.")
            warnings.filterwarnings("ignore", message=".*deprecated and will be removed in Ray")
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
        if former is not None:
            with suppress(AttributeError):
                module.print_to_stdstream = former
