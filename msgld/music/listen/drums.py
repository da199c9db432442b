"""Kinds of drums that ears tell apart: General MIDI has two keys or more for sounds that differ less than kits do."""

from __future__ import annotations

import numpy as np

_ALIKE = {
    36: (35,),  # bass drum
    38: (40,),  # snare
    43: (41,),  # low tom
    47: (45,),  # middle tom
    50: (48,),  # high tom
    42: (44,),  # closed or trodden hi-hat
    49: (52, 55, 57),  # crash, Chinese and splash cymbals
    51: (53, 59),  # ride
    62: (63,),  # high conga
    60: (61,),  # bongos
    65: (66,),  # timbales
    67: (68,),  # agogos
    70: (69, 82),  # maracas, cabasa, shaker
    71: (72,),  # whistles
    73: (74,),  # guiros
    76: (77,),  # wood blocks
    78: (79,),  # cuicas
    80: (81,),  # triangles
}

_KIND = np.arange(128)
for _kind, _keys in _ALIKE.items():
    _KIND[list(_keys)] = _kind

KINDS = np.unique(_KIND[35:82])
"""The kinds that General MIDI has (its percussion key map), each by one of its keys."""


def drum_kinds(pitch: np.ndarray) -> np.ndarray:
    """The kinds of drums (General MIDI keys), each by one of its keys."""
    return _KIND[np.clip(np.rint(pitch).astype(int), 0, 127)]
