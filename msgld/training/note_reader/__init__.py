"""Training of the note reader: it learns the notes of a bass stem that a long window shows.

``recipes`` holds the settings, ``targets`` finds the notes in the sound, ``batch`` builds batches, and ``part`` trains.
"""
