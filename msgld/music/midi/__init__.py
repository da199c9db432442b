"""Standard MIDI Files and scores, read as arrays of notes. No sound, and no files of other kinds.

``smf`` reads the file, ``device`` and ``channel`` carry out its messages, and ``perform`` turns them into ``parts``,
the arrays of notes, which it reads from scores in memory, too. ``write`` is the way back: channels to ``events``, and
those to bytes. What a channel was sent stays beside its notes (:class:`msgld.music.notes.Written`), so that stems that
are only passed on are written as they were.
"""
