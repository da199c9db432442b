"""REAPER as far as the script uses it: the functions of ``reaper_api.json``, which refuse any other use.

The table has REAPER's functions with the types that they take and give (a question mark: may be nil, or left out at the
end) and the values that may be read (r) and written (w), after the public listing of ReaScript's API, 7.x.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import soundfile
from lupa.lua54 import LuaRuntime, lua_type

API = json.loads(Path(__file__).with_name("reaper_api.json").read_text())
PLAIN = {"string": str, "integer": int, "number": (int, float), "boolean": bool}
TICKS_A_SECOND = 1920  # at 120 quarter notes a minute


class Misuse(Exception):
    """A call that REAPER would not take."""


@dataclass(eq=False)
class Thing:
    """Something that REAPER hands out a pointer to."""

    kind: str
    values: dict[str, Any] = field(default_factory=dict)
    parts: list[Thing] = field(default_factory=list)
    owner: Thing | None = None


def track(name: str = "", **values: float) -> Thing:
    return Thing("MediaTrack", {"P_NAME": name, "D_VOL": 1.0, "D_PAN": 0.0, "I_FOLDERDEPTH": 0.0, **values})


ITEM = {"D_POSITION": 0.0, "D_LENGTH": 0.0, "B_LOOPSRC": 1.0, "B_MUTE": 0.0, "D_VOL": 1.0, "D_FADEINLEN": 0.01,
        "D_FADEOUTLEN": 0.01, "C_FADEINSHAPE": 0.0, "C_FADEOUTSHAPE": 0.0, "C_BEATATTACHMODE": -1.0}  # fmt: skip
TAKE = {"D_STARTOFFS": 0.0, "D_VOL": 1.0, "D_PAN": 0.0, "D_PLAYRATE": 1.0, "D_PITCH": 0.0, "B_PPITCH": 1.0,
        "I_CHANMODE": 0.0, "I_PITCHMODE": -1.0, "P_NAME": ""}  # fmt: skip


@dataclass
class Reaper:
    """REAPER with one project.

    Attributes:
        path: the project's folder for recordings.
        system: as ``GetOS`` names it.
        answers: what the user types into the dialogue; None cancels it.
        execute: stands for ``os.execute`` and ``ExecProcess``.
        gone: ids of what was deleted or closed.
        fails: the function that fails.
        frozen: how often redrawing is held.
        wait: seconds between two calls of deferred functions.
    """

    path: Path
    system: str = "Other"
    answers: str | None = "stems,normal,yes,,"
    execute: Callable[[str], Any] = lambda command: True
    tracks: list[Thing] = field(default_factory=list)
    selected: list[Thing] = field(default_factory=list)
    project: Thing = field(default_factory=lambda: Thing("ReaProject"))
    gone: set[int] = field(default_factory=set)
    sources: list[Thing] = field(default_factory=list)
    settings: dict[str, str] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    undo: list[tuple[str, int]] = field(default_factory=list)
    deferred: list[Callable[[], None]] = field(default_factory=list)
    at_exit: list[Callable[[], None]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    fails: str = ""
    open_block: bool = False
    frozen: int = 0
    clock: float = 0.0
    wait: float = 0.0

    def __post_init__(self) -> None:
        self.lua = LuaRuntime(unpack_returned_tuples=True, register_eval=False)
        self.handles: dict[int, Any] = {}
        self.things: dict[int, Thing] = {}
        for name in ("reaper", "gfx"):
            functions = {call: self._guarded(name, call) for call in API[name]}
            self.lua.globals()[name] = self.lua.table_from(functions)
        self.lua.globals()["gfx"]["w"], self.lua.globals()["gfx"]["h"] = 480, 84
        self.lua.globals()["os"]["execute"] = self._execute
        self.lua.execute(
            "local known = {x = true, y = true, w = true, h = true}\n"
            "for _, name in ipairs({'reaper', 'gfx'}) do\n"
            "  setmetatable(_G[name], {__index = function(_, key)\n"
            "    if not known[key] then error(name .. ' has no ' .. key) end end})\n"
            "end"
        )

    # Use

    def add_item(
        self, on: Thing, file: Path | str, position: float, length: float, kind: str = "WAVE", **take: float
    ) -> Thing:
        """A selected item with a sound file."""
        source = Thing("PCM_source", {"file": str(file), "kind": kind})
        one = Thing("MediaItem_Take", {**TAKE, "P_NAME": Path(file).stem, **take}, [source])
        item = Thing("MediaItem", {**ITEM, "D_POSITION": position, "D_LENGTH": length}, [one], on)
        on.parts.append(item)
        self.selected.append(item)
        return item

    def run(self, script: str, most: int = 10_000) -> None:
        """Run a script until it has ended."""
        self.lua.execute(script)
        for _ in range(most):
            if not self.deferred:
                break
            self.deferred.pop(0)()
            time.sleep(self.wait)
        assert not self.deferred, "the script does not end"
        for work in self.at_exit:
            work()
        assert not self.open_block and not self.frozen

    def state(self) -> Any:
        """All that is in the project."""
        return [_plain(one) for one in self.tracks]

    # Calls

    def _guarded(self, table: str, name: str) -> Callable[..., Any]:
        takes, gives = API[table][name]["takes"], API[table][name]["gives"]
        work = getattr(self, name if table == "reaper" else f"gfx_{name}")

        def call(*arguments: Any) -> Any:
            self.fits(name, takes, arguments)
            if name == self.fails:
                raise Misuse(f"{name} failed")
            found = work(*(self.thing(one) for one in arguments))
            found = found if isinstance(found, tuple) else () if found is None and not gives else (found,)
            given = tuple(self.handle(one) for one in found)
            self.fits(f"{name}'s result", gives, given)
            return given if len(given) != 1 else given[0]

        return call

    def fits(self, name: str, wanted: list[str], given: tuple[Any, ...]) -> None:
        least = len([one for one in wanted if not one.endswith("?")])
        if not least <= len(given) <= len(wanted):
            raise Misuse(f"{name} takes {wanted}, not {given}")
        for kind, one in zip(wanted, given, strict=False):
            if not (one is None and kind.endswith("?")) and not self._is(kind.rstrip("?"), one):
                raise Misuse(f"{name} takes {wanted}, not {given}")

    def _is(self, kind: str, one: Any) -> bool:
        if kind == "function":
            return lua_type(one) == "function"
        if kind in PLAIN:
            return isinstance(one, PLAIN[kind]) and isinstance(one, bool) == (kind == "boolean")
        thing = self.thing(one)
        return isinstance(thing, Thing) and (
            kind == "pointer" or (kind == thing.kind and id(thing) not in self.gone)
        )

    def handle(self, one: Any) -> Any:
        if not isinstance(one, Thing):
            return one
        if id(one) not in self.handles:
            self.things[id(one)] = one
            self.handles[id(one)] = self.lua.table_from({"pointer": id(one)})
        return self.handles[id(one)]

    def thing(self, one: Any) -> Any:
        if lua_type(one) != "table":
            return one
        return self.things[one["pointer"]]

    def _execute(self, command: str) -> Any:
        self.commands.append(command)
        return self.execute(command)

    def changing(self) -> None:
        if not self.open_block:
            raise Misuse("the project is changed outside an undo block")

    # Functions of REAPER

    def CountSelectedMediaItems(self, project):
        return len(self.selected)

    def GetSelectedMediaItem(self, project, number):
        return self.selected[number]

    def GetActiveTake(self, item):
        return item.parts[0] if item.parts else None

    def TakeIsMIDI(self, take):
        return take.parts[0].values["kind"] == "MIDI"

    def GetTakeName(self, take):
        return take.values["P_NAME"]

    def GetTakeNumStretchMarkers(self, take):
        return int(take.values.get("markers", 0))

    def GetMediaItemTake_Source(self, take):
        return take.parts[0]

    def GetMediaItem_Track(self, item):
        return item.owner

    def GetMediaSourceType(self, source, buffer=""):
        return source.values["kind"]

    def GetMediaSourceFileName(self, source, buffer=""):
        return source.values["file"]

    def GetMediaSourceLength(self, source):
        info = soundfile.info(source.values["file"])
        return info.frames / info.samplerate, False

    def GetOS(self):
        return self.system

    def GetProjectPathEx(self, project, buffer=""):
        return str(self.path)

    def GetTrackName(self, track):
        return True, track.values["P_NAME"] or f"Track {self.tracks.index(track) + 1}"

    def CountTracks(self, project):
        return len(self.tracks)

    def GetTrack(self, project, index):
        return self.tracks[index]

    def EnumProjects(self, number):
        return self.project, "song.rpp"

    def GetExtState(self, section, key):
        return self.settings.get(f"{section}/{key}", "")

    def SetExtState(self, section, key, value, persist):
        self.settings[f"{section}/{key}"] = value

    def file_exists(self, path):
        return Path(path).is_file()

    def time_precise(self):
        self.clock += 0.3
        return self.clock

    def ShowMessageBox(self, text, title, kind):
        self.messages.append(text)
        return 1

    def GetUserInputs(self, title, fields, captions, values):
        self.asked = (captions.split(",")[:fields], values)
        return self.answers is not None, self.answers or ""

    def RecursiveCreateDirectory(self, path, ignored):
        Path(path).mkdir(parents=True, exist_ok=True)
        return 1

    def ExecProcess(self, command, timeout):
        self.commands.append(command)
        return self.execute(command)

    def ValidatePtr(self, pointer, kind):
        return pointer.kind == kind.rstrip("*") and id(pointer) not in self.gone

    def defer(self, work):
        self.deferred.append(work)
        return True

    def atexit(self, work):
        self.at_exit.append(work)

    def SelectProjectInstance(self, project):
        pass

    def Undo_BeginBlock2(self, project):
        assert not self.open_block
        self.open_block = True

    def Undo_EndBlock2(self, project, text, flags):
        self.changing()
        self.open_block = False
        self.undo.append((text, flags))

    def PreventUIRefresh(self, count):
        self.frozen += count

    def TrackList_AdjustWindows(self, minor):
        pass

    def UpdateArrange(self):
        pass

    def Main_OnCommand(self, command, flag):
        self.commands.append(str(command))

    def InsertTrackAtIndex(self, index, defaults):
        self.changing()
        assert 0 <= index <= len(self.tracks)
        self.tracks.insert(index, track())

    def DeleteTrack(self, one):
        self.changing()
        self.tracks.remove(one)

    def AddMediaItemToTrack(self, on):
        self.changing()
        on.parts.append(Thing("MediaItem", dict(ITEM), [], on))
        return on.parts[-1]

    def AddTakeToMediaItem(self, item):
        item.parts.append(Thing("MediaItem_Take", dict(TAKE), [], item))
        return item.parts[-1]

    def PCM_Source_CreateFromFile(self, path):
        try:
            soundfile.info(path)
        except soundfile.LibsndfileError:
            return None
        self.sources.append(Thing("PCM_source", {"file": path, "kind": "WAVE"}))
        return self.sources[-1]

    def PCM_Source_Destroy(self, source):
        self.sources.remove(source)

    def SetMediaItemTake_Source(self, take, source):
        self.sources.remove(source)
        take.parts.append(source)
        return True

    def CreateNewMIDIItemInProj(self, on, start, stop, in_beats=False):
        self.changing()
        take = Thing("MediaItem_Take", dict(TAKE), [Thing("PCM_source", {"kind": "MIDI"})])
        item = Thing("MediaItem", {**ITEM, "D_POSITION": start, "D_LENGTH": stop - start}, [take], on)
        take.owner = item
        on.parts.append(item)
        return item

    def MIDI_GetPPQPosFromProjTime(self, take, time):
        return (time - take.owner.values["D_POSITION"]) * TICKS_A_SECOND

    def MIDI_InsertNote(self, take, selected, muted, start, stop, channel, pitch, velocity, unsorted=False):
        take.values.setdefault("notes", []).append((start, stop, channel, pitch, velocity))
        return True

    def MIDI_Sort(self, take):
        take.values.setdefault("notes", []).sort()

    def _get(self, thing, name):
        if name not in API["values"][thing.kind]:
            raise Misuse(f"{thing.kind} has no {name}")
        return float(self.tracks.index(thing) + 1) if name == "IP_TRACKNUMBER" else float(thing.values[name])

    def _set(self, thing, name, value):
        self.changing()
        if "w" not in API["values"][thing.kind].get(name, ""):
            raise Misuse(f"{thing.kind} has no {name} to set")
        thing.values[name] = value
        return True

    def _text(self, thing, name, text, setting):
        assert setting and self._set(thing, name, text)
        return True, text

    GetMediaItemInfo_Value = GetMediaItemTakeInfo_Value = GetMediaTrackInfo_Value = _get
    SetMediaItemInfo_Value = SetMediaItemTakeInfo_Value = SetMediaTrackInfo_Value = _set
    GetSetMediaItemTakeInfo_String = GetSetMediaTrackInfo_String = _text

    def gfx_init(self, title, width, height):
        pass

    def gfx_quit(self):
        pass

    def gfx_update(self):
        pass

    def gfx_set(self, red, green, blue):
        pass

    def gfx_rect(self, x, y, width, height, filled):
        pass

    def gfx_drawstr(self, text):
        self.drawn.append(text)

    def gfx_getchar(self):
        return self.keys.pop(0) if self.keys else 0


def _plain(one: Thing) -> Any:
    return one.kind, dict(one.values), [_plain(part) for part in one.parts]
