"""Thresholds of the listener: for each stem those at which most of its notes are right."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from msgld.metrics.notes import found_notes, summed
from msgld.music.listen.notes import Activity, decode_notes
from msgld.nets.listener import Listener
from msgld.training.listener.targets import ONSET, PITCH

TRIED = (0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.8)
"""Thresholds of onsets."""


def calibrated(listener: Listener, waves: Tensor, number: int, tables: Sequence[np.ndarray]) -> float:
    """Set a stem's thresholds; the F1 of onsets at them.

    Args:
        listener: whose thresholds are set.
        waves: sounds of the stem, (B, L).
        number: of the stem.
        tables: their notes, (n, 4) each.
    """
    config, stem = listener.config, listener.config.stems[number]
    activities = list[Activity]()
    for wave in waves:
        said = listener(wave[None], torch.tensor([number], device=wave.device))
        onset, sounding, velocity, shift = (
            one[0].cpu().numpy()
            for one in (said.onset.sigmoid(), said.sounding.sigmoid(), said.velocity, said.shift)
        )
        second = config.rate / config.hop
        activities.append(Activity(onset, sounding, velocity, shift, second, config.lowest))
    scores = dict[float, float]()
    for threshold in TRIED:
        found = []
        for activity, table in zip(activities, tables, strict=True):
            part, true = decode_notes(activity, stem, (threshold, 0.4)), table[table[:, ONSET] >= 0]
            found.append(found_notes((true[:, ONSET], true[:, PITCH]), (part.onset, part.pitch)))
        scores[threshold] = summed(found).f1
    best = max(scores, key=lambda threshold: scores[threshold])
    listener.thresholds[number] = torch.tensor([best, 0.4])
    return scores[best]
