"""Sound from and to files: every source of sound is one kind of stream, read front to back in bounded memory.

``stream`` holds the protocol and the streams that are made from samples or other streams, ``sound`` opens whatever a
caller may pass as a sound, ``read`` and ``write`` handle files, and ``decoder`` is the process that runs FFmpeg's
libraries.
"""
