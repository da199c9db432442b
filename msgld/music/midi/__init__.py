"""Standard MIDI Files and scores, read as arrays of notes: no sound and no files of other kinds.

``smf`` reads the container, ``device`` and ``channel`` carry out its messages, ``perform`` turns them into ``parts``;
``score`` does the same for a score in memory.
"""
