"""Folders of recorded stems: a folder for each song, in it a file for each stem, under any common name.

``words`` and ``names`` read file names, ``rules`` the user's corrections; ``search`` finds the songs, ``check`` looks
through their files, and ``folder`` is the source of clips.
"""
