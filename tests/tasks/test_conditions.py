"""Conditions: what is asked of a piece reaches the network, frame by frame, and says what the data say."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from command import run
from tiny import save_tiny_model

import msgld
from msgld.checkpoint import load_model, save_model
from msgld.data.fonts import heldout_soundfont
from msgld.data.scores import ScoreSource, Variation, band_song, conditions_of
from msgld.diffusion.denoise import Denoiser, Estimate
from msgld.diffusion.guidance import Conditioned, Guided
from msgld.diffusion.noise import CosineSchedule
from msgld.diffusion.noise_map import Conditioning
from msgld.diffusion.rollout import roll_out
from msgld.diffusion.settings import Sampling
from msgld.errors import ModelError, UsageError
from msgld.music.conditioning import FACTS, conditioning_of, facts, features_of, frame_features, programs
from msgld.music.conditions import PROGRAMS, Conditions
from msgld.music.key_detection import key_of_notes
from msgld.music.keys import parse_key, scale, transposed
from msgld.music.midi.parts import Song, stretch, transpose
from msgld.nets.transformer import StemTransformer, TransformerConfig
from msgld.stems import STEMS
from msgld.tasks import noise_maps as maps
from msgld.training.denoiser.batch import Batch, ConditionsConfig, drawn_conditions

STYLES = ("bossa", "rock")


def told(conditions: Conditions, seconds: list[float]) -> torch.Tensor:
    return frame_features(facts(conditions, STYLES)[None], torch.tensor([seconds]), len(STYLES))[0]


def test_an_open_brief_says_nothing():
    assert not told(Conditions(), [0.0, 3.0]).any()
    assert not programs(Conditions(), STEMS).any()
    assert Conditions().empty and not Conditions(bpm=100).empty


def test_phases_go_round_once_a_beat_and_once_a_bar():
    at_120 = told(Conditions(bpm=120), [0.0, 0.5, 1.0, 2.0])
    assert torch.allclose(at_120[0], at_120[3], atol=1e-4), "a bar of four beats lasts 2 s"
    beat, bar = at_120[:, [2, 4]], at_120[:, [3, 5]]
    assert torch.allclose(beat, beat[:1].expand_as(beat), atol=1e-4)
    assert torch.allclose(bar[2], -bar[0], atol=1e-4), "half a bar"
    later = told(Conditions(bpm=120, offset=1.0), [0.0, 0.5])
    assert torch.allclose(later, at_120[1:3], atol=1e-4)
    three = told(Conditions(bpm=60, beats=3), [0.0, 3.0])
    assert torch.allclose(three[0], three[1], atol=1e-4)


def test_the_key_is_its_tonic_and_its_scale():
    minor, major = (told(Conditions(key=key), [0.0])[0, 6:31] for key in ("Am", "C major"))
    assert torch.equal(minor[13:], major[13:]), "relative keys have the same notes"
    assert minor[1 + 9] == 1 and major[1] == 1
    open_mode = told(Conditions(key="D"), [0.0])[0, 6:31]
    assert open_mode[1 + 2] == 1 and not open_mode[13:].any()


@pytest.mark.parametrize(("text", "key"), [("Gm", (7, "minor")), ("f#m", (6, "minor")), ("Bb", (10, None))])
def test_keys_as_musicians_write_them(text: str, key: tuple[int, str | None]):
    assert parse_key(text) == key


def test_programs_of_a_stem_sum_to_one_and_kits_are_no_pianos():
    chosen = programs(Conditions(instruments={"piano": (4,), "drums": (0, 40), "flute": (73,)}), STEMS)
    assert chosen[STEMS.index("piano"), 4] == 1
    assert chosen[STEMS.index("drums"), [128, 168]].tolist() == [0.5, 0.5]
    assert chosen.sum() == 2


@pytest.mark.parametrize(
    "wrong", [{"bpm": 10}, {"bpm": float("nan")}, {"key": "H"}, {"instruments": {"bass": (200,)}}]
)
def test_wrong_briefs_are_refused(wrong: dict):
    with pytest.raises(UsageError):
        Conditions(**wrong)


def test_unknown_styles_and_stems_are_refused():
    with pytest.raises(UsageError, match="bossa, rock"):
        conditioning_of(Conditions(style="polka"), STEMS, STYLES, torch.zeros(3))
    with pytest.raises(UsageError, match="no stem 'flute'"):
        conditioning_of(Conditions(instruments={"flute": (73,)}), STEMS, STYLES, torch.zeros(3))


# Data


@pytest.mark.parametrize(("seed", "style"), [(3, "rock"), (5, "disco"), (8, "pop")])
def test_the_beats_of_a_brief_are_those_of_the_notes(seed: int, style: str):
    song = band_song(seed, style)
    played = transpose(stretch(song.parts, 1.2), 3)
    start = 7.3
    conditions = conditions_of(song, played, start, 5.0, 1.2, 3)
    assert conditions.bpm == pytest.approx(1.2 * float(song.meta["bpm"]), rel=1e-3)
    assert parse_key(conditions.key or "")[0] == (parse_key(str(song.meta["key"]))[0] + 3) % 12
    kicks = np.concatenate([p.onset[(p.pitch == 35) | (p.pitch == 36)] for p in played if p.is_drum])
    beats = conditions.offset + (kicks[kicks > start] - start) * conditions.bpm / 60
    assert len(beats) > 10
    off = np.abs(beats * 4 - np.rint(beats * 4)) / 4
    assert np.median(off) < 0.04, "most kicks fall on sixteenths"
    assert set(conditions.instruments) <= set(STEMS)


def scale_of(key: str) -> set[int]:
    tonic, mode = parse_key(key)
    return set(scale(tonic, mode or "major"))


def test_the_key_of_notes_is_that_which_they_were_composed_in():
    found = []
    for seed in range(60):
        song = band_song(seed, STYLES[seed % 2])
        if parse_key(str(song.meta["key"]))[1] in ("major", "minor"):
            played = transpose(song.parts, seed % 7)
            key = key_of_notes(played, 5.0, 12.0)
            found += [(key, transposed(str(song.meta["key"]), seed % 7))] if key else []
    assert len(found) >= 20
    # Some stretches leave a note of their scale out, or borrow one.
    assert np.mean([scale_of(key) == scale_of(true) for key, true in found]) > 0.85
    assert np.mean([key == true for key, true in found]) > 0.7


def test_notes_of_no_scale_have_no_key_and_silence_has_none():
    song = band_song(1, "rock")
    whole = [part for part in song.parts if not part.is_drum]
    assert key_of_notes([], 0.0, 5.0) is None and key_of_notes(whole, 1e4, 5.0) is None
    everything = [
        replace(part, pitch=36 + np.arange(len(part)) % 12, duration=np.ones(len(part))) for part in whole
    ]
    assert key_of_notes(everything, 0.0, 60.0) is None


class Rock:
    """A library of rock."""

    def draw(self, rng: np.random.Generator) -> Song:
        return band_song(int(rng.integers(1000)), "rock")


def test_clips_carry_their_briefs():
    source = ScoreSource(Rock(), [heldout_soundfont()], Variation(substitute=1.0))
    clip = source.clip(1, 2.0)
    assert clip.conditions.style == "rock" and clip.conditions.key and clip.conditions.bpm
    assert clip.conditions.offset == pytest.approx(float(clip.meta["start"]) * clip.conditions.bpm / 60)


# Training


def test_what_is_to_be_separated_is_told_nothing_and_open_facts_stay_open():
    items, frames = 200, 3
    numbers = facts(Conditions("rock", 120, "G minor"), STYLES).expand(items, FACTS)
    batch = Batch(
        torch.zeros(items, 6, 4, frames), torch.ones(items, 6, dtype=torch.bool), torch.zeros(items, dtype=torch.bool),
        torch.zeros(0), torch.zeros(0), numbers, torch.ones(items, 5, PROGRAMS), torch.zeros(items, frames),
    )  # fmt: skip
    presence = torch.ones(items, 6, dtype=torch.bool)
    presence[::2, -1] = False
    drawn = drawn_conditions(
        batch, presence, len(STYLES), ConditionsConfig(given=0.5, each=0.5), np.random.default_rng(0)
    )
    assert not drawn.frames[1::2].any() and not drawn.programs[1::2].any()
    timed, keyed, styled = drawn.frames[::2, 0, 0], drawn.frames[::2, 0, 6], drawn.frames[::2, 0, 31:].sum(-1)
    for known in (timed, keyed, styled, drawn.programs[::2, 0, 0]):
        assert 0.1 < float(known.mean()) < 0.45
    assert not torch.equal(timed, keyed)


# The network


def network(**sizes: object) -> StemTransformer:
    torch.manual_seed(0)
    made = StemTransformer(TransformerConfig(tracks=len(STEMS) + 1, width=32, depth=1, heads=2, **sizes))
    torch.nn.init.normal_(made.outward.weight)
    return made


def with_conditions() -> StemTransformer:
    return network(frame_features=features_of(2), programs=PROGRAMS, styles=STYLES)


def inputs() -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    torch.manual_seed(1)
    tracks = len(STEMS) + 1
    return torch.randn(1, tracks, 128, 5), torch.rand(1, tracks, 5), torch.ones(1, tracks, dtype=torch.bool)


def test_a_network_that_has_not_learned_briefs_yet_ignores_them():
    plain, new = network(), with_conditions()
    missing, unknown = new.load_state_dict(plain.state_dict(), strict=False)
    assert not unknown and all(name.startswith("conditioning.") for name in missing)
    asked = conditioning_of(Conditions("rock", 100, "A", {"bass": (33,)}), STEMS, STYLES, torch.arange(5.0))
    for some in (None, asked):
        assert torch.allclose(new(*inputs(), some)[0], plain(*inputs())[0], atol=1e-6)


def test_what_a_brief_says_of_a_stem_and_of_a_moment_is_heard():
    new = with_conditions()
    for parameter in new.conditioning.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    plain = new(*inputs(), conditioning_of(Conditions(), STEMS, STYLES, torch.arange(5.0)))[0]
    for conditions in (
        Conditions("rock"),
        Conditions(bpm=90),
        Conditions(key="A"),
        Conditions(instruments={"bass": (33,)}),
    ):
        assert not torch.allclose(
            new(*inputs(), conditioning_of(conditions, STEMS, STYLES, torch.arange(5.0)))[0], plain, atol=1e-3
        )


class Listener(Denoiser):
    """Answers with zeros and remembers what it was told."""

    def __init__(self, schedule: object) -> None:
        self.schedule = schedule
        self.told: list[Conditioning] = []

    def __call__(self, x: torch.Tensor, levels: torch.Tensor, presence: torch.Tensor, asked: Conditioning):
        self.told.append(asked)
        return Estimate(torch.zeros_like(x))


def test_each_window_is_told_of_its_own_frames():
    listener = Listener(CosineSchedule())
    task = maps.generate(6, 20)
    frames = torch.arange(20.0).view(1, 20, 1)
    task = replace(task, conditioning=Conditioning(frames, torch.zeros(1, 5, 2)))
    list(roll_out(listener, torch.zeros(1, 6, 4, 20), task, Sampling(steps=1), 12, 4))
    assert [(int(a.frames[0, 0, 0]), a.frames.shape[1]) for a in listener.told] == [(0, 12), (8, 12)]


class Hearing(Denoiser):
    """Answers 1 where nothing is asked, and what is asked of the first frame where something is; counts its calls."""

    schedule = CosineSchedule()

    def __init__(self) -> None:
        self.calls = 0

    def __call__(
        self, x: torch.Tensor, levels: torch.Tensor, presence: torch.Tensor, asked: Conditioning | None = None
    ) -> Estimate:
        self.calls += 1
        answer = 1.0 if asked is None else float(asked.frames[0, 0, 0])
        halves = torch.tensor([answer, 4.0 - answer])[None, :, None, None] / 4
        return Estimate(torch.full_like(x, answer), halves)


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0, 4.0])
def test_guidance_goes_on_from_the_answer_to_nothing_past_the_one_to_the_brief(weight: float):
    hearing, asked = Hearing(), Conditioning(torch.full((1, 5, 1), 3.0), torch.zeros(1, 1, 2))
    x, levels, presence = torch.zeros(1, 3, 2, 5), torch.ones(1, 3, 5), torch.ones(1, 3, dtype=torch.bool)
    answer = Conditioned(hearing, asked, weight)(x, levels, presence)
    assert torch.allclose(answer.z, torch.tensor(1 + weight * 2))
    assert hearing.calls == (1 if weight in (0, 1) else 2)
    assert answer.masks is not None
    # Their ratio is 1 : 3 without the conditions and 3 : 1 with it.
    ratio = answer.masks[:, 0] / answer.masks[:, 1]
    assert torch.allclose(ratio, torch.tensor(3 ** (2 * weight - 1))) and torch.allclose(
        answer.masks.sum(1), torch.ones(())
    )


def test_guidance_by_what_is_given_is_one_for_what_is_asked_too():
    hearing, asked = Hearing(), Conditioning(torch.full((1, 5, 1), 3.0), torch.zeros(1, 1, 2))
    x, levels, presence = torch.zeros(1, 3, 2, 5), torch.ones(1, 3, 5), torch.ones(1, 3, dtype=torch.bool)
    guided = Guided(Conditioned(hearing, asked, 2.0), 1.5)
    assert torch.allclose(guided(x, levels, presence).z, torch.tensor(1 + 2.0 * 2)), "nothing is given"
    assert hearing.calls == 2
    levels[:, 0] = 0
    answer = guided(x, levels, presence).z[:, 1:]
    assert torch.allclose(answer, torch.tensor(1 + 1.5 * 2)) and hearing.calls == 4


# From the outside


def test_a_piece_follows_its_brief_and_the_record_says_so(tmp_path: Path):
    model = msgld.load(save_tiny_model(tmp_path / "tiny", styles=STYLES), device="cpu", half=False)
    options = msgld.Options(quality="draft", steps=2)
    plain = model.generate(1.0, options=options)
    asked = model.generate(
        1.0, conditions=msgld.Conditions("rock", 100, "A minor", {"piano": (4,)}), options=options
    )
    assert np.abs(plain.stems["piano"] - asked.stems["piano"]).max() > 1e-4
    unheard = model.generate(
        1.0, conditions=msgld.Conditions("rock", 100), options=replace(options, style_guidance=0.0)
    )
    assert np.abs(plain.stems["piano"] - unheard.stems["piano"]).max() < 1e-4
    assert unheard.info["settings"]["style_guidance"] == 0 < asked.info["settings"]["style_guidance"]
    assert asked.info["settings"]["conditions"]["bpm"] == 100 and "conditions" not in plain.info["settings"]
    given = {"bass": (plain.stems["bass"], plain.rate)}
    one, other = (
        model.arrange(given, ["piano"], conditions=msgld.Conditions(key=key), options=options)
        for key in ("C", "F#")
    )
    assert np.abs(one.stems["piano"] - other.stems["piano"]).max() > 1e-4
    assert np.array_equal(one.stems["bass"], other.stems["bass"])


def test_a_saved_model_keeps_its_styles_and_others_refuse_briefs(tmp_path: Path):
    model = load_model(save_tiny_model(tmp_path / "one", styles=STYLES))
    save_model(model, tmp_path / "two")
    assert load_model(tmp_path / "two").styles == STYLES
    plain = msgld.load(save_tiny_model(tmp_path / "plain"), device="cpu")
    with pytest.raises(ModelError, match="takes no conditions"):
        plain.generate(1.0, conditions=msgld.Conditions(bpm=100))


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--instrument", "piano=banjo"], "no piano called 'banjo'; there are: grand"),
        (["--bpm", "1000"], "has to be a number from 30 to 300"),
        (["--key", "H"], "unknown key 'H'"),
        (["--style", "polka"], "no style 'polka'; there are: bossa, rock"),
    ],
)
def test_the_command_line_refuses_in_one_line(tmp_path: Path, asked: list[str], said: str):
    folder = save_tiny_model(tmp_path / "tiny", styles=STYLES)
    done = run(["generate", "--name", folder, "--seconds", "1", "-o", "out", *asked], tmp_path)
    assert done.code != 0 and said in done.err and "Traceback" not in done.err
    assert not (tmp_path / "out").exists()


def test_the_command_line_takes_a_brief(tmp_path: Path):
    folder = save_tiny_model(tmp_path / "tiny", styles=STYLES)
    asked = ["--style", "bossa", "--bpm", "92", "--key", "Gm"]
    asked += ["--instrument", "piano=rhodes", "--instrument", "drums=brush,jazz"]
    asked += ["--style-guidance", "2"]
    done = run(["generate", "--name", folder, "--seconds", "1", "-o", "out", *asked], tmp_path)
    assert done.code == 0, done.err
    assert (tmp_path / "out" / "tiny" / "seed0" / "piano.wav").exists()
