"""What happens to the mix. Every effect but the codec is one gain or one filter for all stems, so that they still sum
to the mixture that the effect makes.
"""

from __future__ import annotations

import numpy as np

from msgld.data.records.codec import through_codec
from msgld.data.records.dice import Cup, Dice
from msgld.data.records.motion import tape_curve
from msgld.data.records.settings import Augmentation
from msgld.data.records.tone import bus_equaliser, tape_tone, through
from msgld.dsp.delays import delayed
from msgld.dsp.dynamics import biased_tanh, compressor_gains, rms, sounding_rms
from msgld.dsp.limiter import peak_gains


def mastered(stems: np.ndarray, rate: int, settings: Augmentation, cup: Cup) -> np.ndarray:
    """Stems (S, 2, L) after the chain of the mix, float32; the mixture is as loud as before (RMS)."""
    before = rms(stems.sum(0))
    if before < 1e-8:
        return stems
    made = stems
    for name, effect in BUS.items():
        if cup.of(name + "?").hits(getattr(settings, name)):
            made = effect(made, rate, cup.of(name))
    return stems if made is stems else made * np.float32(before / rms(made.sum(0)))


def equalised(stems: np.ndarray, rate: int, dice: Dice) -> np.ndarray:
    """One equaliser for all."""
    response = bus_equaliser(dice)
    return np.stack([through(stem, rate, response) if stem.any() else stem for stem in stems])


def compressed(stems: np.ndarray, rate: int, dice: Dice) -> np.ndarray:
    """The gains of a slow compressor of the mixture."""
    mixture = stems.sum(0)
    threshold = sounding_rms(mixture) * 10 ** (dice.depth(3, -10) / 20)
    attack, release = dice.octave(0.005, 0.04), dice.octave(0.06, 0.5)
    return _with_gains(stems, compressor_gains(mixture, rate, dice.depth(1.3, 5), threshold, attack, release))


def driven(stems: np.ndarray, rate: int, dice: Dice) -> np.ndarray:
    """The gain of every sample by which a soft curve bends the mixture there."""
    mixture = stems.sum(0)
    drive = np.float32(10 ** (dice.depth(-20, -2) / 20) / sounding_rms(mixture))
    bent = mixture * drive
    gains = np.ones_like(bent)
    np.divide(biased_tanh(bent, 0.0), bent, out=gains, where=np.abs(bent) > 1e-4)
    return stems * gains


def taped(stems: np.ndarray, rate: int, dice: Dice) -> np.ndarray:
    """Tape that runs unevenly under all stems; without hiss, which would be no stem's."""
    curve, tone = tape_curve(stems.shape[-1], rate, dice), tape_tone(dice)
    return np.stack([delayed(through(stem, rate, tone), curve) if stem.any() else stem for stem in stems])


def limited(stems: np.ndarray, rate: int, dice: Dice) -> np.ndarray:
    """The gains of a limiter that takes 1 to 12 dB off the mixture's peaks."""
    mixture = stems.sum(0)
    ceiling = float(np.abs(mixture).max()) * 10 ** (-dice.depth(1, 12) / 20)
    return _with_gains(stems, peak_gains(mixture, rate, ceiling))


def _with_gains(stems: np.ndarray, gains: np.ndarray) -> np.ndarray:
    return stems * gains.astype(np.float32)


BUS = {
    "bus_equalise": equalised,
    "bus_compress": compressed,
    "bus_drive": driven,
    "bus_tape": taped,
    "bus_limit": limited,
    "bus_codec": through_codec,
}
"""Effects on the mix in their order: the probabilities of :class:`Augmentation`."""
