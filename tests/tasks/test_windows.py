"""Laws of windows over a song, and separation of songs of any length with a stub for a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import islice, pairwise

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from msgld.audio.stream import AudioStream
from msgld.diffusion.denoise import StemDenoiser, StemNetwork
from msgld.diffusion.noise_map import Conditioning
from msgld.diffusion.settings import Sampling
from msgld.dsp.codec import PatchCodec, PatchConfig
from msgld.dsp.mel import MelConfig
from msgld.dsp.overlap_add import Joiner, WindowPlan
from msgld.model import Model
from msgld.tasks.masking import Masking
from msgld.tasks.separate import separate, separate_song
from msgld.tasks.song import SHORTEST, WindowedSong, Windowing

plans = st.builds(WindowPlan, st.integers(30, 90), st.integers(0, 8), st.integers(0, 12)).filter(
    lambda plan: plan.hop >= plan.fade
)


def song(samples: int, channels: int = 2) -> Tensor:
    return torch.randn(channels, samples, generator=torch.Generator().manual_seed(0))


def cut(whole: Tensor, start: int, stop: int) -> Tensor:
    """A stretch of a song, silence outside of it."""
    inside = whole[..., max(0, start) : max(0, min(stop, whole.shape[-1]))]
    missing = stop - start - inside.shape[-1]
    before = min(max(0, -start), missing)
    return nn.functional.pad(inside, (before, missing - before))


@given(plans, st.integers(2, 5))
def test_the_fades_of_neighbours_sum_to_one(plan: WindowPlan, count: int):
    joiner, ready = Joiner(plan.fade), []
    for number, window in enumerate(islice(plan.windows(), count)):
        kept = torch.ones(window.keep_stop - window.keep_start)
        ready.append(joiner.add(kept, last=number == count - 1))
    assert torch.allclose(torch.cat(ready), torch.ones(window.keep_stop), atol=1e-6)


@given(plans, st.integers(1, 8))
def test_windows_follow_each_other_from_the_beginning_of_the_song(plan: WindowPlan, count: int):
    windows = list(islice(plan.windows(), count))
    assert windows[0].start == windows[0].keep_start == 0
    for window in windows:
        assert window.stop - window.start == plan.length
        assert window.stop - window.keep_stop == plan.context
    for one, other in pairwise(windows):
        assert other.keep_start - other.start == plan.context
        assert other.start - one.start == plan.hop and one.keep_stop - other.keep_start == plan.fade


@given(plans, st.integers(1, 400))
@settings(max_examples=60)
def test_windows_that_change_nothing_give_back_the_song(plan: WindowPlan, total: int):
    whole, joiner = song(total), Joiner(plan.fade)
    ready = []
    for window in plan.windows():
        last = window.stop >= total
        ready.append(joiner.add(cut(whole, window.keep_start, total if last else window.keep_stop), last))
        if last:
            break
    joined = torch.cat(ready, -1)
    assert joined.shape == whole.shape
    assert torch.allclose(joined, whole, atol=1e-6)


def test_the_joiner_needs_no_second_copy_of_a_window():
    joiner, kept = Joiner(6), song(34)
    joiner.add(song(34))
    ready = joiner.add(kept)
    assert ready.data_ptr() == kept.data_ptr() and ready.shape[-1] == 28


# Separation

MEL = MelConfig(rate=8000, n_fft=512, hop=128, bands=16, fmax=4000.0)
STEMS = ("low", "high")


class Splitter(StemNetwork):
    """Gives two stems fixed masks of every band."""

    def forward(
        self, z: Tensor, levels: Tensor, presence: Tensor, asked: Conditioning | None = None
    ) -> tuple[Tensor, Tensor]:
        return torch.zeros_like(z), z

    def masks(self, features: Tensor, z: Tensor, presence: Tensor) -> Tensor:
        masks = torch.tensor([0.25, 0.75]).view(1, 2, 1, 1)
        return masks.expand(len(z), 2, MEL.bands, 4 * z.shape[-1])


def stub() -> Model:
    codec = PatchCodec(PatchConfig(MEL, channels=8))
    denoiser = StemDenoiser(Splitter())
    denoiser.window_frames = 20  # 1.28 s
    return Model(codec, denoiser, None, STEMS)


class Reel(AudioStream):
    """A song that is read in blocks of given sizes."""

    def __init__(self, samples: Tensor, rate: int, blocks: tuple[int, ...] = ()) -> None:
        self.samples, self.rate, self.channels = samples, rate, samples.shape[0]
        self.frames = samples.shape[1]
        self.blocks, self.place, self.reads = blocks, 0, 0

    def read(self, frames: int) -> np.ndarray:
        if self.blocks:
            frames = min(frames, self.blocks[self.reads % len(self.blocks)])
        self.reads += 1
        block = self.samples[:, self.place : self.place + frames]
        self.place += block.shape[1]
        return block.numpy()


WINDOWING = Windowing(context=0.02, fade=0.03)
MASKING = Masking(exponent=1.0, average_weight=0.0, wiener=False)  # the stub's own masks


def separated(
    reel: Reel, windowing: Windowing = WINDOWING, known: Mapping[int, Reel] | None = None
) -> Tensor:
    parts = list(separate_song(stub(), reel, known or {}, windowing, Sampling(), MASKING))
    empty = torch.zeros(len(STEMS) + 1, reel.channels, 0)
    return torch.cat([empty, *parts], -1)


@pytest.mark.parametrize("rate", [8000, 11_025])
@pytest.mark.parametrize("seconds", [0.0, 0.0002, 0.5, 1.2, 1.21, 1.22, 1.25, 1.28, 1.3, 2.5, 6.0])
def test_as_many_samples_come_out_as_went_in(rate: int, seconds: float):
    whole = 0.1 * song(round(seconds * rate))
    tracks = separated(Reel(whole, rate))
    assert tracks.shape == (3, *whole.shape)
    assert torch.allclose(tracks[-1], whole, atol=1e-6)
    assert torch.allclose(tracks[:-1].sum(0), whole, atol=1e-5)
    if seconds > 0.001:  # less counts as rumble, which all stems share
        assert torch.allclose(tracks[0], 0.25 * whole, atol=1e-5)


def test_no_length_around_the_joins_loses_a_sample():
    windowing = Windowing(0.02, 0.002)
    plan = windowing.plan(stub(), MEL.rate)
    ends = [
        *range(plan.length - 3, plan.length + 4),
        *range(plan.hop + plan.length - 3, plan.hop + plan.length + 4),
    ]
    for samples in ends:
        assert separated(Reel(0.1 * song(samples, 1), MEL.rate), windowing).shape[-1] == samples


@pytest.mark.parametrize("rate", [8000, 11_025])
@pytest.mark.parametrize("seconds", [0.3, 1.2, 1.5, 2.3])
def test_the_last_window_is_as_long_as_what_is_left_but_not_too_short(rate: int, seconds: float):
    windowing, whole = replace(WINDOWING, batch=4), 0.1 * song(round(seconds * rate))
    windows = WindowedSong(stub(), Reel(whole, rate), {0: Reel(whole, rate)}, windowing, rate)
    batches = list(windows.batches())
    *full, last = [window for batch in batches for window in batch]
    plan = windowing.plan(stub(), rate)
    assert all(window.mixture.shape[1] == plan.length and not window.last for window in full)
    assert all(len({window.mixture.shape for window in batch}) == 1 for batch in batches)
    left, length = whole.shape[1] - last.window.start, last.mixture.shape[1]
    frame = stub().codec.frame_samples * rate / MEL.rate
    assert last.last and last.known[0].shape == last.mixture.shape
    assert left <= length <= plan.length and length - max(left, SHORTEST * plan.length) < frame + 1


@given(st.lists(st.integers(1, 5000), min_size=1, max_size=5), st.integers(1, 30_000))
@settings(max_examples=15, deadline=None)
def test_the_sizes_of_blocks_do_not_matter(blocks: list[int], samples: int):
    assume(samples < 400 * min(blocks))
    whole = 0.1 * song(samples, 1)
    assert torch.equal(separated(Reel(whole, 8000, tuple(blocks))), separated(Reel(whole, 8000)))


def test_a_long_fade_changes_nothing_but_the_number_of_windows():
    whole = 0.1 * song(40_000)
    short, long = (separated(Reel(whole, 8000), Windowing(0.02, fade)) for fade in (0.03, 0.5))
    assert torch.allclose(short, long, atol=1e-5)


@pytest.mark.parametrize("batch", [2, 3, 50])
@pytest.mark.parametrize("samples", [1, 9000, 30_000])
def test_windows_computed_together_give_the_same(batch: int, samples: int):
    whole, low = 0.1 * song(samples), 0.05 * song(samples)
    whole[:, 10_000:20_000] = 0  # some windows are silent
    windowing = replace(WINDOWING, batch=batch)
    alone = separated(Reel(whole, 8000), known={0: Reel(low, 8000)})
    together = separated(Reel(whole, 8000), windowing, {0: Reel(low, 8000)})
    assert alone.shape == together.shape
    assert torch.allclose(alone, together, atol=1e-6)


def test_the_order_of_windows_does_not_matter():
    mixtures = torch.stack([0.1 * song(8000), 0.2 * song(8000).flip(-1), 0.3 * song(8000).flip(0)])

    def answers(order: list[int]) -> Tensor:
        return separate(stub(), mixtures[order], 8000, Sampling(2), MASKING, [7 * i for i in order])

    assert torch.allclose(answers([2, 0, 1]), answers([0, 1, 2])[[2, 0, 1]], atol=1e-6)


@pytest.mark.parametrize("rate", [8000, 11_025])
def test_neighbours_cut_the_song_into_the_same_latent_frames(rate: int):
    model = stub()
    frame = model.codec.frame_samples * rate / MEL.rate
    for context, fade in ((0.02, 0.03), (0.1, 0.3), (0.25, 0.001)):
        plan = Windowing(context, fade).plan(model, rate)
        assert abs(plan.hop / frame - round(plan.hop / frame)) * frame <= 0.5
        assert plan.context == round(context * rate) and plan.fade >= fade * rate - 1


def test_memory_does_not_grow_with_the_song():
    reel = Reel(0.1 * song(80_000), 8000)
    length = WINDOWING.plan(stub(), 8000).length
    given = 0
    for part in separate_song(stub(), reel, {}, WINDOWING, Sampling(), MASKING):
        given += part.shape[-1]
        assert reel.place - given <= length


def test_silence_separates_into_silence():
    assert separated(Reel(torch.zeros(2, 20_000), 8000)).abs().max() == 0


def test_known_stems_are_read_beside_the_song():
    whole, low = 0.1 * song(20_000), 0.05 * song(20_000)
    reel, known = Reel(whole, 8000), Reel(low, 8000, (777,))
    tracks = separated(reel, known={0: known})
    assert tracks.shape == (3, 2, 20_000)
    assert known.place == 20_000


@pytest.mark.parametrize("samples", [1, 700, 8000, 8191, 12_345])
def test_one_window_of_any_length(samples: int):
    whole = 0.1 * song(samples)
    [stems] = separate(stub(), whole[None], 8000, Sampling(), MASKING)
    assert stems.shape == (2, 2, samples)
    assert torch.allclose(stems.sum(0), whole, atol=1e-5)
