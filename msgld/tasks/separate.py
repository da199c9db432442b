"""Separate: the mixture is known, the stems are wanted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from msgld.audio.stream import AudioStream
from msgld.diffusion.sample import State, last_state, run
from msgld.diffusion.settings import Sampling
from msgld.dsp.loudness import without_heavy_rumble
from msgld.model import Model
from msgld.tasks import noise_maps
from msgld.tasks.loudness import gain_to_reference
from msgld.tasks.masking import Masking, cut, masks_of, vocoded
from msgld.tasks.song import SongWindow, WindowedSong, Windowing

Waves = Float[Tensor, "B channels L"]
"""Windows of songs."""


def separate_song(
    model: Model,
    song: AudioStream,
    known: Mapping[int, AudioStream],
    windowing: Windowing,
    sampling: Sampling,
    masking: Masking | None,
    noise: float = 0.0,
    rate: int | None = None,
) -> Iterator[Float[Tensor, "K channels n"]]:
    """Separate a song of any length as it is read.

    Args:
        model: a separator.
        song: the mixture.
        known: track -> a known stem, of the song's rate, channels and length.
        windowing: of the song.
        sampling: as for :func:`separate`.
        masking: as for :func:`separate`.
        noise: as for :func:`separate`.
        rate: at which the song is processed; another rate than its own, the default, shifts its pitch.

    Yields:
        Stretches of the song, front to back, in all exactly as long as the song. The last track is the mixture
        itself, from which a residual can be made.
    """
    rate = rate or song.rate
    windows = WindowedSong(model, song, known, windowing, rate)
    for batch in windows.batches():
        sounding = [window for window in batch if window.mixture.any()]  # silence needs no model
        answers: list[Tensor] = []
        if sounding:
            mixtures = torch.stack([window.mixture for window in sounding])
            starts = [window.start for window in sounding]
            given = {track: torch.stack([window.known[track] for window in sounding]) for track in known}
            answers += separate(model, mixtures, rate, sampling, masking, starts, given, noise)
        for window in batch:
            stretch = windows.join(
                window, answers.pop(0) if window.mixture.any() else _silence(model, window)
            )
            if stretch.shape[-1]:
                yield stretch


def _silence(model: Model, window: SongWindow) -> Float[Tensor, "S channels n"]:
    return torch.zeros(len(model.stems), *window.mixture.shape)


def separate(
    model: Model,
    mixtures: Waves,
    rate: int,
    sampling: Sampling,
    masking: Masking | None,
    starts: Sequence[int] = (0,),
    known: Mapping[int, Waves] | None = None,
    noise: float = 0.0,
) -> Float[Tensor, "B S channels L"]:
    """Cut windows into stems.

    Heavy rumble and constant offsets belong to no stem, and the model does not see them. Each stem gets an equal part
    of them, so that the stems still sum to the mixture.

    Args:
        model: a separator.
        mixtures: windows of about 10 s.
        rate: samples per second.
        sampling: one step gives the expected stems, more steps a sample.
        masking: how stems are cut out of the mixture; None for vocoded stems.
        starts: absolute latent frame of each window's beginning, for the noise.
        known: track of a stem -> its sound.
        noise: level of the mixtures; above 0 the task lies between separating and generating.
    """
    gains = torch.tensor([gain_to_reference(one, rate, model.reference_rms) for one in mixtures])
    louder = gains[:, None, None]
    music = _without_rumble(mixtures, rate)
    given = {track: _without_rumble(wave, rate) * louder for track, wave in (known or {}).items()}
    state = sample_stems(model, music * louder, rate, sampling, starts, given, noise)
    if masking is None:
        sampled = zip(state.x, mixtures, gains, strict=True)
        return torch.stack([vocoded(model, x[:-1], one, rate) / gain for x, one, gain in sampled])
    stems = torch.empty(len(mixtures), len(model.stems), *mixtures.shape[1:])
    for answer, one, masks, gain in zip(
        stems, music * louder, masks_of(model, state, masking), gains, strict=True
    ):
        torch.div(cut(model, one, masks, rate, masking), gain, out=answer)
    return stems.add_((mixtures - music).unsqueeze(1) / len(model.stems))


@torch.inference_mode()
def sample_stems(
    model: Model,
    mixtures: Waves,
    rate: int,
    sampling: Sampling,
    starts: Sequence[int],
    known: Mapping[int, Waves],
    noise: float,
) -> State:
    """The end of a run for mixtures and known stems at the reference loudness; arguments as :func:`separate`."""
    latents = model.encode(torch.stack([*known.values(), mixtures]), rate)
    given = dict(zip((*known, model.tracks - 1), latents, strict=True))
    return _sampled(model, given, sampling, starts, noise)


def _sampled(
    model: Model, given: Mapping[int, Tensor], sampling: Sampling, starts: Sequence[int], noise: float
) -> State:
    """The end of a run, from the latents (B, C, T) of the given tracks."""
    mixtures = given[model.tracks - 1]
    z = mixtures.new_zeros(len(mixtures), model.tracks, *mixtures.shape[1:])
    for track, latents in given.items():
        z[:, track] = latents
    known = [track for track in given if track != model.tracks - 1]
    return last_state(
        run(model, z, noise_maps.separate(model.tracks, z.shape[-1], known, noise), sampling, starts)
    )


def expected_masks(
    model: Model, latents: Float[Tensor, "B C T"], masking: Masking
) -> Float[Tensor, "B S M N"]:
    """Masks in one call, for latents of mixtures at the reference loudness."""
    state = _sampled(model, {model.tracks - 1: latents}, Sampling(), [0] * len(latents), 0.0)
    return masks_of(model, state, masking)


def _without_rumble(windows: Waves, rate: int) -> Waves:
    return torch.stack([without_heavy_rumble(window, rate) for window in windows])
