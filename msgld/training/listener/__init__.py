"""Training of the ears: the listener (``listener``), which finds notes in stems, and the beat tracker (``beats``).

``pool`` keeps clips with their notes and beats, ``degrade`` does to them what studios, rooms and separation do,
``targets`` says what the networks should answer, ``part`` and ``beats`` hold the recipes and train.
"""
