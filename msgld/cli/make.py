"""``msgld generate``, ``arrange``, ``vary`` and ``extend``."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from msgld.api.checks import check_stems
from msgld.api.folder import check_out, check_sources, refuse_existing
from msgld.api.naming import PLAIN
from msgld.cli import options as o
from msgld.cli.console import shown, spoken, track
from msgld.cli.daw import Daw, write_projects
from msgld.cli.errors import DONE
from msgld.cli.inputs import Stems, music_in, name_of, read_stretch, stem_files, stem_list
from msgld.cli.models import Opened
from msgld.cli.outputs import Encoded, Out, part_of
from msgld.errors import UsageError
from msgld.ranges import check

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld
    from msgld.api.result import Result

Count = Annotated[int, o.number("count", panel=o.ADVANCED, help="Number of pieces; each has the next seed.")]
Form = Annotated[
    str | None,
    typer.Option(metavar="LETTERS", help="A letter for each section, e.g. AABA; a section that returns is varied a "
                 "little. By default phrases of four bars return."),
]  # fmt: skip
Folder = Annotated[
    Path | None, typer.Argument(metavar="[FOLDER]", help="A folder with bass.wav, drums.wav and so on.")
]
Key = Annotated[str | None, typer.Option(metavar="KEY", help="Key, e.g. Gm, Bb or 'F# dorian'.")]
KeyToMatch = Annotated[
    str | None,
    typer.Option(metavar="KEY", help="Key, e.g. Gm, Bb or 'F# dorian'. By default that of the given stems, if it is "
                 "clear; 'any' leaves it open."),
]  # fmt: skip
NoiseOnGiven = Annotated[
    float,
    o.number("noise", help="Noise added to the given stems. 0 keeps to them; at higher values they are a hint."),
]  # fmt: skip
NoiseOnPiece = Annotated[float, o.number("noise", help="How much changes: 0 nothing, 1 everything.")]
Start = Annotated[float | None, o.number("start", "--from", hidden=True)]
Stop = Annotated[float | None, o.number("stop", "--to", hidden=True)]
MakeOrReplace = Annotated[
    str | None,
    typer.Option("--make", "--replace", metavar="STEM,STEM", help="Stems to make; by default all that are not given. "
                 "Those of a song or a folder are replaced."),
]  # fmt: skip
Notes = Annotated[
    list[str] | None,
    typer.Option(metavar="STEM=FILE", help="MIDI that takes the place of what is found in the sound of a stem. May be "
                 "repeated."),
]  # fmt: skip
Replay = Annotated[
    str | None,
    typer.Option(metavar="FIRST-LAST", help="Play only these bars, e.g. 9-12, or seconds, e.g. 8s-12s."),
]


Work = Callable[..., "Result"]
"""A task of :class:`msgld.Msgld` that lacks nothing but ``on_progress``."""


@dataclass(frozen=True, kw_only=True)
class Maker:
    """Makes pieces and saves them, for all four commands."""

    encoding: Encoded
    daw: Daw = False
    overwrite: o.AdvancedOverwrite = False
    source: Opened
    console: o.Printing

    def open(self, out: Path) -> Msgld:
        """The model; errors of the folder for results come first."""
        check_out(out)
        return self.source.open(self.console)

    def start(self, place: Path | None, given: list[str] | None, out: Path) -> tuple[Path | Stems, Msgld]:
        """A song or the stems to start from, and the model; mistakes in ``--given`` are reported before it loads."""
        return music_in(place, given, partial(self.open, out))

    def stems(self, folder: Path | None, given: list[str] | None, out: Path) -> tuple[Stems, Msgld]:
        """As :meth:`start`; UsageError for a song."""
        music, model = self.start(folder, given, out)
        if isinstance(music, Path):
            raise UsageError(f"{music} is no folder of stems: separate the song first, and give its stems")
        return music, model

    def check_free(self, folder: Path, sources: Iterable[Path] = ()) -> None:
        """Raise AudioWriteError where a result may not go to a folder.

        Args:
            folder: of the result.
            sources: the files that it is made from; they are never replaced.
        """
        advice = "use --overwrite, another --seed or another --out"
        refuse_existing(folder, self.overwrite, advice=advice)
        check_sources(folder, PLAIN, (), sources)

    def make(self, model: Msgld, task: str, work: Work, folder: Path) -> None:
        """Make a piece, save it and say where it is."""
        started = time.monotonic()
        with track(folder.name) as on_progress:
            result = work(on_progress=on_progress)
            saved = result.save(folder, encoding=self.encoding, overwrite=self.overwrite)
        if self.daw:
            write_projects(model, saved.folder, folder.name, overwrite=True)
        self.console.remark(*saved.run["remarks"])
        seconds, took = result.mix.shape[-1] / result.rate, spoken(time.monotonic() - started)
        self.console.say(f"{shown(saved.folder)} ({seconds:.1f} s of {', '.join(result.stems)}) in {took}")
        self.console.record(status="done", task=task, folder=saved.folder, files=saved.files, run=saved.run)

    def make_from(
        self, model: Msgld, music: Path | Stems, task: str, work: Work, out: Path, seed: int,
        further: Iterable[Path] = (),
    ) -> int:  # fmt: skip
        """Make a piece from a song or stems, in a folder named after them; those of other seeds than 0 go beside it.

        Args:
            model: that makes it.
            music: a song, or stems.
            task: its name.
            work: makes the piece.
            out: the folder's place.
            seed: of the piece.
            further: files that it is made from besides.
        """
        folder = out / (part_of(name_of(music)) + (f"-seed{seed}" if seed else ""))
        files = [music] if isinstance(music, Path) else music.values()
        self.check_free(folder, [*files, *further])
        self.make(model, task, work, folder)
        return DONE


Making = Annotated[Maker, o.From(Maker)]


def generate(*, seconds: o.Length = None, bars: o.Bars = None, form: Form = None, conditions: o.Conditioned,
             key: Key = None, make: o.Make = None, count: Count = 1, options: o.PlayedSampling,
             style_guidance: o.StyleGuidance = None, latent: o.Latent = None, out: Out = Path("generated"),
             maker: Making) -> int:  # fmt: skip
    """Make new music: all stems of a piece, and their mix.

    Results go to FOLDER/MODEL/seedN/, where N is the seed. The same seed gives the same piece. A result that exists
    is an error, unless --overwrite replaces it.

    \b
    Examples:
      msgld generate
      msgld generate --bars 32 --form AABA --chords "Am F C G" --seed 7
      msgld generate --count 8 --seed random --make bass,drums
      msgld generate --style bossa --bpm 92 --key Gm --instrument piano=rhodes
      msgld generate --bars 16 --soundfont mine.sf2
      msgld generate --bars 16 --daw  # with a project for REAPER, Bitwig, Studio One or Cubase
    """
    wanted, conditions = stem_list(make), replace(conditions, key=key)
    check("seed", options.seed + count - 1)
    model = maker.open(out)
    check_stems(wanted or (), model.makes)
    place, seeds = out / part_of(model.name), range(options.seed, options.seed + count)
    for seed in seeds:
        maker.check_free(place / f"seed{seed}")
    chosen = None if latent is None else latent.value
    work = partial(model.generate, seconds, bars=bars, form=form, make=wanted, conditions=conditions,
                   latent=chosen)  # fmt: skip
    for seed in seeds:
        seeded = replace(options, seed=seed, style_guidance=style_guidance)
        maker.make(model, "generate", partial(work, options=seeded), place / f"seed{seed}")
    return DONE


def arrange(place: o.SongOrStems = None, *, given: o.Given = None, make: MakeOrReplace = None, notes: Notes = None,
            conditions: o.Conditioned, key: KeyToMatch = None, noise: NoiseOnGiven = 0.0, replay: Replay = None,
            start: Start = None, stop: Stop = None, options: o.PlayedSampling,
            style_guidance: o.StyleGuidance = None, out: Out = Path("arranged"), maker: Making) -> int:  # fmt: skip
    """Play the missing stems to the ones you have, or play stems of a song anew.

    A song is separated first; its other stems stay. With --replay, stems in --make that are also given are replaced in
    that stretch only. Results go to FOLDER/MODEL/NAME/, named after the song or the given stems, or to NAME-seedN/ if
    the seed is not 0. A result that exists is an error, unless --overwrite replaces it.

    \b
    Examples:
      msgld arrange --given bass=b.wav --given drums=d.wav --make guitar,piano
      msgld arrange --given bass=b.mid --chords "Am F C G" --seed 2
      msgld arrange song.mp3 --replace piano --notes bass=fixed.mid
      msgld arrange --given other=tune.wav --style swing --bpm 132 --key F --instrument drums=brush
      msgld arrange separated/small/song --make guitar --replay 9-12
      msgld arrange separated/small/song --make guitar --replay 8s-12s
    """
    wanted, stretch = stem_list(make), read_stretch(replay, start, stop)
    conditions = replace(conditions, key=None if key == "any" else key)
    options, fixed = replace(options, style_guidance=style_guidance), stem_files(notes or (), "--notes")
    music, model = maker.start(place, given, out)
    check_stems((*(wanted or ()), *fixed), model.makes)
    if not stretch and not isinstance(music, Path):  # a stem of the folder that is to be made is made anew
        music = {stem: path for stem, path in music.items() if stem not in (wanted or ())}
    if not isinstance(music, Path) and not music:
        raise UsageError("every given stem is also in --make: leave one out, or name a stretch with --replay")
    if isinstance(music, Path) and not wanted:
        raise UsageError("name the stems of the song to play anew, such as --replace piano")
    work = partial(model.arrange, music, wanted, notes=fixed or None, noise=noise, **stretch, conditions=conditions,
                   match_key=key is None, options=options)  # fmt: skip
    place = out / part_of(model.name)
    return maker.make_from(model, music, "arrange", work, place, options.seed, fixed.values())


def vary(folder: Folder = None, *, given: o.Given = None, noise: NoiseOnPiece = 0.6, options: o.PlayedSampling,
         out: Out = Path("varied"), maker: Making) -> int:  # fmt: skip
    """Play a piece again, a little differently or a lot.

    Results go to FOLDER/MODEL/NAME/, or to NAME-seedN/ if the seed is not 0. A result that exists is an error, unless
    --overwrite replaces it.

    \b
    Examples:
      msgld vary generated/small/seed0
      msgld vary separated/small/song --noise 0.3 --seed 5
      msgld vary --given bass=b.wav --given drums=d.wav --noise 0.8
    """
    files, model = maker.stems(folder, given, out)
    work = partial(model.vary, files, noise, options=options)
    return maker.make_from(model, files, "vary", work, out / part_of(model.name), options.seed)


def extend(folder: Folder = None, *, given: o.Given = None, seconds: o.Seconds = 10.0, options: o.PlayedSampling,
           out: Out = Path("extended"), maker: Making) -> int:  # fmt: skip
    """Continue a piece beyond its end.

    --seconds is the length of the continuation. The result holds the piece, too: its last 20 ms fade into the
    continuation. It goes to FOLDER/MODEL/NAME/, or to NAME-seedN/ if the seed is not 0. A result that exists is an
    error, unless --overwrite replaces it.

    \b
    Examples:
      msgld extend generated/small/seed0
      msgld extend separated/small/song --seconds 20 --seed 3
      msgld extend --given bass=b.wav --given drums=d.wav
    """
    files, model = maker.stems(folder, given, out)
    work = partial(model.extend, files, seconds, options=options)
    return maker.make_from(model, files, "extend", work, out / part_of(model.name), options.seed)


TASKS: dict[str, Callable[..., Any]] = {
    "generate": generate,
    "arrange": arrange,
    "vary": vary,
    "extend": extend,
}
"""Command -> its function."""
