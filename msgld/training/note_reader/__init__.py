"""Training of the note reader: it learns the notes of a bass stem that a long window shows.

``targets`` finds the notes in the sound, ``batch`` builds batches, and ``part`` holds the recipes and trains.
"""
