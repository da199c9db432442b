"""``msgld generate``, ``arrange``, ``vary`` and ``continue``."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from msgld.api.checks import check_stems
from msgld.cli import options as o
from msgld.cli.common import conditions_of, sampling
from msgld.cli.console import Talk
from msgld.cli.formats import choose_encoding
from msgld.cli.inputs import stem_files, stem_list, stems_in
from msgld.cli.make_pieces import Target, make, name_of
from msgld.cli.models import open_model
from msgld.cli.numbers import number
from msgld.errors import UsageError
from msgld.ranges import check

if TYPE_CHECKING:
    from msgld.api.msgld import Msgld

Count = Annotated[int, number("count", "--count", help="Pieces to make; each has the next seed.")]
Folder = Annotated[
    Path | None, typer.Argument(metavar="[FOLDER]", help="A folder with bass.wav, drums.wav and so on.")
]
Softness = Annotated[
    float,
    number(
        "softness", "--softness",
        help="0 keeps to what is given; above 0 it is a hint: something like this bass.",
    ),
]  # fmt: skip
Start = Annotated[float | None, number("start", "--from", help="Make only from this second on ...")]
Level = Annotated[
    float,
    number("level", "--level", help="How much changes: 0 nothing, 1 all of it."),
]


def generate(name: o.Model = None, seconds: o.Seconds = 20.0, count: Count = 1, make_stems: o.Make = None,
             style: o.Style = None, bpm: o.Bpm = None, key: o.Key = None, bass: o.Bass = None, drums: o.Drums = None,
             guitar: o.Guitar = None, piano: o.Piano = None, other: o.Other = None,
             style_guidance: o.StyleGuidance = None, out: o.Out = Path("generated"),
             quality: o.QualityOption = o.Quality.normal, steps: o.Steps = None, guidance: o.Guidance = None,
             seed: o.Seed = 0, sampler: o.SamplerOption = None, eta: o.Eta = None, iterations: o.Iterations = 1,
             flac: o.Flac = False, mp3: o.Mp3 = False, ogg: o.Ogg = False, float32: o.Float32 = False,
             int24: o.Int24 = False, int16: o.Int16 = False, overwrite: o.Overwrite = False,
             device: o.Device = "auto", jobs: o.Jobs = None, as_json: o.AsJson = False) -> int:  # fmt: skip
    """Invent music: all stems of a new piece, and their mix.

    Results go to FOLDER/MODEL/seedN/, where N is the seed. The same seed gives the same piece, so a result that
    exists is refused, or made anew with --overwrite.

    \b
    Examples:
      msgld generate
      msgld generate --seconds 40 --seed 7 --quality best
      msgld generate --count 8 --seed random --make bass,drums
      msgld generate --style bossa --bpm 92 --key Gm --piano rhodes
    """
    encoding = choose_encoding(flac=flac, mp3=mp3, ogg=ogg, float32=float32, int24=int24, int16=int16)
    target, talk, wanted = Target(out, encoding, overwrite), Talk(as_json), stem_list(make_stems)
    options = sampling(
        quality, steps, guidance, seed, sampler, eta, iterations, style_guidance=style_guidance
    )
    conditions = conditions_of(
        style, bpm, key, {"bass": bass, "drums": drums, "guitar": guitar, "piano": piano, "other": other}
    )
    check("seed", seed + count - 1)
    target.check()
    model = open_model(name, device, jobs, talk)
    check_stems(wanted or (), model.stems)
    folders = {each: target.folder(model.name, f"seed{each}") for each in range(seed, seed + count)}
    for each, folder in folders.items():
        work = partial(
            model.generate, seconds, make=wanted, conditions=conditions, options=replace(options, seed=each)
        )
        make(work, folder, target, talk, "generate")
    return 0


def arrange(folder: Folder = None, given: o.Given = None, make_stems: o.Make = None, softness: Softness = 0.0,
            start: Start = None, stop: o.Stop = None, style: o.Style = None, bpm: o.Bpm = None,
            key: o.KeyToArrangeIn = None, bass: o.Bass = None, drums: o.Drums = None, guitar: o.Guitar = None,
            piano: o.Piano = None, other: o.Other = None, style_guidance: o.StyleGuidance = None,
            name: o.Model = None, out: o.Out = Path("arranged"),
            quality: o.QualityOption = o.Quality.normal, steps: o.Steps = None, guidance: o.Guidance = None,
            seed: o.Seed = 0, sampler: o.SamplerOption = None, eta: o.Eta = None, iterations: o.Iterations = 1,
            flac: o.Flac = False, mp3: o.Mp3 = False,
            ogg: o.Ogg = False, float32: o.Float32 = False, int24: o.Int24 = False, int16: o.Int16 = False,
            overwrite: o.Overwrite = False, device: o.Device = "auto", jobs: o.Jobs = None,
            as_json: o.AsJson = False) -> int:  # fmt: skip
    """Play the missing stems to the ones you have.

    With --from and --to, stems named in --make that are also given are played anew in that stretch only.
    Results go to FOLDER/MODEL/NAME/, named after the given stems, and with another seed than 0 to NAME-seedN/. One
    that exists is refused, or replaced with --overwrite.

    \b
    Examples:
      msgld arrange --given bass=b.wav --given drums=d.wav --make guitar,piano
      msgld arrange --given bass=b.wav --softness 0.3 --seed 2
      msgld arrange --given other=tune.wav --style swing --bpm 132 --key F --drums brush
      msgld arrange separated/small/song --make guitar --from 8 --to 12
    """
    encoding = choose_encoding(flac=flac, mp3=mp3, ogg=ogg, float32=float32, int24=int24, int16=int16)
    target, talk, wanted = Target(out, encoding, overwrite), Talk(as_json), stem_list(make_stems)
    if start is not None and stop is not None:
        o.check_stretch(start, stop)
    options = sampling(
        quality, steps, guidance, seed, sampler, eta, iterations, style_guidance=style_guidance
    )
    conditions = conditions_of(
        style,
        bpm,
        None if key == "any" else key,
        {"bass": bass, "drums": drums, "guitar": guitar, "piano": piano, "other": other},
    )
    target.check()
    files, model = _prepared(folder, given, name, device, jobs, talk)
    check_stems(wanted or (), model.stems)
    if start is None and stop is None:
        # Whoever names a folder and what to make wants it made anew.
        files = {stem: path for stem, path in files.items() if stem not in (wanted or ())}
    if not files:
        raise UsageError(
            "every given stem is also in --make: leave one out, or name a stretch with --from, --to"
        )
    work = partial(model.arrange, files, wanted, noise=softness, start=start, stop=stop, conditions=conditions,
                   match_key=key is None, options=options)  # fmt: skip
    make(work, target.folder(model.name, name_of(files), seed, files), target, talk, "arrange")
    return 0


def vary(folder: Folder = None, given: o.Given = None, level: Level = 0.6, name: o.Model = None,
         out: o.Out = Path("varied"), quality: o.QualityOption = o.Quality.normal, steps: o.Steps = None,
         guidance: o.Guidance = None, seed: o.Seed = 0, sampler: o.SamplerOption = None, eta: o.Eta = None,
         iterations: o.Iterations = 1, flac: o.Flac = False,
         mp3: o.Mp3 = False, ogg: o.Ogg = False, float32: o.Float32 = False, int24: o.Int24 = False,
         int16: o.Int16 = False, overwrite: o.Overwrite = False, device: o.Device = "auto", jobs: o.Jobs = None,
         as_json: o.AsJson = False) -> int:  # fmt: skip
    """Play a piece again, a little differently or a lot.

    Results go to FOLDER/MODEL/NAME/, and with another seed than 0 to NAME-seedN/. One that exists is refused, or
    replaced with --overwrite.

    \b
    Examples:
      msgld vary generated/small/seed0
      msgld vary separated/small/song --level 0.3 --seed 5
      msgld vary --given bass=b.wav --given drums=d.wav --level 0.8
    """
    encoding = choose_encoding(flac=flac, mp3=mp3, ogg=ogg, float32=float32, int24=int24, int16=int16)
    target, talk = Target(out, encoding, overwrite), Talk(as_json)
    options = sampling(quality, steps, guidance, seed, sampler, eta, iterations)
    target.check()
    files, model = _prepared(folder, given, name, device, jobs, talk)
    work = partial(model.vary, files, level, options=options)
    make(work, target.folder(model.name, name_of(files), seed, files), target, talk, "vary")
    return 0


def extend(folder: Folder = None, given: o.Given = None, seconds: o.Seconds = 10.0, name: o.Model = None,
           out: o.Out = Path("continued"), quality: o.QualityOption = o.Quality.normal, steps: o.Steps = None,
           guidance: o.Guidance = None, seed: o.Seed = 0, sampler: o.SamplerOption = None, eta: o.Eta = None,
           iterations: o.Iterations = 1, flac: o.Flac = False,
           mp3: o.Mp3 = False, ogg: o.Ogg = False, float32: o.Float32 = False, int24: o.Int24 = False,
           int16: o.Int16 = False, overwrite: o.Overwrite = False, device: o.Device = "auto", jobs: o.Jobs = None,
           as_json: o.AsJson = False) -> int:  # fmt: skip
    """Go on with a piece beyond its end.

    What is added is --seconds long; the result holds the piece, whose last 20 ms fade into its continuation. It goes
    to FOLDER/MODEL/NAME/, and with another seed than 0 to NAME-seedN/. One that exists is refused, or replaced with
    --overwrite.

    \b
    Examples:
      msgld continue generated/small/seed0
      msgld continue separated/small/song --seconds 20 --seed 3
      msgld continue --given bass=b.wav --given drums=d.wav
    """
    encoding = choose_encoding(flac=flac, mp3=mp3, ogg=ogg, float32=float32, int24=int24, int16=int16)
    target, talk = Target(out, encoding, overwrite), Talk(as_json)
    options = sampling(quality, steps, guidance, seed, sampler, eta, iterations)
    target.check()
    files, model = _prepared(folder, given, name, device, jobs, talk)
    work = partial(model.extend, files, seconds, options=options)
    make(work, target.folder(model.name, name_of(files), seed, files), target, talk, "continue")
    return 0


def _prepared(folder: Path | None, given: list[str] | None, name: str | None, device: str, jobs: int | None,
              talk: Talk) -> tuple[dict[str, Path], Msgld]:  # fmt: skip
    """The stems to start from and the model; what is wrong with the stems' names is said before it loads."""
    named = stem_files(given or (), "--given")
    if not (folder or named):
        raise UsageError("give stems to start from: --given bass=bass.wav, or a folder that holds bass.wav")
    model = open_model(name, device, jobs, talk)
    check_stems(named, model.stems)
    return {**(stems_in(folder, model.stems) if folder else {}), **named}, model
