"""Models of others: their addresses on the Hugging Face Hub, and their places in the cache.

The cache holds ``hub/OWNER--NAME/COMMIT/`` with the files of a model, and ``hub/OWNER--NAME/refs/`` with the commit of
each revision that was downloaded by name. A folder of a commit is there when it is whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from msgld.description import FILE
from msgld.errors import UsageError
from msgld.ranges import shown

_PART = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,94}[A-Za-z0-9_])?"
_REVISION = r"[A-Za-z0-9_][A-Za-z0-9_./+-]{0,199}"
_ADDRESS = re.compile(rf"(?P<owner>{_PART})/(?P<name>{_PART})(?:@(?P<revision>{_REVISION}))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")

MAIN = "main"
"""The revision that is meant where none is named."""


@dataclass(frozen=True)
class Address:
    """A model on the Hub.

    Attributes:
        owner: a person or an organisation.
        name: of the model.
        revision: a branch, a tag or a commit.
    """

    owner: str
    name: str
    revision: str = MAIN

    @property
    def repository(self) -> str:
        """Owner and name."""
        return f"{self.owner}/{self.name}"

    def __str__(self) -> str:
        return self.repository if self.revision == MAIN else f"{self.repository}@{self.revision}"

    def place(self, hub: Path) -> Path:
        """The folder of all its revisions below the cache's folder ``hub``."""
        return hub / f"{self.owner}--{self.name}"

    def find(self, hub: Path) -> Path | None:
        """The folder of a model that was downloaded, None where there is none."""
        place = self.place(hub)
        commit = self.revision if _COMMIT.fullmatch(self.revision) else _commit(_ref(place, self.revision))
        return place / commit if commit and (place / commit / FILE).is_file() else None

    def keep(self, hub: Path, commit: str) -> None:
        """Note that the revision is at a commit."""
        ref = _ref(self.place(hub), self.revision)
        ref.parent.mkdir(parents=True, exist_ok=True)
        unfinished = ref.with_name(ref.name + ".partial")
        unfinished.write_text(commit, encoding="utf-8")
        unfinished.replace(ref)


def address_of(model: str, revision: str | None = None) -> Address | None:
    """The address that a text is, ``owner/name`` or ``owner/name@revision``; None where it is none.

    Raises:
        UsageError: the revision is named twice, or is none.
    """
    found = _ADDRESS.fullmatch(model)
    if found is None or "--" in model.partition("@")[0] or ".." in model:
        return None
    if revision is not None and found["revision"]:
        raise UsageError(f"name the revision once: {found['revision']!r} or {revision!r}")
    chosen = revision or found["revision"] or MAIN
    if not re.fullmatch(_REVISION, chosen) or ".." in chosen:
        raise UsageError(f"a revision is a branch, a tag or a commit, not {shown(chosen)}")
    return Address(found["owner"], found["name"], chosen)


def downloaded(hub: Path) -> Iterator[tuple[str, Path]]:
    """Address and folder of each model in the cache; several revisions may share a folder."""
    for place in sorted(hub.glob("*--*")):
        repository = place.name.replace("--", "/", 1)
        refs = {unquote(path.name): _commit(path) for path in sorted((place / "refs").glob("*"))}
        alone = {path.parent.name for path in place.glob(f"*/{FILE}")} - set(refs.values())
        refs |= {commit: commit for commit in sorted(alone)}
        for revision in refs:
            address = address_of(f"{repository}@{revision}")
            folder = address.find(hub) if address else None
            if folder:
                yield str(address), folder


def _ref(place: Path, revision: str) -> Path:
    return place / "refs" / quote(revision, safe="")


def _commit(ref: Path) -> str | None:
    """The commit that a file of ``refs`` holds."""
    try:
        text = ref.read_text(encoding="utf-8")[:41]
    except (OSError, ValueError):
        return None
    return text if _COMMIT.fullmatch(text) else None
