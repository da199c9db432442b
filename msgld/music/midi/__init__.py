"""Standard MIDI Files and scores, read as arrays of notes. No sound, and no files of other kinds.

``smf`` reads the file, ``device`` and ``channel`` carry out its messages, and ``perform`` turns them into ``parts``,
the arrays of notes, which it reads from scores in memory, too.
"""
