"""The model card that goes along with a shared model, in the form that the Hugging Face Hub reads."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from msgld.api.store import tasks_of
from msgld.errors import one_line

_FACTS = {
    "data": "data",
    "soundfonts": "soundfonts",
    "machine": "machine",
    "history": "history",
}
"""Entries of a model's ``info`` that the card shows, and their headings."""


_CREATIVE_COMMONS = {f"cc-by{more}-4.0" for more in ("", "-sa", "-nc", "-nd", "-nc-sa", "-nc-nd")}
_LICENCES = {
    *_CREATIVE_COMMONS,
    *(
        "cc0-1.0",
        "mit",
        "apache-2.0",
        "bsd-2-clause",
        "bsd-3-clause",
        "isc",
        "zlib",
        "bsl-1.0",
        "mpl-2.0",
        "unlicense",
    ),
    *("gpl-2.0", "gpl-3.0", "lgpl-2.1", "lgpl-3.0", "agpl-3.0", "eupl-1.2", "epl-2.0", "artistic-2.0"),
}
"""Identifiers that the Hub knows; it refuses cards with others."""


def card(about: Mapping[str, Any], sizes: Mapping[str, int], longer: bool = False) -> str:
    """The text of ``README.md``.

    Args:
        about: the content of ``model.json``.
        sizes: part -> bytes of its file.
        longer: whether there is a ``MODEL_CARD.md`` beside it.
    """
    info = about["info"]
    name, licence = str(info.get("name", "model")), info.get("licence")
    lines = [
        *_head(licence),
        f"# {_plain(name)}",
        "",
        f"A model of music in stems ({', '.join(map(_plain, about['stems']))}) for msgld. "
        f"It can {', '.join(tasks_of(about['parts']))}.",
        *(["", "More about it: [MODEL_CARD.md](MODEL_CARD.md)."] if longer else []),
        "",
        "## Use",
        "",
        "    pip install 'msgld[hub]'",
        "    msgld models download OWNER/NAME",
        "    msgld separate song.mp3 --name OWNER/NAME",
        "",
        '`OWNER/NAME` is the address of this page. In Python: `msgld.Msgld.from_pretrained("OWNER/NAME")`.',
        "",
        "## Parts",
        "",
        "| part | kind | MB | sha256 |",
        "|---|---|---|---|",
        *(
            f"| {_plain(part)} | {_plain(one['kind'])} | {sizes[part] / 1e6:.1f} | `{one['sha256']}` |"
            for part, one in about["parts"].items()
        ),
        "",
        "## Training",
        "",
        *_training(info),
        "",
        "## Licence",
        "",
        _plain(licence) if licence else "Not stated. Without one, ask the owner before you pass it on.",
    ]
    return "\n".join(lines) + "\n"


def _head(licence: str | None) -> list[str]:
    """What the Hub reads of a card."""
    short = str(licence).lower()
    stated = [f"license: {short if short in _LICENCES else 'other'}"] if licence else []
    stated += [f"license_name: {json.dumps(short)}"] if licence and short not in _LICENCES else []
    tags = [f"- {tag}" for tag in ("music", "music-source-separation", "music-generation")]
    return ["---", "library_name: msgld", *stated, "pipeline_tag: audio-to-audio", "tags:", *tags, "---", ""]


def _training(info: Mapping[str, Any]) -> Iterator[str]:
    training = info.get("training")
    if isinstance(training, Mapping):
        yield "* last run: " + ", ".join(f"{_plain(value)} {_plain(key)}" for key, value in training.items())
    for key, heading in _FACTS.items():
        value = info.get(key)
        if value:
            several = value if isinstance(value, list) else [value]
            yield f"* {heading}: {'; '.join(map(_plain, several))}"
    if not training and not any(info.get(key) for key in _FACTS):
        yield "Not stated."


def _plain(value: object) -> str:
    """Text on one line that Markdown leaves as it is."""
    return one_line(" ".join(str(value).split())).replace("|", "\\|").replace("<", "&lt;")
