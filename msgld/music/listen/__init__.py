"""From sound to notes and beats: the networks' activations are decoded, over songs of any length.

``notes`` turns activations into notes, ``stem`` runs the listener over a stem, ``beats`` finds the likeliest beats and
bars, ``song`` runs the beat tracker over a mixture and gives its bars and time. ``written`` makes
a score of notes and beats.
"""
