"""Parity with the original modules, on golden vectors: inputs and outputs that were recorded from them.

Another folder of such vectors can be tested with the environment variable MSGLD_GOLDEN. What is in a folder is found
by its ``config.json``; sizes and numbers of objects, steps and cases are free.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import torch
from einops import rearrange
from golden_vectors import FOLDER, Golden, autoencoder, close, discover, unet, vocoder
from torch import Tensor

from msgld.diffusion.denoise import Denoiser
from msgld.diffusion.guidance import Guided
from msgld.diffusion.noise_map import NoiseMap
from msgld.diffusion.sample import Move, ddim, last_state, sample
from msgld.dsp.mel import MelConfig, columns, log_mel
from msgld.paper.denoiser import Overwriting, PublishedDenoiser
from msgld.paper.schedule import SqrtLinearSchedule


@dataclass(frozen=True)
class Recorded(SqrtLinearSchedule):
    """The published schedule on a recorded grid: the original makes more steps than asked for by some numbers."""

    recorded: tuple[int, ...] = ()

    def grid(self, steps: int) -> list[int]:
        assert steps == len(self.recorded)
        return sorted(self.recorded, reverse=True)

    def shares(self, steps: int, start: float = 1.0) -> list[float]:
        return [(t + 1) / self.timesteps for t in (*self.grid(steps), 0)]


def check_grid(timesteps: list[int], schedule: SqrtLinearSchedule, steps: int) -> None:
    """Our own grid is the recorded one wherever the original makes as many steps as it was asked for."""
    if schedule.timesteps % steps == 0:
        assert schedule.grid(steps)[::-1] == timesteps


def check_mel(golden: Golden) -> None:
    c, tensors = golden.config, golden.tensors()
    assert c["win_length"] == c["n_fft"], "windows are as long as the transform"
    shape = (c["sample_rate"], c["n_fft"], c["hop_length"], c["n_mels"])
    config = MelConfig(*shape, c["fmin"], c["fmax"], c["log_floor"], kind="magnitude")
    ours = log_mel(tensors["wav"].unsqueeze(1), config)
    # The original has one more column, of which it makes no use.
    assert ours.shape[-1] == columns(tensors["wav"].shape[-1], config) <= tensors["log_mel"].shape[-1]
    close(ours, tensors["log_mel"][..., : ours.shape[-1]], "log-mel")


def check_schedule(golden: Golden) -> None:
    c, tensors = golden.config, golden.tensors()
    schedule = SqrtLinearSchedule(c["linear_start"], c["linear_end"], c["steps"])
    close(schedule.betas(), tensors.pop("betas"), "betas")
    close(schedule.alphas_cumprod(), tensors.pop("alphas_cumprod"), "alphas_cumprod")
    for name in [name for name in tensors if name.endswith("_timesteps")]:
        steps = int(re.fullmatch(r"ddim(\d+)_timesteps", name)[1])
        timesteps = tensors.pop(name).tolist()
        check_grid(timesteps, schedule, steps)
        recorded = Recorded(schedule.first, schedule.last, schedule.timesteps, tuple(timesteps))
        for name in [name for name in tensors if name.startswith(f"ddim{steps}_")]:
            quantity = name.removeprefix(f"ddim{steps}_")
            close(ddim_quantity(quantity, recorded).flip(0), tensors.pop(name), name)
    assert not tensors, f"what are {sorted(tensors)} of a schedule?"


def ddim_quantity(name: str, schedule: Recorded) -> Tensor:
    """A quantity of DDIM's steps from the noisiest on, as our sampler has it, float64 (steps,)."""
    levels = torch.tensor(schedule.fractions(len(schedule.recorded)), dtype=torch.float64)
    if name == "alphas":
        return schedule(levels[:-1])[0].square()
    if name == "alphas_prev":
        return schedule(levels[1:])[0].square()
    eta = re.fullmatch(r"sigmas_eta([\d.]+)", name)
    assert eta, f"what is {name} of a schedule?"
    # Where nothing but the fresh noise is one, a step gives its factor.
    now, after = (part.view(1, 1, -1) for part in (levels[:-1], levels[1:]))
    nothing = torch.zeros(1, 1, 1, len(levels) - 1, dtype=torch.float64)
    move = Move(nothing, nothing, None, now, after, None, lambda: torch.ones_like(nothing))
    return ddim(move, schedule, eta=float(eta[1])).flatten()


def check_unet(golden: Golden) -> None:
    network, tensors = unet(golden.config), golden.tensors()
    if "params" in golden.config:
        assert sum(p.numel() for p in network.parameters()) == golden.config["params"]
    x, mixture, t = tensors["x"], tensors["mix"], tensors["t"]
    close(network(x, mixture, t), tensors["eps_conditional"], "with the mixture")
    close(network(x, None, t), tensors["eps_unconditional"], "without")
    close(network(x, torch.zeros_like(mixture), t), tensors["eps_unconditional"], "with zeros")


