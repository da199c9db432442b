"""The qualities ``draft``, ``normal`` and ``best``: the settings of each for a model."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any

from msgld.api.options import Options
from msgld.diffusion.settings import Sampling
from msgld.errors import ModelError
from msgld.model import Model
from msgld.tasks.masking import PLAIN, Masking
from msgld.tasks.pitch_shift import PitchShift
from msgld.tasks.song import Windowing

# Errors of a separation depend on pitch. Pitch shifts decorrelate them; time shifts and equalisation do not. So the
# qualities differ in the number of pitch shifts, whose stems are averaged. They are whole semitones: between semitones
# music is out of tune, as none was in training. Chosen on every third held-out clip, with two soundfonts
# (research/study.md).
_SEMITONES = {"draft": (2.0,), "normal": (1.0, 2.0), "best": (-1.0, 1.0, 2.0, 5.0)}


@dataclass(frozen=True)
class Quality:
    """All settings of a separation.

    Attributes:
        sampling: one step gives the expected stems, more steps a sample.
        windowing: of the song.
        masking: how stems are cut out of the song; None for vocoded stems.
        pitch_shift: test-time augmentation.
    """

    sampling: Sampling
    windowing: Windowing
    masking: Masking | None
    pitch_shift: PitchShift

    def record(self) -> dict[str, Any]:
        """For ``run.json``."""
        windowing = asdict(self.windowing)
        return {"windows": [{**windowing, "semitones": shift} for shift in self.pitch_shift.semitones]}


def of_separation(options: Options, model: Model) -> Quality:
    """The settings of a separation.

    Where guidance is below 1, one call would return a blend of two means: the stems of this song, and stems in
    general. So a sample is drawn, in as many steps as a piece is made with. Samples are not averaged, over
    windows or pitches: that would blur them, and cancel the phases of vocoded ones.

    Raises:
        ModelError: the stems are to be vocoded, and there is no vocoder.
    """
    expected = model.denoiser.expectation(options.quality)
    drawn = options.generates or expected.steps > 1
    sampling = of_making(options, model) if drawn else options.applied_to(expected)
    windowing, masking, shift = Windowing(context=1.0, fade=0.25), Masking(), _SEMITONES[options.quality]
    if consistency(options, model) != "mask":
        return Quality(sampling, _segmented(windowing, options, model), None, PitchShift(tuned=True))
    if drawn:
        windowing = _segmented(Windowing(context=0.5, fade=0.25), options, model)
        return Quality(sampling, windowing, PLAIN, PitchShift())
    windowing = _segmented(windowing, options, model)
    return Quality(sampling, windowing, masking, PitchShift(shift, tuned=True))


def consistency(options: Options, model: Model) -> str:
    """How a separation keeps to the song: ``mask``, ``residual`` or ``none``.

    Raises:
        ModelError: the stems are to be vocoded, and there is no vocoder.
    """
    if options.consistency in ("residual", "none") and model.vocoder is None:
        raise ModelError(
            f"the model {model.name!r} has no vocoder: its stems can only be cut out of the song"
        )
    invented = options.generates and model.vocoder is not None
    return options.consistency or ("none" if invented else "mask")


def of_making(options: Options, model: Model) -> Sampling:
    """The sampling of the tasks that make stems: generate, arrange, vary, extend."""
    return options.applied_to(model.denoiser.qualities[options.quality])


def _segmented(windowing: Windowing, options: Options, model: Model) -> Windowing:
    """Windows of the lengths in the options; of an overlap, a third is context at either end at most."""
    batch = options.batch or (1 if model.device.type == "cpu" else 8)
    windowing = replace(windowing, length=options.segment, batch=batch)
    window_seconds = model.denoiser.window_frames * model.codec.frame_samples / model.rate
    seconds = options.segment or window_seconds
    if options.overlap is not None:
        overlap = options.overlap * seconds
        context = min(windowing.context, overlap / 3)
        return replace(windowing, context=context, fade=overlap - 2 * context)
    if 2 * windowing.context + windowing.fade > 0.75 * seconds:  # a segment too short for the quality
        return replace(windowing, context=seconds / 8, fade=seconds / 8)
    return windowing
