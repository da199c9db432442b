"""The chain of one stem: amplifier, dynamics, second takes, then tone and space in one pass, tape, place, loudness."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from msgld.data.records import space, studio
from msgld.data.records.amplifier import amplified
from msgld.data.records.dice import Cup, Dice
from msgld.data.records.image import placed, widened
from msgld.data.records.motion import doubled, modulated, taped
from msgld.data.records.settings import Chain
from msgld.data.records.tone import channel_equaliser, tape_tone, through
from msgld.dsp.dynamics import rms
from msgld.dsp.filters import flat, high_pass

LEVELS = (-9.0, 6.0)
"""Range of the change of a stem's loudness, dB."""

BENDING = ("saturate", "tape")
"""Effects that leave a constant offset, which has to be filtered."""


def recorded(
    x: np.ndarray, rate: int, stem: str, chain: Chain, cup: Cup, bleed: np.ndarray | None = None
) -> np.ndarray:
    """One stem as on a record, float32 (2, L); silence and what no effect is drawn for come back as they are.

    Args:
        x: (2, L).
        rate: samples per second.
        stem: its name.
        chain: probabilities.
        cup: all random numbers.
        bleed: impulse response (2, n) of another stem's microphones, which pick this stem up.
    """
    before = rms(x)
    if not x.any():
        return x
    on = {name for name in EFFECTS if cup.of(name + "?").hits(getattr(chain, name))}
    y = x
    for name, effect in BEFORE.items():
        y = effect(y, rate, stem, chain, cup.of(name)) if name in on else y
    y = _tone_and_space(y, rate, chain, cup, on, bleed)
    if "tape" in on:
        y = taped(y, rate, cup.of("tape"))
    if y is not x:
        y = y * np.float32(before / rms(y))
    if "place" in on:
        y = placed(y, cup.of("place").between(-chain.pan, chain.pan))
    return y * np.float32(10 ** (cup.of("level").between(*LEVELS) / 20)) if "level" in on else y


Effect = Callable[[np.ndarray, int, str, Chain, Dice], np.ndarray]

BEFORE: dict[str, Effect] = {
    "amplify": lambda x, rate, stem, chain, dice: amplified(x, rate, stem, dice),
    "deess": lambda x, rate, stem, chain, dice: studio.deessed(x, rate, dice),
    "compress": lambda x, rate, stem, chain, dice: studio.compressed(x, rate, chain.squeeze, dice),
    "crush": lambda x, rate, stem, chain, dice: studio.crushed(x, rate, dice),
    "saturate": lambda x, rate, stem, chain, dice: studio.saturated(x, dice),
    "modulate": lambda x, rate, stem, chain, dice: modulated(x, rate, dice),
    "double": lambda x, rate, stem, chain, dice: doubled(x, rate, dice),
    "widen": lambda x, rate, stem, chain, dice: widened(x, rate, dice),
}
"""Effects that come before tone and space, in their order."""

SPACES: dict[str, Callable[[int, Dice], np.ndarray]] = {
    "echo": space.echo,
    "room": space.room,
    "plate": space.plate,
}
"""Effects that are impulse responses."""

EFFECTS = (*BEFORE, "equalise", *SPACES, "tape", "place", "level")
"""All effects on a stem: the probabilities of :class:`Chain`."""


def _tone_and_space(
    x: np.ndarray, rate: int, chain: Chain, cup: Cup, on: set[str], bleed: np.ndarray | None
) -> np.ndarray:
    """All that is linear and does not move, in one pass through the Fourier domain."""
    impulses = [make(rate, cup.of(name)) for name, make in SPACES.items() if name in on]
    impulse = space.together(impulses + ([] if bleed is None else [bleed]))
    response = flat() if on & {"equalise", *BENDING} else None
    if "equalise" in on:
        response = response * channel_equaliser(cup.of("equalise"), chain.low_cut)
    if "tape" in on:
        response = response * tape_tone(cup.of("head"))
    if on & set(BENDING):
        response = response * high_pass(16)
    return x if response is None and impulse is None else through(x, rate, response, impulse)
