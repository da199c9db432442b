"""Sound from and to files. Every source of sound is one kind of stream, read front to back in bounded memory.

``stream`` holds the protocol and streams over arrays, excerpts and other rates; ``sound`` opens anything that a caller
may pass as a sound. ``read`` opens files: with ``sndfile`` where libsndfile is exact (``headers`` and ``binary`` check
the lengths of files), otherwise with ``ffmpeg``, which runs ``decoder`` in a process of its own. ``write`` writes
files, and ``files`` finds them by their names.
"""