def check_autoencoder(golden: Golden) -> None:
    tensors = golden.tensors()
    codec = autoencoder(golden.config, tensors["mel"].shape[-1])
    mels = rearrange(tensors["mel"], "b 1 n m -> b m n")
    mean, _ = tensors["moments"].chunk(2, dim=1)
    close(torch.cat(codec.moments(mels), 1), tensors["moments"], "moments")
    close(codec.encode(mels), frames(mean), "latents")
    close(codec.decode(frames(tensors["z"])), rearrange(tensors["decoded"], "b 1 n m -> b m n"), "decoded")


def check_vocoder(golden: Golden) -> None:
    network, tensors = vocoder(golden.config), golden.tensors()
    mels, waves = tensors["mel"], tensors["wav"][:, 0]
    close(network.network(mels.transpose(1, 2)), waves, "waveform")
    samples = mels.shape[-1] * network.config.hop
    close(network(mels), waves[:, :samples], "cropped")


def frames(images: Tensor) -> Tensor:
    """Latents (..., C, T, F) -> (..., C F, T)."""
    return rearrange(images, "... c t f -> ... (c f) t")


def with_mixture(stems: Tensor, mixture: Tensor) -> Tensor:
    """Stems (B, S, C, T, F) and mixture (B, C, T, F) -> latents (B, S + 1, C F, T)."""
    return frames(torch.cat([stems, mixture.unsqueeze(1)], 1))


@torch.no_grad()
def check_ddim(golden: Golden) -> None:
    c, tensors = golden.config, golden.tensors()
    check_grid(c["timesteps"], SqrtLinearSchedule(), c["steps"])
    network = unet(c["unet"])
    denoiser = PublishedDenoiser(network, tensors["mix"].shape[1], network.multiple)
    denoiser.schedule = Recorded(recorded=tuple(c["timesteps"]))
    assert c["cases"], "no cases of DDIM"
    for name, case in c["cases"].items():
        check_case(name, case, denoiser, tensors, len(c["timesteps"]))


def check_case(
    name: str, case: dict[str, Any], denoiser: PublishedDenoiser, tensors: dict[str, Tensor], steps: int
) -> None:
    silence = torch.zeros_like(tensors["mix"])
    every = list(range(tensors["x_T"].shape[1]))
    made = every if case["generated_tracks"] is None else case["generated_tracks"]
    given = [track for track in every if track not in made]
    start = tensors["x_T"].clone()
    start[:, given] = tensors["x0"][:, given]
    x = with_mixture(start, tensors["mix"])
    guided: Denoiser = Guided(denoiser, case["guidance"])
    if given:
        guided = Overwriting(guided, lambda call: with_mixture(tensors["q_noise"][call], silence))
    states = sample(
        guided,
        x,
        arranging(x, made),
        steps,
        partial(ddim, eta=case["eta"]),
        lambda draw: with_mixture(tensors["step_noise"][draw], silence),
    )
    out = last_state(states).x
    close(out[:, made], frames(tensors[f"out.{name}"][:, made]), name)
    # The original ends with estimates of what is given, of which it makes no use; ours comes back as it was.
    assert torch.equal(out[:, given], x[:, given])


def arranging(x: Tensor, made: list[int]) -> NoiseMap:
    """The task of making some stems out of noise, the others and the mixture given."""
    wanted = torch.zeros(x.shape[0], x.shape[1], x.shape[3], dtype=torch.bool)
    wanted[:, made] = True
    return NoiseMap(wanted.float(), wanted, torch.ones(x.shape[:2], dtype=torch.bool))


CHECKS = {
    "mel": check_mel,
    "schedule": check_schedule,
    "unet": check_unet,
    "vae": check_autoencoder,
    "hifigan": check_vocoder,
    "ddim": check_ddim,
}


def check(golden: Golden) -> None:
    if golden.kind not in CHECKS:
        pytest.fail(f"{golden.name} is of kind {golden.kind!r}; known are {', '.join(sorted(CHECKS))}")
    CHECKS[golden.kind](golden)


@pytest.mark.parametrize("golden", discover(), ids=lambda golden: golden.name)
def test_parity_with_the_original(golden: Golden):
    check(golden)


def test_an_unknown_kind_fails_and_is_named():
    with pytest.raises(pytest.fail.Exception, match="'theremin'; known are ddim, hifigan, mel"):
        check(Golden("later", {"kind": "theremin"}, FOLDER))
