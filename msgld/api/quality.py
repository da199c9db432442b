"""What ``draft``, ``normal`` and ``best`` mean, task by task and kind of model by kind."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from msgld.api.options import Options
from msgld.errors import ModelError
from msgld.model import Model
from msgld.tasks.noise_maps import Settings
from msgld.tasks.separate import HEDGED, Layout

# One call answers with the expected stems, which is the separator of least squared error: more calls draw a
# sample instead. What is wrong in it is wrong with the notes as they are: half a latent frame or a filter changes
# next to nothing, but a semitone or two faster the model hears other sounds, and makes other mistakes. So qualities
# differ in how many speeds the song is heard at, and their answers are averaged. Between semitones music is out of
# tune, as none was in training. Chosen on every third held-out clip, with two soundfonts (research/study.md).
_SEMITONES = {"draft": (2.0,), "normal": (1.0, 2.0), "best": (-1.0, 1.0, 2.0, 5.0)}
_PASS = replace(HEDGED, context=1.0, fade=0.25, tuned=True)
_STEPS = {"draft": 6, "normal": 12, "best": 16}

# Of 40 pieces 68 % met the key that was asked for with 1, 88 % with 2; and what is arranged in the key that is
# heard has more notes in common with what is given (research/log.md).
_STYLE_GUIDANCE = 2.0

# Of what true stems share with the given ones, played ones have 0.63 in rhythm and 0.48 in notes with 1, 0.76 and
# 0.58 with 1.5 (research/log.md). It has nothing to do where no stem is given.
_GUIDANCE = 1.5

# A model of the published kind has no answer in one call. ``best`` is the paper's setting: 200 steps of DDIM
# with eta 1. With fewer steps fresh noise at each of them costs more than it gives.
_PUBLISHED = {
    "draft": Settings(steps=20),
    "normal": Settings(steps=50),
    "best": Settings(steps=200, eta=1.0),
}


def separation_passes(options: Options, model: Model) -> tuple[Settings, tuple[Layout, ...]]:
    """Sampling of a separation, and the windows of each pass; the passes' answers are averaged.

    Where guidance is below 1, the answer of one call would be a blend of two means: what the stems of this song
    are, and what stems are in general. So there a sample is drawn, in as many steps as a piece is made with.

    Raises:
        ModelError: the stems are to be vocoded, and there is no vocoder.
    """
    layouts = tuple(_segmented(layout, options, model) for layout in _layouts(options, model))
    if options.invents or not model.schedule.exact:
        return making(options, model), layouts
    return _settings(Settings(), options), layouts


def consistency(options: Options, model: Model) -> str:
    """How a separation keeps to the song: ``mask``, ``residual`` or ``none``.

    Raises:
        ModelError: the stems are to be vocoded, and there is no vocoder.
    """
    if options.consistency in ("residual", "none") and model.vocoder is None:
        raise ModelError(
            f"the model {model.name!r} has no vocoder: its stems can only be cut out of the song"
        )
    invented = options.invents and model.vocoder is not None
    return options.consistency or ("none" if invented else "mask")


def _layouts(options: Options, model: Model) -> tuple[Layout, ...]:
    """Sampled stems are not averaged over windows: that would blur them, and cancel phases of vocoded ones."""
    if consistency(options, model) != "mask":
        return (replace(_PASS, vocode=True),)
    if options.invents or not model.schedule.exact:
        return (Layout(context=0.5, fade=0.25),)
    return tuple(replace(_PASS, varispeed=semitones) for semitones in _SEMITONES[options.quality])


def _segmented(layout: Layout, options: Options, model: Model) -> Layout:
    """A layout with the lengths that were asked for; of an overlap, each segment gives up half at either end."""
    batch = options.batch or (1 if model.device.type == "cpu" else 8)
    layout = replace(layout, length=options.segment, batch=batch)
    seconds = options.segment or model.window_frames * model.codec.frame_samples / model.codec.mel.rate
    if options.overlap is not None:
        shared = options.overlap * seconds
        context = min(layout.context, shared / 3)
        return replace(layout, context=context, fade=shared - 2 * context)
    if 2 * layout.context + layout.fade > 0.75 * seconds:  # a segment too short for what the quality asks for
        return replace(layout, context=seconds / 8, fade=seconds / 8)
    return layout


def making(options: Options, model: Model) -> Settings:
    """Sampling of everything that invents: generate, arrange, vary, continue."""
    if model.schedule.exact:
        base = Settings(
            _STEPS[options.quality], _GUIDANCE, sampler="multistep", style_guidance=_STYLE_GUIDANCE
        )
        return _settings(base, options)
    return _settings(_PUBLISHED[options.quality], options)


def _settings(base: Settings, options: Options) -> Settings:
    chosen: dict[str, Any] = {
        name: getattr(options, name) for name in ("steps", "guidance", "style_guidance", "sampler", "eta")
    }
    given = {key: value for key, value in chosen.items() if value is not None}
    if options.eta is not None and options.sampler is None:
        given["sampler"] = "ddim"
    return replace(base, seed=options.seed, iterations=options.iterations, **given)
