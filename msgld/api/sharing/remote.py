"""The Hugging Face Hub, by way of huggingface_hub: what a repository holds, and its files one by one."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from msgld.api.sharing.address import Address
from msgld.errors import ModelError, MsgldError

PATIENCE = 5.0
"""Seconds in which the Hub has to answer the first question; huggingface_hub alone would try for 23 s, or for ever."""

_YES = {"1", "on", "yes", "true"}


@dataclass(frozen=True)
class Remote:
    """A repository as the Hub lists it.

    Attributes:
        address: of the model.
        commit: that its revision is at.
        files: name -> size in bytes, and sha256 where the Hub knows it.
    """

    address: Address
    commit: str
    files: Mapping[str, tuple[int, str | None]]


def check_online(what: object) -> None:
    """Raise ModelError where ``MSGLD_OFFLINE`` or ``HF_HUB_OFFLINE`` forbid to ask the Hub for something."""
    for name in ("MSGLD_OFFLINE", "HF_HUB_OFFLINE"):
        if os.environ.get(name, "").lower() in _YES:
            raise ModelError(
                f"{what} is not on this machine, and {name} is set: unset it, or bring the model's folder here"
            )


def look_up(address: Address) -> Remote:
    """Ask the Hub once what a model consists of.

    Raises:
        ModelError: the Hub cannot be reached or has no such model or revision, or huggingface_hub is missing.
    """
    check_online(address)
    with _failures(address):
        from huggingface_hub import HfApi

        api = HfApi(endpoint=_endpoint(), library_name="msgld")
        found = api.model_info(
            address.repository, revision=address.revision, timeout=PATIENCE, files_metadata=True
        )
    files = {
        one.rfilename: (one.size or 0, one.lfs.sha256 if one.lfs else None) for one in found.siblings or ()
    }
    return Remote(address, str(found.sha), files)


def fetch(remote: Remote, name: str, folder: Path, on_bytes: Callable[[int], None]) -> None:
    """Bring a file of the Hub into a folder. It appears whole; one that is there already is not brought again.

    Args:
        remote: the repository.
        name: of the file.
        folder: of the new file.
        on_bytes: called with the bytes that came; negative where some are begun again.

    Raises:
        ModelError: it cannot be had or written; one line.
    """
    with _failures(remote.address):
        from huggingface_hub import hf_hub_download

        hf_hub_download(
            remote.address.repository,
            name,
            revision=remote.commit,
            local_dir=folder,
            endpoint=_endpoint(),
            library_name="msgld",
            tqdm_class=_counting(on_bytes),
        )


def _counting(on_bytes: Callable[[int], None]) -> Any:
    """A class of progress bars that show nothing, and report instead."""
    from huggingface_hub.utils.tqdm import tqdm

    class Counting(tqdm):  # type: ignore[misc, type-arg, unused-ignore]
        def __init__(self, *args: Any, **options: Any) -> None:
            # Files of its fast store get two bars, of the bytes that came and of those that were written.
            self.counts = not str(options.get("name", "")).endswith(".transfer")
            super().__init__(*args, **{**options, "disable": True})

        def update(self, n: float | None = 1) -> None:
            if self.counts:
                on_bytes(int(n or 0))

    return Counting


def _endpoint() -> str:
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or "https://huggingface.co"


@contextmanager
def _failures(address: Address) -> Iterator[None]:
    """What goes wrong becomes a ModelError; huggingface_hub's own warnings are left out."""
    log = logging.getLogger("huggingface_hub")
    former = log.level
    try:
        log.setLevel(logging.CRITICAL)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            yield
    except (MsgldError, MemoryError):
        raise
    except ImportError as error:
        raise ModelError(
            f"models of the Hugging Face Hub need the package {error.name}: pip install 'msgld[hub]'"
        ) from error
    except Exception as error:  # huggingface_hub raises those of whichever HTTP library it is built on
        raise ModelError(_line(address, error)) from error
    finally:
        log.setLevel(former)


def _line(address: Address, error: Exception) -> str:
    """What went wrong, for people."""
    from huggingface_hub import errors

    where = _endpoint()
    match error:
        case errors.GatedRepoError():
            page = f"{where}/{address.repository}"
            return f"{address} is open only to whom its owner admits: ask for it at {page}, then set HF_TOKEN"
        case errors.RepositoryNotFoundError():
            return f"no model {address.repository} on {where}: check the name; if it is private, set HF_TOKEN"
        case errors.RevisionNotFoundError():
            return f"{address.repository} has no revision {address.revision!r} on {where}"
        case errors.RemoteEntryNotFoundError():
            return f"{address} lacks a file that it lists on {where}: it has been changed, try again"
        case errors.HfHubHTTPError():
            status = getattr(error.response, "status_code", "an error")
            return f"{where} answered {status} when asked for {address}: try again later"
        case errors.OfflineModeIsEnabled():
            return f"{address} is not on this machine, and HF_HUB_OFFLINE was set when the process began"
        case OSError() if error.errno is not None and error.strerror and error.filename:
            return f"cannot write {error.filename}: {error.strerror}"
        case OSError() if (
            error.errno is not None and error.strerror and not isinstance(error, ConnectionError)
        ):
            return f"cannot keep {address}: {error.strerror}"
    kind = type(error.__cause__ or error).__name__
    return (
        f"cannot get {address} from {where} ({kind}): check the network and HF_ENDPOINT, and try again; "
        "whole files that came are kept"
    )
