"""What is sung on the notes: drawn syllables, as kana and as English."""

from __future__ import annotations

import numpy as np

KANA = {
    "ka": "か", "ki": "き", "ku": "く", "ke": "け", "ko": "こ", "sa": "さ", "shi": "し", "su": "す", "se": "せ",
    "so": "そ", "ta": "た", "chi": "ち", "tsu": "つ", "te": "て", "to": "と", "na": "な", "ni": "に", "nu": "ぬ",
    "ne": "ね", "no": "の", "ha": "は", "hi": "ひ", "fu": "ふ", "he": "へ", "ho": "ほ", "ma": "ま", "mi": "み",
    "mu": "む", "me": "め", "mo": "も", "ya": "や", "yu": "ゆ", "yo": "よ", "ra": "ら", "ri": "り", "ru": "る",
    "re": "れ", "ro": "ろ", "wa": "わ", "ga": "が", "gi": "ぎ", "go": "ご", "za": "ざ", "ji": "じ", "da": "だ",
    "de": "で", "do": "ど", "ba": "ば", "bi": "び", "be": "べ", "bo": "ぼ", "a": "あ", "i": "い", "u": "う",
    "e": "え", "o": "お",
}  # fmt: skip
"""Syllable -> kana."""

ENGLISH = (
    "me", "you", "so", "far", "way", "see", "sky", "love", "sun", "day", "night", "home", "heart", "dream", "she",
    "fly", "rain", "light", "blue", "song", "time", "know", "go", "stay", "fall", "star", "road", "moon", "sea",
    "eyes", "touch", "world", "kiss", "hold", "hand", "change", "name", "strange", "please", "leave", "back", "walk",
    "dance", "break", "tear", "mind", "fire", "ice", "soft", "wish", "just", "this", "miss", "yes", "lose", "these",
    "would", "could", "gold", "bright", "young", "old", "high", "low", "down", "up", "with", "who", "what", "when",
    "free", "shine", "more", "say", "wait", "life", "true", "cry", "long", "gone", "there", "hear", "soul",
)  # fmt: skip
"""Words of one syllable."""


def draw(count: int, language: str, rng: np.random.Generator) -> list[str]:
    """So many syllables: ``ja`` (keys of ``KANA``) or ``en`` (words); a few are repeated, as in songs."""
    stock = tuple(KANA) if language == "ja" else ENGLISH
    drawn = [stock[int(at)] for at in rng.integers(len(stock), size=count)]
    half = count // 2
    return drawn[:half] + drawn[: count - half] if rng.random() < 0.15 else drawn
