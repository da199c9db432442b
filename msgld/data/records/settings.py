"""How often stems and mixes go through which effect. Ranges of their values stand with the effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from msgld.data.records.dice import Range


@dataclass(frozen=True)
class Chain:
    """The effects on a stem in their order: probabilities, 0 to 1, and what the stem is like.

    Attributes:
        amplify: amplifier and cabinet.
        compress: a compressor, of which ``squeeze`` says how strong.
        deess: sibilants are turned down.
        crush: a strongly compressed copy is added (parallel compression).
        saturate: tubes and transformers.
        modulate: chorus, tremolo or moving from side to side.
        double: played or sung a second time, a little later and out of tune.
        widen: another width, or one side late (Haas).
        equalise: low cut, shelves and bells.
        echo: a delay that repeats.
        room: reflections and a short tail.
        plate: a long, dense tail.
        tape: wow and flutter, less treble, hiss.
        place: another place between left and right.
        level: another loudness.
        squeeze: largest ratio of the compressor.
        low_cut: frequencies of the low cut, hertz.
        pan: the farthest place, 0 middle, 1 one side only.
    """

    amplify: float = 0.0
    compress: float = 0.0
    deess: float = 0.0
    crush: float = 0.0
    saturate: float = 0.0
    modulate: float = 0.0
    double: float = 0.0
    widen: float = 0.0
    equalise: float = 0.0
    echo: float = 0.0
    room: float = 0.0
    plate: float = 0.0
    tape: float = 0.0
    place: float = 0.0
    level: float = 0.0
    squeeze: float = 4.0
    low_cut: Range = (20.0, 200.0)
    pan: float = 0.5


CHAINS: Mapping[str, Chain] = {
    "bass": Chain(
        amplify=0.35, compress=0.7, saturate=0.3, modulate=0.06, widen=0.05, equalise=0.8, room=0.12, tape=0.12,
        place=0.2, level=0.8, squeeze=8.0, low_cut=(18.0, 45.0), pan=0.1,
    ),
    "drums": Chain(
        compress=0.5, crush=0.45, saturate=0.35, widen=0.35, equalise=0.8, room=0.55, plate=0.12, tape=0.12,
        place=0.1, level=0.8, squeeze=5.0, low_cut=(18.0, 40.0), pan=0.1,
    ),
    "guitar": Chain(
        amplify=0.5, compress=0.4, saturate=0.15, modulate=0.2, double=0.25, widen=0.25, equalise=0.8, echo=0.15,
        room=0.35, plate=0.15, tape=0.1, place=0.5, level=0.8, low_cut=(50.0, 180.0), pan=0.8,
    ),
    "piano": Chain(
        amplify=0.15, compress=0.45, saturate=0.15, modulate=0.15, widen=0.35, equalise=0.8, echo=0.06, room=0.35,
        plate=0.2, tape=0.12, place=0.4, level=0.8, low_cut=(25.0, 160.0), pan=0.6,
    ),
    "vocals": Chain(
        amplify=0.04, compress=0.9, deess=0.6, crush=0.12, saturate=0.3, modulate=0.06, double=0.3, widen=0.15,
        equalise=0.9, echo=0.3, room=0.3, plate=0.5, tape=0.1, place=0.15, level=0.8, squeeze=10.0,
        low_cut=(60.0, 180.0), pan=0.3,
    ),
    "other": Chain(
        amplify=0.08, compress=0.4, saturate=0.2, modulate=0.15, double=0.1, widen=0.4, equalise=0.8, echo=0.15,
        room=0.35, plate=0.3, tape=0.12, place=0.5, level=0.8, low_cut=(30.0, 250.0), pan=0.7,
    ),
}  # fmt: skip
"""Stem -> its chain; a stem that is not listed has that of ``other``."""


@dataclass(frozen=True)
class Augmentation:
    """What happens to a clip: probabilities, 0 to 1.

    Attributes:
        chains: stem -> its chain.
        amount: range of how strong the effects of a clip are, 0 to 1.
        drop: a stem is silent.
        bleed: the microphones of one stem pick up the others, each of which is then in that room, too.
        bus_equalise: one equaliser for all stems.
        bus_compress: gains of a compressor of the mixture, for all stems.
        bus_drive: gains that soften the mixture's peaks sample by sample, for all stems.
        bus_tape: wow and flutter of all stems.
        bus_limit: gains of a limiter of the mixture, for all stems.
        bus_codec: MP3 or AAC.
    """

    chains: Mapping[str, Chain] = field(default_factory=lambda: CHAINS)
    amount: Range = (0.15, 1.0)
    drop: float = 0.05
    bleed: float = 0.2
    bus_equalise: float = 0.5
    bus_compress: float = 0.5
    bus_drive: float = 0.2
    bus_tape: float = 0.08
    bus_limit: float = 0.75
    bus_codec: float = 0.15

    def chain(self, stem: str) -> Chain:
        """The chain of a stem."""
        return self.chains.get(stem) or self.chains.get("other") or Chain()
