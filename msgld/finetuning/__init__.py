"""Fine-tuning: a model learns a band's sounds from a few of its songs, in an evening on a laptop.

``finetune`` is the one call, and ``tuning`` its steps. ``songs`` opens the songs and sets one aside, ``clips`` draws
clips of the others, ``evening`` trains part after part, ``line`` chooses how far to go from the model that it began
with, and ``scores`` does so for the score model, with the notes of ``listened``. ``before`` measures, and ``page``
shows what has changed, with sound.
"""
