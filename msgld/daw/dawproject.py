"""DAWproject files (version 1.0 of the public format): a zip of ``project.xml``, ``metadata.xml`` and the sound files.

Read by Bitwig Studio, Studio One, Cubase and others. Element and attribute names are the format's
(https://github.com/bitwig/dawproject, ``Project.xsd``).
"""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from msgld.daw.project import Project, Recording, Track
from msgld.music.bars import Signature
from msgld.music.notes import Notes

PROJECT, METADATA = "project.xml", "metadata.xml"

SHORTEST = 1 / 960
"""Quarter notes that a note lasts at least."""


def write_dawproject(project: Project, folder: Path, path: Path, version: str) -> None:
    """Write a DAWproject file, which holds copies of the sound files.

    Args:
        project: whose sound files lie in ``folder``.
        folder: of the sound files.
        path: of the new file.
        version: of this program.
    """
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        archive.writestr(PROJECT, _xml(project_element(project, version)))
        archive.writestr(METADATA, _xml(metadata_element(project)))
        for track in project.tracks:
            if isinstance(track.content, Recording):
                file = track.content.file
                archive.write(folder / file, _inside(track.content), zipfile.ZIP_STORED)


def project_element(project: Project, version: str) -> Element:
    """The root of ``project.xml``."""
    names = (f"id{number}" for number in count())
    root = Element("Project", version="1.0")
    SubElement(root, "Application", name="msgld", version=version)
    tempo, metre = next(names), next(names)
    _transport(root, project, tempo, metre)
    structure = SubElement(root, "Structure")
    master = _channel(structure, "Master", "audio notes", names, {"role": "master"})[1]
    lanes = {
        id(track): _channel(
            structure, track.name, _kind(track), names, {"role": "regular", "destination": master}
        )[0]
        for track in project.tracks
    }
    arrangement = SubElement(root, "Arrangement", id=next(names))
    everything = SubElement(arrangement, "Lanes", timeUnit="beats", id=next(names))
    for track in project.tracks:
        _clip(everything, project, track, lanes[id(track)], names)
    _markers(arrangement, project, names)
    _tempo(arrangement, project, tempo, names)
    _metre(arrangement, project, metre, names)
    return root


def metadata_element(project: Project) -> Element:
    """The root of ``metadata.xml``."""
    root = Element("MetaData")
    SubElement(root, "Title").text = project.name
    return root


def _transport(root: Element, project: Project, tempo: str, metre: str) -> None:
    (_, bpm), first = project.tempos[0], project.signatures[0]
    transport = SubElement(root, "Transport")
    SubElement(
        transport, "Tempo", unit="bpm", value=_number(bpm), min="20", max="666", id=tempo, name="Tempo"
    )
    SubElement(transport, "TimeSignature", {"id": metre, **_signature(first)})


def _channel(
    structure: Element, name: str, kind: str, names: Iterator[str], settings: Mapping[str, str]
) -> tuple[str, str]:
    """A track with its channel; the ids of both."""
    lane, channel = next(names), next(names)
    track = SubElement(structure, "Track", contentType=kind, loaded="true", id=lane, name=name)
    strip = SubElement(track, "Channel", {"audioChannels": "2", "solo": "false", "id": channel, **settings})
    SubElement(strip, "Mute", value="false", id=next(names), name="Mute")
    SubElement(strip, "Pan", unit="normalized", value="0.5", min="0", max="1", id=next(names), name="Pan")
    SubElement(strip, "Volume", unit="linear", value="1", min="0", max="2", id=next(names), name="Volume")
    return lane, channel


def _kind(track: Track) -> str:
    return "audio" if isinstance(track.content, Recording) else "notes"


def _clip(everything: Element, project: Project, track: Track, lane: str, names: Iterator[str]) -> None:
    """One clip from the beginning to the end of a track's content."""
    lanes = SubElement(everything, "Lanes", track=lane, id=next(names))
    clips = SubElement(lanes, "Clips", id=next(names))
    content = track.content
    if isinstance(content, Notes):
        clip = SubElement(clips, "Clip", name=track.name, time="0", duration=_number(project.beats),
                          contentTimeUnit="beats", playStart="0")  # fmt: skip
        _notes(SubElement(clip, "Notes", id=next(names)), content)
        return
    seconds = _number(content.seconds)
    clip = SubElement(clips, "Clip", name=track.name, time="0",
                      duration=_number(project.beat_at(content.seconds)), contentTimeUnit="seconds",
                      playStart="0", playStop=seconds)  # fmt: skip
    audio = SubElement(clip, "Audio", algorithm="raw", channels=str(content.channels), sampleRate=str(content.rate),
                       duration=seconds, id=next(names))  # fmt: skip
    SubElement(audio, "File", path=_inside(content), external="false")


def _notes(parent: Element, notes: Notes) -> None:
    rows = zip(
        *(one.tolist() for one in (notes.onset, notes.duration, notes.pitch, notes.velocity)), strict=True
    )
    for onset, duration, pitch, velocity in rows:
        loud, start = _number(velocity / 127), max(0.0, onset)
        length = max(SHORTEST, onset + duration - start)
        SubElement(parent, "Note", time=_number(start), duration=_number(length), channel="0",
                   key=str(pitch), vel=loud, rel=loud)  # fmt: skip


def _markers(arrangement: Element, project: Project, names: Iterator[str]) -> None:
    if project.markers:
        markers = SubElement(arrangement, "Markers", timeUnit="beats", id=next(names))
        for beat, name in project.markers:
            SubElement(markers, "Marker", time=_number(beat), name=name)


def _tempo(arrangement: Element, project: Project, tempo: str, names: Iterator[str]) -> None:
    points = SubElement(arrangement, "TempoAutomation", unit="bpm", timeUnit="beats", id=next(names))
    SubElement(points, "Target", parameter=tempo)
    for beat, bpm in project.tempos:
        SubElement(points, "RealPoint", time=_number(beat), value=_number(bpm), interpolation="hold")


def _metre(arrangement: Element, project: Project, metre: str, names: Iterator[str]) -> None:
    points = SubElement(arrangement, "TimeSignatureAutomation", timeUnit="beats", id=next(names))
    SubElement(points, "Target", parameter=metre)
    for sign in project.signatures:
        SubElement(points, "TimeSignaturePoint", {"time": _number(sign.beat), **_signature(sign)})


def _signature(sign: Signature) -> dict[str, str]:
    return {"numerator": str(sign.numerator), "denominator": str(sign.denominator)}


def _inside(recording: Recording) -> str:
    """Where a sound file lies in the zip."""
    return f"audio/{recording.file}"


def _number(value: float) -> str:
    return f"{value:.9f}".rstrip("0").rstrip(".") or "0"


def _xml(root: Element) -> bytes:
    ElementTree.indent(root)
    found: bytes = ElementTree.tostring(root, "utf-8", xml_declaration=True)
    return found
