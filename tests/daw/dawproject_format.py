"""The elements of DAWproject 1.0 that msgld writes: their attributes and children, after the public ``Project.xsd``."""

from __future__ import annotations

from dataclasses import dataclass
from xml.etree.ElementTree import Element

NAMED = frozenset({"name", "color", "comment"})
REFERABLE = NAMED | {"id"}
PARAMETER = REFERABLE | {"parameterID"}
TIMELINE = REFERABLE | {"timeUnit", "track"}
UNITS = {"linear", "normalized", "percent", "decibel", "hertz", "semitones", "seconds", "beats", "bpm"}
TIME_UNITS = {"beats", "seconds"}
CONTENT = {"audio", "automation", "notes", "video", "markers", "tracks"}
ROLES = {"regular", "master", "effect", "submix", "vca"}
WORDS = {"unit": UNITS, "timeUnit": TIME_UNITS, "contentTimeUnit": TIME_UNITS, "contentType": CONTENT, "role": ROLES,
         "interpolation": {"hold", "linear"}}  # fmt: skip


@dataclass(frozen=True)
class Kind:
    """An element: what it must have, what it may have, and its children in their order; ``*`` repeats."""

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    children: tuple[str, ...] = ()


def kind(required: str = "", optional: frozenset[str] | set[str] = frozenset(), children: str = "") -> Kind:
    return Kind(frozenset(required.split()), frozenset(optional), tuple(children.split()))


FORMAT = {
    "Project": kind("version", children="Application Transport Structure Arrangement"),
    "Application": kind("name version"),
    "Transport": kind(children="Tempo TimeSignature"),
    "Tempo": kind("unit", PARAMETER | {"max", "min", "value"}),
    "TimeSignature": kind("denominator numerator", PARAMETER),
    "Structure": kind(children="Track*"),
    "Track": kind("", REFERABLE | {"contentType", "loaded"}, "Channel"),
    "Channel": kind("", REFERABLE | {"audioChannels", "destination", "role", "solo"}, "Mute Pan Volume"),
    "Mute": kind("", PARAMETER | {"value"}),
    "Pan": kind("unit", PARAMETER | {"max", "min", "value"}),
    "Volume": kind("unit", PARAMETER | {"max", "min", "value"}),
    "Arrangement": kind("", REFERABLE, "Lanes Markers TempoAutomation TimeSignatureAutomation"),
    "Lanes": kind("", TIMELINE, "Lanes* Clips*"),
    "Clips": kind("", TIMELINE, "Clip*"),
    "Clip": kind("time", NAMED | {"duration", "contentTimeUnit", "playStart", "playStop"}, "Notes Audio"),
    "Audio": kind("duration channels sampleRate", TIMELINE | {"algorithm"}, "File"),
    "File": kind("path", {"external"}),
    "Notes": kind("", TIMELINE, "Note*"),
    "Note": kind("time duration channel key", {"vel", "rel"}),
    "Markers": kind("", TIMELINE, "Marker*"),
    "Marker": kind("time", NAMED),
    "TempoAutomation": kind("", TIMELINE | {"unit"}, "Target RealPoint*"),
    "TimeSignatureAutomation": kind("", TIMELINE | {"unit"}, "Target TimeSignaturePoint*"),
    "Target": kind("", {"parameter"}),
    "RealPoint": kind("time value", {"interpolation"}),
    "TimeSignaturePoint": kind("time numerator denominator"),
}


def faults(root: Element) -> list[str]:
    """What a project has that the format does not, or lacks."""
    ids = [one.get("id") for one in root.iter() if one.get("id")]
    found = [] if len(set(ids)) == len(ids) else ["an id is there twice"]
    for one in root.iter():
        found += _faults_of(one, set(ids))
    return found


def _faults_of(one: Element, ids: set[str | None]) -> list[str]:
    allowed = FORMAT.get(one.tag)
    if allowed is None:
        return [f"no element {one.tag}"]
    own = set(one.keys())
    found = [f"{one.tag} lacks {name}" for name in allowed.required - own]
    found += [f"{one.tag} has no {name}" for name in own - allowed.required - allowed.optional]
    places = [child.rstrip("*") for child in allowed.children]
    order = [places.index(child.tag) if child.tag in places else -1 for child in one]
    if order != sorted(order) or -1 in order:
        found.append(f"{one.tag} has {[child.tag for child in one]}")
    single = [name for name, child in zip(places, allowed.children, strict=True) if not child.endswith("*")]
    found += [f"{one.tag} has {name} twice" for name in single if len(one.findall(name)) > 1]
    found += [f"{name} of {one.tag} leads nowhere" for name in ("track", "destination", "parameter")
              if one.get(name) is not None and one.get(name) not in ids]  # fmt: skip
    for name, values in WORDS.items():
        found += [
            f"{name} of {one.tag}: {word}" for word in (one.get(name) or "").split() if word not in values
        ]
    return found
