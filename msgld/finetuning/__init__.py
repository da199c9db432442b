"""Fine-tuning: a model learns a band's sounds from a few of its songs, in an evening on a laptop.

``finetune`` is the one call, and ``tuning`` its steps. ``songs`` opens the songs and sets one aside, ``evening`` trains
part after part, ``line`` chooses how far to go from the model that it began with, ``scores`` does so for the score,
with the notes of ``listened``. ``before`` measures, and ``page`` shows what has changed, with sound.
"""
