"""The listener's front end puts tones where they belong; neither length nor batching changes what it says."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from msgld.nets.beat_tracker import BeatTracker, BeatTrackerConfig
from msgld.nets.listener import Listener, ListenerConfig
from msgld.nets.log_spectra import HARMONICS, Attacks, LogSpectra
from msgld.registry import config_of, kind_of, settings_of

RATE, HOP = 22_050, 512
SMALL = ListenerConfig(entry=4, width=6, depth=2, attack_bands=6, drum_width=12, drum_depth=2, drum_hidden=12)


def tone(note: float, seconds: float = 1.0) -> torch.Tensor:
    time = torch.arange(round(seconds * RATE)) / RATE
    return 0.1 * torch.sin(2 * np.pi * 440 * 2 ** ((note - 69) / 12) * time)[None]


def small_listener() -> Listener:
    torch.manual_seed(0)
    listener = Listener(SMALL).eval()
    for parameter in listener.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return listener


def spectra() -> LogSpectra:
    return LogSpectra(RATE, HOP, (8192, 2048), 21, 88, 3)


@pytest.mark.parametrize("note", [45, 52, 60, 72, 84, 96, 104])
@pytest.mark.parametrize("band", [-1, 0, 1])
def test_a_tone_is_loudest_in_its_own_band(note: int, band: int):
    planes = spectra()(tone(note + band / 3))
    own = planes[0, HARMONICS.index(1.0)]  # the long window
    assert int(own[:, 20].argmax()) == 3 * (note - 21) + 1 + band


@pytest.mark.parametrize("number", range(len(HARMONICS)))
def test_a_harmonic_is_seen_at_the_place_of_its_fundamental(number: int):
    planes = spectra()(tone(60 + 12 * np.log2(HARMONICS[number])))
    assert int(planes[0, number, :, 20].argmax()) == 3 * (60 - 21) + 1


@pytest.mark.parametrize("step", range(4))
def test_an_attack_is_seen_in_its_step(step: int):
    attacks = Attacks(RATE, HOP, 512, 8, 4)
    wave = torch.zeros(1, RATE)
    wave[0, 10 * HOP + (step - 2) * HOP // 4] = 1
    seen = attacks(wave)[0].unflatten(0, (8, 4)).mean(0)
    assert divmod(int(seen.T.argmax()), 4) == (10, step)


@pytest.mark.parametrize("samples", [1, 511, 512, 513, 30_000])
def test_every_hop_has_a_frame(samples: int):
    listener = small_listener()
    said = listener(torch.randn(2, samples), torch.tensor([0, 1]))
    assert said.onset.shape == said.shift.shape == (2, 88, samples // HOP + 1)
    assert said.onset.shape[2] == listener.frames(samples)


def test_a_batch_of_any_stems_is_each_alone():
    listener, waves = small_listener(), 0.1 * torch.randn(5, 8000)
    stems = torch.tensor([0, 1, 2, 1, 5])
    together = vars(listener(waves, stems))
    for index in range(5):
        alone = vars(listener(waves[index : index + 1], stems[index : index + 1]))
        for name, whole in together.items():
            torch.testing.assert_close(whole[index : index + 1], alone[name], atol=1e-4, rtol=1e-4)


def test_stems_are_told_apart():
    listener, wave = small_listener(), 0.1 * torch.randn(1, 8000)
    bass, piano, drums = (listener(wave, torch.tensor([stem])).onset for stem in (0, 3, 1))
    assert not torch.allclose(bass, piano) and not torch.allclose(bass, drums)


@pytest.mark.parametrize("part", ["listener", "beats"])
def test_a_part_is_built_again_from_its_settings(part: str):
    made = (
        small_listener() if part == "listener" else BeatTracker(BeatTrackerConfig(width=8, depth=2, bands=8))
    )
    given = settings_of(made)
    again = kind_of(part, given).build(config_of(part, given))
    again.load_state_dict(made.state_dict())
    assert again.config == made.config


def test_an_answer_depends_on_no_more_time_than_it_says():
    listener, tracker = small_listener(), BeatTracker(BeatTrackerConfig(width=8, depth=4, bands=8))
    torch.nn.init.normal_(tracker.outward.weight)
    wave = 0.1 * torch.randn(1, 120 * HOP)
    for hop, sight, answer in (
        (HOP, SMALL.width_of_time, lambda x: listener(x, torch.tensor([0])).onset[0].T),
        (HOP, SMALL.width_of_time, lambda x: listener(x, torch.tensor([1])).onset[0].T),
        (256, tracker.config.width_of_time, lambda x: tracker(x).beat[0]),
    ):
        frames = 120 * HOP // hop
        middle = frames // 2
        changed = wave.clone()
        changed[:, : (middle - sight) * hop] = 0
        changed[:, (middle + sight) * hop :] = 0
        torch.testing.assert_close(answer(wave)[middle], answer(changed)[middle], atol=1e-5, rtol=1e-4)
