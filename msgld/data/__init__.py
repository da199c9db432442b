"""Sources of clips for training and evaluation. A source returns the same clip for the same seed or number.

``source`` defines the interface and the table of sources. ``band`` composes pieces and ``midi`` reads MIDI files;
``scores`` varies both, and ``render`` plays them with soundfonts (``fonts``). ``stem_folders`` reads recorded stems,
Slakh2100 among them. ``records`` makes rendered stems sound like those of records; ``codecs`` are MP3 and AAC.
``heldout`` is the test set, which ``frozen`` lists.
"""
