"""Making music, as the public interface offers it: generate, arrange, vary, continue."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from msgld.api import asking
from msgld.api.given import Given, gather
from msgld.api.options import Options
from msgld.api.quality import making
from msgld.api.record import describe
from msgld.api.result import Result
from msgld.api.takes import Finish, Take, at_level
from msgld.audio.fitted import as_channels
from msgld.audio.songs import Sound
from msgld.diffusion.sample import Map
from msgld.dsp.resample import resample
from msgld.errors import UsageError
from msgld.model import Model
from msgld.music.conditions import OPEN, Conditions
from msgld.progress import CancelToken, Meter, OnProgress
from msgld.tasks import noise_maps as maps
from msgld.tasks import render
from msgld.tasks.conditioning import with_conditions
from msgld.tasks.hearing import in_heard_key, key_for
from msgld.tasks.retouch import ANEW, retouch, varied

LONGEST = 3600.0
"""Seconds; a result is held in memory."""


@dataclass(frozen=True)
class Making:
    """Who makes, how, and who is told."""

    model: Model
    weights: Mapping[str, str]
    options: Options
    on_progress: OnProgress | None
    cancel: CancelToken | None

    @property
    def tracks(self) -> int:
        """K: the stems and the mixture."""
        return len(self.model.stems) + 1

    def frame(self, seconds: float) -> float:
        """The place of a moment in latent frames."""
        return seconds * self.model.codec.mel.rate / self.model.codec.frame_samples

    def absent(self, present: Sequence[str]) -> list[int]:
        """Tracks of stems that take no part."""
        return [k for k, stem in enumerate(self.model.stems) if stem not in present]


def _said(conditions: Conditions) -> dict[str, Any]:
    """Conditions for the record."""
    return {} if conditions.empty else {"conditions": asdict(conditions)}


def generate(job: Making, seconds: float, make: Sequence[str] | None, conditions: Conditions) -> Result:
    """See :meth:`msgld.api.msgld.Msgld.generate`."""
    asking.check_seconds("seconds", seconds, LONGEST)
    wanted = asking.stem_names(make, job.model.stems)
    rate = job.model.codec.mel.rate
    nothing = Given({}, rate, _at_least_one(seconds * rate), (), {})
    task = maps.generate(job.tracks, render.frames_for(job.model, nothing.length, rate))
    task = with_conditions(job.model, maps.without(task, job.absent(wanted)), conditions)
    extra = {"seconds": seconds, "make": list(wanted), **_said(conditions)}
    return _run(job, "generate", nothing, task, wanted, lambda take: take.sound, extra, conditions)


def _at_least_one(samples: float) -> int:
    if round(samples) < 1:
        raise UsageError("seconds has to be long enough for one sample")
    return round(samples)


def arrange(
    job: Making,
    sounds: Mapping[str, Sound],
    make: Sequence[str] | None,
    softness: float,
    start: float | None,
    stop: float | None,
    conditions: Conditions,
    hear_key: bool,
) -> Result:
    """See :meth:`msgld.api.msgld.Msgld.arrange`."""
    stems = job.model.stems
    asking.check_share("softness", softness)
    asking.check_stems(sounds, stems)
    wanted = _to_play(make, sounds, stems, start is not None or stop is not None)
    given = gather(sounds)
    first, last = _span(start, stop, given.length / given.rate)
    fixed = {stems.index(stem): softness for stem in sounds if stem not in wanted}
    task = maps.arrange(job.tracks, render.frames_for(job.model, given.length, given.rate), fixed)
    task = maps.within(task, int(job.frame(first)), int(np.ceil(job.frame(last))))
    if hear_key and job.model.styles:
        given, conditions = _in_their_key(given, conditions)
    task = with_conditions(job.model, maps.without(task, job.absent((*sounds, *wanted))), conditions)
    low, high = round(first * given.rate), round(last * given.rate)

    def finish(take: Take) -> np.ndarray:
        old = given.waves.get(take.stem, np.zeros_like(take.sound))
        return render.splice(old, take.sound, low, high, round(render.FADE * given.rate))

    extra = {"make": list(wanted), "softness": softness, "start": start, "stop": stop, **_said(conditions)}
    return _run(
        job, "arrange", given, task, wanted, finish, extra, conditions if hear_key or conditions.key else None
    )


def _in_their_key(given: Given, conditions: Conditions) -> tuple[Given, Conditions]:
    """The conditions with the key of the given stems, of which a note is made."""
    heard = in_heard_key(conditions, given.waves, given.rate)
    if heard.key == conditions.key:
        return given, conditions
    note = f"played in {heard.key}, which the given stems seem to be in; a key of yours goes before it"
    return replace(given, notes=(*given.notes, note)), heard


def _to_play(
    make: Sequence[str] | None, given: Mapping[str, Sound], stems: tuple[str, ...], stretch: bool
) -> tuple[str, ...]:
    """The stems to play.

    Raises:
        UsageError: none, or one that is given from beginning to end.
    """
    left = tuple(stem for stem in stems if stem not in given)
    if make is None and not left:
        raise UsageError("all stems are given: name those to play anew in make, with start and stop")
    wanted = left if make is None else asking.stem_names(make, stems)
    twice = [stem for stem in wanted if stem in given]
    if twice and not stretch:
        raise UsageError(
            f"{', '.join(twice)}: both given and to be made; leave one out, or say start and stop"
        )
    return wanted


def _span(start: float | None, stop: float | None, seconds: float) -> tuple[float, float]:
    for name, value in (("start", start), ("stop", stop)):
        if value is not None:
            asking.check_seconds(name, value)
    first, last = start or 0.0, seconds if stop is None else min(stop, seconds)
    if first >= last:
        raise UsageError(f"start ({first:g} s) has to lie before stop and the end ({last:g} s)")
    return first, last


def vary(job: Making, sounds: Mapping[str, Sound], level: float) -> Result:
    """See :meth:`msgld.api.msgld.Msgld.vary`."""
    asking.check_share("level", level)
    asking.check_stems(sounds, job.model.stems)
    given = gather(sounds)
    task = maps.vary(job.tracks, render.frames_for(job.model, given.length, given.rate), level)
    task = maps.without(task, job.absent(tuple(sounds)))

    def finish(take: Take) -> np.ndarray:
        old = given.waves[take.stem]
        if level >= ANEW:
            return take.sound
        retouched = retouch(job.model, old, given.rate, take.before, take.after)
        return varied(old, retouched, take.sound, level)

    return _run(job, "vary", given, task, tuple(sounds) if level else (), finish, {"level": level})


def extend(job: Making, sounds: Mapping[str, Sound], seconds: float) -> Result:
    """See :meth:`msgld.api.msgld.Msgld.extend`."""
    asking.check_seconds("seconds", seconds, LONGEST)
    asking.check_stems(sounds, job.model.stems)
    past = gather(sounds)
    given = past.padded(past.length + _at_least_one(seconds * past.rate))
    frames = render.frames_for(job.model, given.length, given.rate)
    task = maps.generate(job.tracks, frames)
    task = maps.within(task, int(job.frame(past.length / past.rate)), frames)
    task = maps.without(task, job.absent(tuple(sounds)))
    fade = min(round(render.FADE * given.rate), past.length)

    def finish(take: Take) -> np.ndarray:
        # The fade is half of the stretch at most, so it may begin before what is new.
        return render.splice(given.waves[take.stem], take.sound, past.length - fade, given.length, fade)

    return _run(job, "continue", given, task, tuple(sounds), finish, {"seconds": seconds})


def _run(
    job: Making,
    name: str,
    given: Given,
    task: Map,
    wanted: Sequence[str],
    finish: Finish,
    extra: Mapping[str, Any],
    conditions: Conditions | None = OPEN,
) -> Result:
    """Encode what is given, sample, vocode what was wanted, and put it together.

    Args:
        conditions: notes are read in their key, or else in that of the other stems. None: in no key.
    """
    began, settings = time.monotonic(), making(job.options, job.model)
    stems = [stem for stem in job.model.stems if stem in wanted]
    meter = Meter(
        render.calls(job.model, task, settings) + len(stems), "steps", "sampling", job.on_progress, job.cancel
    )
    meter.advance(0)
    gain = render.gain_for(job.model, given.stack(), given.rate) if given.waves else 1.0
    waves = {job.model.stems.index(stem): wave for stem, wave in given.waves.items()}
    known = render.encode(job.model, waves, given.rate, task.levels.shape[-1], gain)
    z = render.make(job.model, known, task, settings, lambda: meter.advance(1)) if stems else known
    made: dict[str, np.ndarray] = {}
    for stem in job.model.read_last(stems):
        meter.advance(0, "vocoding")
        others = {**given.waves, **made}
        key = key_for(job.model, stem, conditions, others, given.rate) if conditions else None
        track = job.model.stems.index(stem)
        sound = at_level(
            job.model, stem, given, _sound(job, z, task, stem, given, key) / np.float32(gain), gain
        )
        made[stem] = finish(Take(stem, sound, known[0, track], z[0, track]))
        meter.advance(1)
    told = describe(job.model, job.weights, name, job.options, settings, extra)
    info = {
        **told,
        "input": given.names or None,
        "rate": given.rate,
        "length": given.length,
        "took_seconds": round(time.monotonic() - began, 3),
    }
    return _result(job, {**given.waves, **made}, given, info)


def _sound(job: Making, z: Tensor, task: Map, stem: str, given: Given, key: str | None) -> np.ndarray:
    """One stem that was made, mono (L,) at the result's rate."""
    track = job.model.stems.index(stem)
    frames = torch.nonzero(task.wanted[0, track]).flatten()
    sound = render.vocode(job.model, z[0, track], int(frames[0]), int(frames[-1]) + 1, stem, key)
    sound = resample(sound[None], job.model.codec.mel.rate, given.rate)[0, : given.length]
    return np.pad(sound, (0, given.length - len(sound)))


def _result(job: Making, waves: Mapping[str, np.ndarray], given: Given, info: dict[str, Any]) -> Result:
    stems = {stem: waves[stem] for stem in job.model.stems if stem in waves}
    channels = max(len(wave) for wave in stems.values())
    total = np.sum([as_channels(wave, channels).astype(np.float64) for wave in stems.values()], axis=0)
    return Result(
        stems, total.astype(np.float32), None, given.rate, {**info, "channels": channels}, given.notes
    )
