"""Takes: their sound, their pictures, their notes, their files."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from fastapi import Path as InPath
from pydantic import BaseModel
from starlette.responses import FileResponse, Response, StreamingResponse

from msgld.studio.errors import Refused
from msgld.studio.library.drawing import peaks_of, spectrogram_of
from msgld.studio.library.names import TAKE_ID, as_title, slug
from msgld.studio.library.projects import ProjectFolder
from msgld.studio.library.records import read_json
from msgld.studio.library.sound import LONGEST, source_of
from msgld.studio.library.takes import own_file
from msgld.studio.routes.projects import ProjectId, Renamed
from msgld.studio.routes.zipped import zipped
from msgld.studio.schemas import Take
from msgld.studio.studio import Here, Studio
from msgld.studio.worker.finishing import NOTES
from msgld.studio.worker.workstation import add_projects

router = APIRouter(tags=["takes"], prefix="/projects/{project}/takes/{take}")

TakeId = Annotated[str, InPath(pattern=f"^{TAKE_ID}$")]
TakeOrSong = Annotated[str, InPath(pattern=f"^({TAKE_ID}|song)$")]
Track = Annotated[str, InPath(max_length=200)]


class PeaksOf(BaseModel):
    """The least and the greatest sample in each column, -127 to 127."""

    min: list[int]
    max: list[int]


class ShownNotes(BaseModel):
    """Notes of each stem, bar lines and beats in seconds, the chord of each bar."""

    stems: dict[str, list[dict[str, float]]] = {}
    bars: list[float] = []
    beats: list[float] = []
    chords: list[str] = []
    key: str | None = None
    bpm: float | None = None


def _place(studio: Here, project: str) -> ProjectFolder:
    return studio.projects.place(project)


@router.get("")
def read(studio: Here, project: ProjectId, take: TakeId) -> Take:
    """One take."""
    return _place(studio, project).takes.read(take)


@router.patch("")
def rename(studio: Here, project: ProjectId, take: TakeId, new: Renamed) -> Take:
    """Give a take another title."""
    takes = _place(studio, project).takes
    takes.change(take, title=as_title(new.title, takes.read(take).task))
    studio.changed(project)
    return takes.read(take)


@router.delete("", status_code=204)
def delete(studio: Here, project: ProjectId, take: TakeId) -> None:
    """Delete a take."""
    _place(studio, project).takes.delete(take)
    studio.changed(project)


@router.get(
    "/sound/{track}", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}}
)
def sound(
    studio: Here,
    project: ProjectId,
    take: TakeOrSong,
    track: Track,
    start: Annotated[int, Query(ge=0, lt=2**40)] = 0,
    frames: Annotated[int, Query(ge=0, lt=2**40)] = 441_000,
) -> Response:
    """Samples as little-endian 32-bit floats, interleaved; at most 30 s, fewer at the end or where no more is ready."""
    source = source_of(_place(studio, project), take, track)
    rate, channels, ready, total = source.facts()
    block = source.read(start, min(frames, int(LONGEST * rate)))
    facts = {"X-Rate": rate, "X-Channels": channels, "X-Frames": ready, "X-Total": total}
    headers = {name: str(value) for name, value in facts.items()}
    data = block.astype("<f4", copy=False).tobytes()
    return Response(data, media_type="application/octet-stream", headers=headers)


@router.get("/peaks/{track}")
def peaks(
    studio: Here,
    project: ProjectId,
    take: TakeOrSong,
    track: Track,
    columns: Annotated[int, Query(ge=1, le=16_384)] = 2000,
) -> PeaksOf:
    """Peaks over the whole length, for drawing the waveform; of a take that is being made, so far as it is ready."""
    found = peaks_of(_place(studio, project), take, track, columns)
    return PeaksOf(min=found[:, 0].tolist(), max=found[:, 1].tolist())


@router.get(
    "/spectrogram/{track}", response_class=FileResponse, responses={200: {"content": {"image/png": {}}}}
)
def spectrogram(studio: Here, project: ProjectId, take: TakeOrSong, track: Track) -> FileResponse:
    """A picture of the frequencies over time, the low ones below, on a scale of octaves."""
    path = spectrogram_of(_place(studio, project), take, track)
    return FileResponse(path, media_type="image/png")


@router.get("/notes")
def notes(studio: Here, project: ProjectId, take: TakeId) -> ShownNotes:
    """The notes of a take; of one without notes, nothing."""
    takes = _place(studio, project).takes
    folder = takes.numbers().get(take)
    if folder is None:
        takes.read(take)
        return ShownNotes()
    if not (folder / NOTES).is_file():
        return ShownNotes()
    try:
        content: dict[str, Any] = read_json(own_file(folder, NOTES))
        return ShownNotes.model_validate(content)
    except (OSError, ValueError) as error:
        raise Refused(409, f"the notes of the take {take} cannot be read") from error


@router.get("/files/{file}", response_class=FileResponse)
def file(studio: Here, project: ProjectId, take: TakeId, file: Track) -> FileResponse:
    """One file of a take, by its key in the record."""
    takes = _place(studio, project).takes
    path = takes.file(take, file)
    name = f"{_name(studio, project, takes.read(take))}-{path.name}"
    return FileResponse(path, media_type="application/octet-stream", filename=name)


def _name(studio: Studio, project: str, take: Take) -> str:
    """What a download is called: after the project and the take."""
    parts = slug(studio.projects.opened(project)[1]["title"]), slug(take.title)
    return "-".join(part for part in parts if part) or f"take-{take.id}"


@router.get("/zip", response_class=StreamingResponse, responses={200: {"content": {"application/zip": {}}}})
async def zip_of(studio: Here, project: ProjectId, take: TakeId, daw: bool = False) -> StreamingResponse:
    """Everything of a take; with ``daw`` also a REAPER project and a DAWproject file."""
    takes = _place(studio, project).takes
    found, folder = takes.whole(take)
    if daw and not {"rpp", "dawproject"} <= set(found.files):
        await add_projects(studio.config, takes, take)
        found, folder = takes.whole(take)
        studio.changed(project)
    name = _name(studio, project, found)
    files = {path: own_file(folder, path) for path in dict.fromkeys(found.files.values())}
    headers = {"content-disposition": f'attachment; filename="{name}.zip"'}
    return StreamingResponse(zipped(files, name), media_type="application/zip", headers=headers)
